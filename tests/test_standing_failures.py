"""What fails is red: in the task, in `cqrs status` and its exit code, until it is mended."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import psycopg
import pytest
from kombu.exceptions import OperationalError
from rich.console import Console
from typer.testing import CliRunner

from tests.rebuild.conftest import ReadModels, things
from tests.refresh.conftest import no_rules
from tests.support.messages import sent
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import ThingAdded
from worker import refresh
from worker.base import db, standing_failures
from worker.base.app import app
from worker.cli import failures as failures_cli
from worker.cli import status as status_cli
from worker.cli.status import render
from worker.ops import maintenance, retention, scheduled_failures, status
from worker.ops.troubles import Kind, troubles
from worker.rebuild import rebuild, tasks, verify
from worker.rebuild.tasks import rebuild_all, verify_sample
from worker.refresh.invalidation_rules import invalidation_rule

__all__ = ["no_rules", "scheduled_failures", "things"]

BAD = "query.thing_bad"
pytestmark = pytest.mark.usefixtures("no_rules", "redis")


def _red(things: ReadModels) -> dict[Kind, list[str]]:
    """What is wrong of all that fails by itself, as `cqrs status` has it."""
    found: dict[Kind, list[str]] = {}
    for one in troubles(status.gather(timeout=0.01)):
        if one.kind in (Kind.VIEWS, Kind.READ_MODELS, Kind.MAINTENANCE):
            found.setdefault(one.kind, []).append(one.sentence)
    return found


def _failed(task: Any, **kwargs: Any) -> str:
    """Run a task as a worker does; the error that Flower shows."""
    result = task.apply(kwargs=kwargs)
    assert result.state == "FAILURE"
    return str(result.result)


def _cqrs(*arguments: str) -> Any:
    result = CliRunner().invoke(failures_cli.app, [*arguments, "--json"])
    return json.loads(result.stdout)


def _shown() -> str:
    console = Console(width=200, file=StringIO())
    found = status.gather(timeout=0.01)
    with console.capture() as captured:
        console.print(render(found, troubles(found)))
    return captured.get()


def test_a_refresh_that_fails_is_red_until_it_is_acknowledged_or_mended(
    things: ReadModels,
) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={BAD: 0.0})
    things.connection.execute(
        "CREATE TABLE command.divisors AS SELECT 0 AS n;"
        f"CREATE MATERIALIZED VIEW {BAD} AS SELECT 1 / n FROM command.divisors WITH NO DATA"
    )
    things.add(1)
    things.project()
    due = app.tasks["cqrs.refresh_due"].apply(args=(BAD,))
    assert (due.state, str(due.result)) == ("FAILURE", f"division by zero (view {BAD})")
    assert _red(things) == {
        Kind.VIEWS: [f"refresh of {BAD} failed: division by zero (cqrs failures list)"]
    }
    assert "division by zero; still failing, 2 times since 20" in _failed(maintenance.refresh_all)
    ((sentence,),) = _red(things).values()
    assert "still failing, 2 times" in sentence

    assert _cqrs("acknowledge", "cqrs.refresh", BAD, "--by", "ada") == {"acknowledged": 1}
    assert _red(things) == {}
    assert "acknowledged by ada" in _shown()
    _failed(maintenance.refresh_all)
    assert _red(things) == {}, "the same reason is known"
    assert [(one["subject"], one["times"]) for one in _cqrs("list")] == [(BAD, 3)]
    things.connection.execute(
        f"DROP MATERIALIZED VIEW {BAD};"
        f"CREATE MATERIALIZED VIEW {BAD} AS SELECT 'x'::text::int AS n WITH NO DATA"
    )
    _failed(maintenance.refresh_all)
    ((sentence,),) = _red(things).values()
    assert "invalid input syntax" in sentence

    things.connection.execute(
        f"DROP MATERIALIZED VIEW {BAD}; CREATE MATERIALIZED VIEW {BAD} AS SELECT 1 AS n"
    )
    refresh.refresh([BAD])
    assert (_red(things), _cqrs("list")) == ({}, [])


def test_a_view_that_is_asked_for_and_is_gone_is_red(things: ReadModels) -> None:
    invalidation_rule("things", on=[ThingAdded], refresh={BAD: 0.0})
    things.add(1)
    things.project()
    due = app.tasks["cqrs.refresh_due"].apply(args=(BAD,))
    assert due.state == "FAILURE"
    assert "no materialized view has this name" in _red(things)[Kind.VIEWS][0]


@pytest.fixture
def folds_fail(things: ReadModels) -> Callable[[], None]:
    """The fold of the list of things fails over a gap in the log; call it to mend that."""
    things.add(1)
    things.reprice(1)
    things.project()
    things.connection.execute(
        "CREATE TABLE public.kept AS SELECT * FROM cqrs.events WHERE type = 'things.ThingAdded';"
        "DELETE FROM cqrs.events WHERE position IN (SELECT position FROM public.kept)"
    )

    def mend() -> None:
        back = "INSERT INTO cqrs.events OVERRIDING SYSTEM VALUE SELECT * FROM public.kept"
        things.connection.execute(back)

    return mend


def test_a_nightly_rebuild_that_fails_is_red_by_name_and_the_next_says_still(
    things: ReadModels, folds_fail: Callable[[], None]
) -> None:
    error = _failed(rebuild_all, names=[LIST, PLACES])
    assert error.startswith(f"{LIST}: ")
    (rest,) = [one for one in sent("maintenance") if one.task == rebuild_all.name]
    assert rest.args == [[PLACES]], "a failure stops no other"
    (sentence,) = _red(things)[Kind.READ_MODELS]
    assert sentence.startswith(f"rebuild of {LIST} failed: ")
    assert "its last rebuild failed" in _shown()
    assert "still failing, 2 times since" in _failed(rebuild_all, names=[LIST])
    folds_fail()
    rebuild(LIST, jobs=1)
    assert _red(things) == {}


def test_a_full_broker_costs_no_rebuild_that_was_to_follow(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.add(1)
    things.project()
    sent: list[Any] = []
    refusals = [OperationalError("OOM command not allowed")] * 2

    def send(name: str, args: Any, **_: Any) -> None:
        if refusals:
            raise refusals.pop()
        sent.append((name, args))

    monkeypatch.setattr(app, "send_task", send)
    monkeypatch.setattr(tasks, "PAUSE", 0.001)
    assert rebuild_all.apply(kwargs={"names": [LIST, PLACES]}).state == "SUCCESS"
    assert sent == [("cqrs.maintenance.rebuild_all", ([PLACES],))]
    refusals += [OperationalError("OOM command not allowed")] * 10_000
    monkeypatch.setattr(tasks, "PATIENCE", 0.0)
    assert "the broker took no message" in _failed(rebuild_all, names=[LIST, PLACES])
    (sentence,) = _red(things)[Kind.READ_MODELS]
    assert sentence.startswith(f"rebuild of {PLACES} failed: not rebuilt: the broker took")
    rebuild(PLACES, jobs=1)
    assert _red(things) == {}


def test_a_verification_that_fails_is_red_and_stops_no_other(
    things: ReadModels, folds_fail: Callable[[], None]
) -> None:
    error = _failed(verify_sample, names=[LIST, PLACES])
    assert error.startswith(f"{LIST}: ")
    assert f"{PLACES}: 1 rows of the sample differ" in error
    assert things.one("SELECT name FROM cqrs.verifications") == PLACES
    assert f"verification of {LIST} failed: " in _red(things)[Kind.READ_MODELS][-1]
    folds_fail()
    verify.verify_all(PLACES)
    assert verify_sample.apply(kwargs={"names": [LIST, PLACES]}).result == {LIST: 0, PLACES: 0}
    assert _red(things) == {}


def test_drift_is_red_until_it_is_acknowledged_or_mended(things: ReadModels) -> None:
    things.fill()
    things.project()
    assert _cqrs_status() == 0
    things.connection.execute("UPDATE query.thing_places SET held = held + 1")
    error = _failed(verify_sample, names=[LIST, PLACES])
    assert f"{PLACES}: " in error
    assert "rows of the sample differ; rows are not what the log says" in error
    assert LIST not in error
    (sentence,) = _red(things)[Kind.READ_MODELS]
    assert sentence.startswith(f"verification of {PLACES} failed: rows are not what the log says")
    assert _cqrs_status() == 1
    assert "still failing, 2 times since" in _failed(verify_sample, names=[PLACES])
    standing_failures.acknowledge("cqrs.drift", PLACES, "me")
    assert verify_sample.apply(kwargs={"names": [PLACES]}).state == "SUCCESS"
    assert (_red(things), _cqrs_status()) == ({}, 0)
    rebuild(PLACES, jobs=1)
    assert standing_failures.find(things.connection) == []


def test_a_sample_without_differences_ends_no_drift_that_another_one_found(
    things: ReadModels,
) -> None:
    things.fill()
    things.project()
    standing_failures.note(things.connection, "cqrs.drift", PLACES, "rows differ")
    assert "0 rows of the sample differ; rows differ" in _failed(verify_sample, names=[PLACES])
    verify.verify_all(PLACES)
    assert verify_sample.apply(kwargs={"names": [PLACES]}).state == "SUCCESS"


def _cqrs_status() -> int:
    """The exit code of `cqrs status` where workers are no matter."""
    said = CliRunner().invoke(status_cli.app, ["--tolerate", Kind.WORKERS])
    print(said.output)
    return said.exit_code


def test_what_cannot_be_pruned_is_red_and_the_rest_is_pruned(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[str] = []

    def prune(name: str, days: float) -> int:
        pruned.append(name)
        if name == "prune_receipts":
            raise psycopg.errors.LockNotAvailable("held")
        return 0

    monkeypatch.setattr(retention, "_prune", prune)
    error = _failed(maintenance.prune, every=0.001)
    assert "cqrs.receipts: LockNotAvailable: held" in error
    assert "prune_sagas" in pruned
    assert "cqrs.maintenance.prune failed" in _red(things)[Kind.MAINTENANCE][0]
    monkeypatch.undo()
    things.connection.execute("DELETE FROM cqrs.slots")
    maintenance.prune.apply(kwargs={"every": 86_400.0})
    assert _red(things) == {}


def test_a_part_of_the_sweep_that_fails_stops_no_other(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []

    def wake() -> None:
        raise RuntimeError("no log")

    monkeypatch.setattr(maintenance, "_wake", wake)
    monkeypatch.setattr("worker.refresh.wake_due", lambda: looked.append("refreshes"))
    assert "work: RuntimeError: no log" in _failed(maintenance.sweep, every=0.001)
    assert looked == ["refreshes"]
    assert Kind.MAINTENANCE in _red(things)


@app.task(name="tests.nightly", ignore_result=True)
def nightly(every: float | None = None, fails: bool = False) -> None:
    """What a domain has in its schedule."""
    if fails:
        raise ValueError("no paper")


def test_a_domains_own_entry_that_fails_is_red_until_its_next_run(things: ReadModels) -> None:
    _failed(nightly, every=86_400.0, fails=True)
    assert _red(things)[Kind.MAINTENANCE] == [
        "tests.nightly failed: ValueError: no paper (cqrs failures list)"
    ]
    nightly.apply()
    assert Kind.MAINTENANCE in _red(things), "somebody called it, which is not its schedule"
    nightly.apply(kwargs={"every": 86_400.0})
    assert _red(things) == {}


def test_a_run_that_finds_its_slot_taken_mends_nothing(things: ReadModels) -> None:
    with db.owner() as connection:
        standing_failures.note(connection, "cqrs.refresh_all", "", "KeyError: 'x'")
        connection.execute(
            "INSERT INTO cqrs.slots (task, slot, holder) VALUES ('cqrs.refresh_all', 1e12, 'other')"
        )
    maintenance.refresh_all.apply(kwargs={"every": 900.0})
    assert _red(things)
