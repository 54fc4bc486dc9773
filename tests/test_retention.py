"""What may be forgotten is forgotten when it is old enough, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support import shop
from worker import refresh
from worker.base import db
from worker.base.settings import Settings
from worker.contracts import Actor
from worker.ops import retention
from worker.ops.retention import prune
from worker.queries import consistency, query_audit
from worker.rebuild import rebuild, verify
from worker.subscriptions import batch
from worker.subscriptions.runner import catch_up, invalidate

ORDERS = "orders.order_summaries"


def a_receipt() -> None:
    shop.customer()


def a_refresh() -> None:
    refresh.refresh(["query.saga_status"])


def a_rebuild() -> None:
    rebuild(ORDERS, jobs=1)


def a_verification() -> None:
    verify.verify(ORDERS)


def an_invalidation() -> None:
    with db.writer() as connection:
        batch.follow_up(connection, ORDERS, [], ["orders"], 1)


def a_question() -> None:
    wish, _ = consistency.parse(None, None, 1.0)
    seen: dict[str, Any] = {"data": None, "as_of": 1, "from_cache": False, "stale": False}
    query_audit.record("shop.item", Actor(), "{}", wish, seconds=0.1, **seen)


HISTORIES = [
    ("receipts", "completed_at", 90, a_receipt),
    ("refreshes", "started_at", 30, a_refresh),
    ("rebuilds", "finished_at", 30, a_rebuild),
    ("verifications", "started_at", 30, a_verification),
    ("invalidations", "created_at", 30, an_invalidation),
    ("query_audit", "asked_at", 365, a_question),
]


@pytest.mark.parametrize(
    ("table", "time", "days", "make"), HISTORIES, ids=[table for table, *_ in HISTORIES]
)
def test_what_is_older_than_its_retention_is_forgotten_and_the_rest_is_not(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    time: str,
    days: int,
    make: Callable[[], None],
) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    catch_up()
    with database.connect() as connection:

        def ages() -> list[int]:
            age = f"extract(day FROM clock_timestamp() - {time})::int"
            rows = connection.execute(f"SELECT {age} FROM cqrs.{table} ORDER BY 1")
            return [day for (day,) in rows]

        connection.execute(f"ALTER TABLE cqrs.{table} ADD COLUMN aged boolean")
        for day in (days + 300, days + 2, days + 1, days - 1, 0):
            make()
            connection.execute(
                f"UPDATE cqrs.{table} SET {time} = {time} - %s * interval '1 day', aged = true"
                " WHERE aged IS NULL",
                [day],
            )
        assert len(ages()) == 5
        found = prune()
        assert found[f"cqrs.{table}"] == 3
        assert ages() == [0, days - 1]
        assert {name: rows for name, rows in found.items() if rows} == {f"cqrs.{table}": 3}


def test_every_retention_of_the_settings_is_applied() -> None:
    named = {name for name in Settings.model_fields if name.endswith("_retention")}
    chosen: dict[str, Any] = dict(zip(sorted(named), range(100, 200), strict=False))
    applied = {days for _, days in retention._rules(Settings(**chosen)).values()}
    assert applied == set(chosen.values())


def test_what_somebody_has_to_look_at_still_stays(database: Database) -> None:
    shop.customer()
    rebuild(ORDERS, jobs=1)
    with database.connect() as connection:
        connection.execute(
            "UPDATE cqrs.receipts SET completed_at = now() - interval '1 year', status = 'dead'"
        )
        connection.execute(
            "UPDATE cqrs.rebuilds SET finished_at = now() - interval '1 year', replaced = 'old'"
        )
        connection.execute("UPDATE cqrs.events SET recorded_at = now() - interval '10 years'")
        assert not any(prune().values())
        kept = "SELECT (SELECT count(*) FROM cqrs.receipts), (SELECT count(*) FROM cqrs.events)"
        assert connection.execute(kept).fetchone() == (1, 1)


def test_invalidations_wait_for_the_cache_and_go_when_it_knows(
    database: Database, redis: redis_py.Redis
) -> None:
    an_invalidation()
    with database.connect() as connection:
        waiting = "SELECT count(*) FROM cqrs.invalidations"
        connection.execute("UPDATE cqrs.invalidations SET created_at = now() - interval '13 days'")
        assert prune()["cqrs.invalidations"] == 0
        invalidate()
        assert connection.execute(waiting).fetchone() == (0,)


@pytest.mark.settings(history_retention=0.5)
def test_an_invalidation_is_kept_as_long_as_an_answer_may_be_that_it_concerns(
    database: Database,
) -> None:
    an_invalidation()
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.invalidations SET created_at = now() - interval '10 days'")
        assert prune()["cqrs.invalidations"] == 0
        connection.execute("UPDATE cqrs.invalidations SET created_at = now() - interval '15 days'")
        assert prune()["cqrs.invalidations"] == 1


def test_all_that_is_old_goes_however_small_the_portions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    for _ in range(3):
        a_question()
    with database.connect() as connection:
        connection.execute("UPDATE cqrs.query_audit SET asked_at = now() - interval '400 days'")
    assert prune()["cqrs.query_audit"] == 3


def test_a_table_that_still_waits_to_be_dropped_is_not_forgotten(database: Database) -> None:
    catch_up()
    for _ in range(2):
        a_rebuild()
    with database.connect() as connection:
        connection.execute(
            "UPDATE cqrs.rebuilds SET finished_at = finished_at - interval '40 days',"
            " replaced = CASE WHEN rebuild_id = (SELECT min(rebuild_id) FROM cqrs.rebuilds)"
            "                 THEN 'in_use' END"
        )
        prune()
        left = connection.execute("SELECT replaced FROM cqrs.rebuilds ORDER BY rebuild_id")
        assert left.fetchall() == [("in_use",), (None,)], "and the live one is remembered"
