"""A reaction is put back only as far as the receipts of what it started reach."""

from __future__ import annotations

import pytest

from tests.sagas.conftest import Parcels, parcels
from worker.ops import subscription_admin
from worker.ops.retention import prune
from worker.ops.subscription_admin import UnsafeReset

__all__ = ["parcels"]

REACTION, SAGA = "postal.on_your_way", "postal.sending"
HANDED_OVER = "postal.ParcelHandedOver"


def handed_over(parcels: Parcels) -> int:
    """Post a parcel, and let everything happen; the last position of the log."""
    parcels.post(letters=0)
    parcels.let_everything_happen()
    ((last,),) = parcels.rows("SELECT max(position) FROM cqrs.events")
    return int(last)


def age(parcels: Parcels, days: float) -> None:
    """Let all that there is be so much older."""
    with parcels.database.connect() as connection:
        for table, column in (("events", "recorded_at"), ("receipts", "completed_at")):
            connection.execute(
                f"UPDATE cqrs.{table} SET {column} = {column} - %s * interval '1 day'", [days]
            )


def test_what_was_done_is_not_done_again_after_its_receipts_are_forgotten(
    parcels: Parcels,
) -> None:
    old = handed_over(parcels)
    age(parcels, 91)
    new = handed_over(parcels)
    prune()
    for position in (0, 1):
        with pytest.raises(UnsafeReset, match=rf"a second time\. Reset it to {old} or later"):
            subscription_admin.reset(REACTION, position, by="ada")
    assert subscription_admin.reset(REACTION, old, by="ada").position == old < new
    parcels.let_everything_happen()
    assert parcels.count(HANDED_OVER) == 2


def test_a_saga_may_be_put_back_since_the_log_says_what_became_of_its_commands(
    parcels: Parcels,
) -> None:
    handed_over(parcels)
    age(parcels, 91)
    prune()
    with parcels.database.connect() as connection:
        connection.execute("DELETE FROM cqrs.sagas")
    subscription_admin.reset(SAGA, 0, by="ada")
    parcels.let_everything_happen()
    assert parcels.count("postal.ParcelLabelled") == 1
    assert parcels.rows("SELECT state ->> 'status' FROM cqrs.sagas") == [("completed",)]


def test_the_danger_is_real_and_whoever_insists_gets_it(parcels: Parcels) -> None:
    handed_over(parcels)
    age(parcels, 91)
    prune()
    subscription_admin.reset(REACTION, 0, force=True, by="ada")
    parcels.let_everything_happen()
    assert parcels.count(HANDED_OVER) == 2


def test_receipts_that_will_be_forgotten_within_a_day_are_not_counted_on(parcels: Parcels) -> None:
    old = handed_over(parcels)
    age(parcels, 89.5)
    with pytest.raises(UnsafeReset, match=f"Reset it to {old} or later"):
        subscription_admin.reset(REACTION, 0, by="ada")


def test_receipts_that_a_shorter_retention_has_taken_are_missed(parcels: Parcels) -> None:
    """The settings say 90 days now; they have not always said so."""
    old = handed_over(parcels)
    with parcels.database.connect() as connection:
        connection.execute("DELETE FROM cqrs.receipts")
    with pytest.raises(UnsafeReset, match=f"Reset it to {old} or later"):
        subscription_admin.reset(REACTION, 0, by="ada")
    handed_over(parcels)
    with pytest.raises(UnsafeReset, match=f"Reset it to {old} or later"):
        subscription_admin.reset(REACTION, 0, by="ada")
    subscription_admin.reset(REACTION, old, by="ada")
    parcels.let_everything_happen()
    assert parcels.count(HANDED_OVER) == 2


def test_events_of_other_kinds_may_be_as_old_as_they_are(parcels: Parcels) -> None:
    """The saga's last event is not one that the reaction answers."""
    old = handed_over(parcels)
    age(parcels, 91)
    ((posted,),) = parcels.rows(
        "SELECT position FROM cqrs.events WHERE type = 'postal.ParcelLabelled'"
    )
    assert subscription_admin.reset(REACTION, posted, by="ada").position == posted < old


def test_within_the_retention_a_reaction_may_be_put_back_as_far_as_one_likes(
    parcels: Parcels,
) -> None:
    handed_over(parcels)
    age(parcels, 80)
    handed_over(parcels)
    for name in (REACTION, SAGA):
        subscription_admin.reset(name, 0, by="ada")
    parcels.let_everything_happen()
    assert parcels.count(HANDED_OVER) == 2
