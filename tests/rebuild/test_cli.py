"""`cqrs rebuild` and `cqrs verify`: tables, JSON for machines, one sentence for errors."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import thing_id
from worker.cli import rebuild as rebuild_cli
from worker.event_log.subscribers import subscriptions
from worker.reactions.reaction import reaction


@pytest.fixture(autouse=True)
def domains_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture has declared the things."""
    monkeypatch.setattr(rebuild_cli, "load_domains", lambda: None)


def run(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(rebuild_cli.app, arguments)


def test_a_rebuild_is_shown_with_its_drift(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    things.connection.execute("DELETE FROM query.things WHERE thing_id = %s", [thing_id(2)])
    done = run("rebuild", LIST)
    assert done.exit_code == 0
    assert "things_v2" in done.stdout
    assert f"{LIST} {thing_id(2)}: missing" in done.stdout


def test_all_projections_are_rebuilt_as_json(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    found = {one["name"]: one for one in json.loads(run("rebuild", LIST, PLACES, "--json").stdout)}
    assert found[LIST]["rows"] == 9
    assert found[PLACES]["differing"] == 0


def test_verifying_ends_with_1_when_rows_differ(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    assert run("verify", LIST).exit_code == 0
    things.connection.execute("UPDATE query.things SET note = 'x'")
    for arguments in (["--sample", "100"], ["--all"]):
        found = run("verify", LIST, *arguments)
        assert found.exit_code == 1
        assert "note is 'x', should be" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rebuild", "things.lst"], "no projection has this name; did you mean things.list?"),
        (["rebuild", LIST, "--from", "99"], "no such position yet: 0 to 0 exist (is 99)"),
        (
            ["rebuild", "query.things"],
            "is a read table, name its projection: things.list",
        ),
        (["verify", "things_v1"], "is a read table, name its projection: things.list"),
        (["rebuild", "things.gone"], "is its package missing in CQRS_DOMAINS?"),
        (["rebuild", "test.answers"], "it answers events and keeps no read table"),
        (["verify", "things.place"], "no projection has this name; did you mean things.places?"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_sentence(
    things: ReadModels, arguments: list[str], sentence: str
) -> None:
    things.connection.execute("INSERT INTO cqrs.subscriptions (name) VALUES ('things.gone')")
    if "test.answers" not in subscriptions:
        reaction("test.answers", purpose="none")
    done = run(*arguments)
    assert done.exit_code == 1
    assert sentence in done.stderr


def test_names_or_all_must_be_given(things: ReadModels) -> None:
    assert run("rebuild").exit_code == 2
    assert run("rebuild", LIST, "--all").exit_code == 2


def test_a_rebuild_that_is_not_there_cannot_be_cancelled(things: ReadModels) -> None:
    assert "is not being rebuilt" in run("rebuild", LIST, "--cancel").stdout
