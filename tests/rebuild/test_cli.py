"""`cqrs rebuild` and `cqrs verify`: tables, JSON for machines, one sentence for errors."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner, Result

from tests.rebuild.conftest import ORDERS, STOCK, Depot, order_id
from worker.cli import rebuild as rebuild_cli


@pytest.fixture(autouse=True)
def domains_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture has declared the depot."""
    monkeypatch.setattr(rebuild_cli, "load_domains", lambda: None)


def run(*arguments: str) -> Result:
    """Run the command line."""
    return CliRunner().invoke(rebuild_cli.app, arguments)


def test_a_rebuild_is_shown_with_its_drift(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    depot.connection.execute("DELETE FROM query.depot_orders WHERE order_id = %s", [order_id(2)])
    done = run("rebuild", ORDERS)
    assert done.exit_code == 0
    assert "depot_orders_v2" in done.stdout
    assert f"{ORDERS} {order_id(2)}: missing" in done.stdout


def test_all_projections_are_rebuilt_as_json(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    found = {one["name"]: one for one in json.loads(run("rebuild", ORDERS, STOCK, "--json").stdout)}
    assert found[ORDERS]["rows"] == 9
    assert found[STOCK]["differing"] == 0


def test_verifying_ends_with_1_when_rows_differ(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    assert run("verify", ORDERS).exit_code == 0
    depot.connection.execute("UPDATE query.depot_orders SET note = 'x'")
    for arguments in (["--sample", "100"], ["--all"]):
        found = run("verify", ORDERS, *arguments)
        assert found.exit_code == 1
        assert "note is 'x', should be" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rebuild", "depot.order"], "no projection has this name; did you mean depot.orders?"),
        (["rebuild", ORDERS, "--from", "99"], "no such position yet: 0 to 0 exist (is 99)"),
        (["verify", "depot.stok"], "no projection has this name; did you mean depot.stock?"),
    ],
)
def test_what_a_user_can_get_wrong_is_one_sentence(
    depot: Depot, arguments: list[str], sentence: str
) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert sentence in done.stderr


def test_names_or_all_must_be_given(depot: Depot) -> None:
    assert run("rebuild").exit_code == 2
    assert run("rebuild", ORDERS, "--all").exit_code == 2


def test_a_rebuild_that_is_not_there_cannot_be_cancelled(depot: Depot) -> None:
    assert "is not being rebuilt" in run("rebuild", ORDERS, "--cancel").stdout
