"""`cqrs sagas`: which are under way, what happened to one, and another chance for a stuck one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from tests.sagas.conftest import Parcels
from worker.cli import sagas
from worker.commands.decoding import commands, find_command
from worker.contracts import Refusal, uuid7
from worker.ops.retention import prune
from worker.reactions import deadlines


def call(*arguments: str) -> Result:
    """Call the program in this process."""
    return CliRunner().invoke(sagas.app, arguments)


def told(*arguments: str) -> Any:
    """What it prints as JSON."""
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def waiting(parcels: Parcels) -> UUID:
    """A parcel that nobody hands over."""
    parcel = parcels.post(letters=0, mishap="left lying")
    parcels.let_everything_happen()
    return parcel


@pytest.fixture
def stuck(parcels: Parcels, waiting: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A saga whose undo was refused, by a release that is mended by now."""

    def refuses(*_: Any) -> None:
        raise Refusal("labels are not voided on Sundays")

    with parcels.database.connect() as connection:
        connection.execute("UPDATE cqrs.sagas SET due_at = now()")
    deadlines.notice()
    spec = find_command("postal.void_label")
    with monkeypatch.context() as patch:
        patch.setitem(commands._items, spec.name, replace(spec, handler=refuses))
        parcels.let_everything_happen()
    return waiting


def test_sagas_under_way_are_listed_and_ended_ones_if_asked_for(
    parcels: Parcels, waiting: UUID
) -> None:
    done = parcels.post(letters=0)
    parcels.let_everything_happen()
    (one,) = told("list")
    assert (one["key"], one["status"], one["step"]) == (str(waiting), "running", "handed over")
    assert one["due_at"] is not None
    assert {one["key"] for one in told("list", "--all")} == {str(waiting), str(done)}
    assert [one["key"] for one in told("list", "--status", "completed")] == [str(done)]
    assert told("list", "--type", "no.such") == []
    assert "postal.sending" in call("list").stdout


def test_no_sagas_are_said_in_words(parcels: Parcels) -> None:
    assert "no sagas are under way" in call("list").stdout


def test_a_saga_is_shown_with_what_has_happened_to_it(parcels: Parcels, waiting: UUID) -> None:
    shown = told("show", str(waiting))
    happened = [line["what"] for line in shown["history"]]
    assert happened == ["started", "sent", "succeeded"]
    assert told("show", shown["saga_id"]) == shown
    assert "postal.label" in call("show", str(waiting)).stdout


def test_a_pruned_saga_still_says_how_it_ended(parcels: Parcels) -> None:
    parcel = parcels.post(letters=0)
    parcels.let_everything_happen()
    with parcels.database.connect() as connection:
        connection.execute("UPDATE cqrs.sagas SET updated_at = now() - interval '1 year'")
    prune()
    shown = told("show", str(parcel))
    assert (shown["status"], shown["history"]) == ("completed", [])
    assert "its history has been pruned" in call("show", str(parcel)).stdout


def test_a_stuck_saga_is_retried(parcels: Parcels, stuck: UUID) -> None:
    (one,) = told("list", "--status", "stuck")
    assert one["key"] == str(stuck)
    assert "tries again" in call("retry", str(stuck)).stdout
    parcels.let_everything_happen()
    assert told("show", str(stuck))["status"] == "failed"
    assert parcels.count("postal.LabelVoided") == 1


@pytest.mark.parametrize("verb", ["show", "retry"])
def test_what_is_not_there_is_said_in_a_sentence(parcels: Parcels, verb: str) -> None:
    name = str(uuid7())
    result = call(verb, name)
    assert result.exit_code == 1
    assert f"no such saga (saga {name})" in " ".join(result.stderr.split())


def test_only_a_stuck_saga_is_retried(parcels: Parcels, waiting: UUID) -> None:
    result = call("retry", str(waiting))
    assert result.exit_code == 1
    assert "is not stuck: it is running" in " ".join(result.stderr.split())
