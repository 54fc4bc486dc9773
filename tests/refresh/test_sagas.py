"""Views over the engine's own tables of sagas: as new as the slowest saga, not as the log."""

from __future__ import annotations

from tests.banking.conftest import bank
from tests.banking.support import Bank, let_everything_happen
from worker import refresh
from worker.refresh import Refreshed

__all__ = ["bank"]

VIEW = "query.saga_status"


def refreshed() -> Refreshed:
    """Refresh the view, if it is stale."""
    (one,) = refresh.refresh([VIEW], if_stale=True)
    return one


def test_a_view_over_sagas_promises_nothing_that_no_saga_has_seen(bank: Bank) -> None:
    bank.transfer(bank.open("10.00"), bank.open(), "1.00")
    ((requested,),) = bank.rows("SELECT max(position) FROM cqrs.events")
    assert refreshed().horizon < requested
    assert bank.rows("SELECT count(*) FROM query.saga_status") == [(0,)]
    let_everything_happen()
    ((last,),) = bank.rows("SELECT max(position) FROM cqrs.events")
    assert refreshed().horizon == last > requested
    assert bank.rows("SELECT status, count FROM query.saga_status") == [("completed", 1)]


def test_a_view_over_the_history_of_sagas_promises_no_more(bank: Bank) -> None:
    with bank.database.connect() as connection:
        connection.execute(
            "CREATE MATERIALIZED VIEW query.saga_steps AS SELECT count(*) FROM cqrs.saga_events"
        )
    bank.transfer(bank.open("10.00"), bank.open(), "1.00")
    ((requested,),) = bank.rows("SELECT max(position) FROM cqrs.events")
    (one,) = refresh.refresh(["saga_steps"])
    assert one.horizon < requested


def test_a_view_over_sagas_is_never_skipped_since_they_are_pruned_without_an_event(
    bank: Bank,
) -> None:
    bank.transfer(bank.open("10.00"), bank.open(), "1.00")
    let_everything_happen()
    assert [refreshed().outcome for _ in range(2)] == ["refreshed"] * 2
