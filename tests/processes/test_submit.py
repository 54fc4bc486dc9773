"""`cqrs submit`: a file of commands, on real workers."""

from __future__ import annotations

import json
import os
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.support.programs import cqrs
from tests.support.workers import ROOT, Workers, until
from worker.cli.submit import Report
from worker.contracts import uuid7

DATA = Path(os.environ.get("CQRS_TEST_DATA", ROOT.parent / "shared" / "data"))
needs_data = pytest.mark.skipif(
    not (DATA / "northwind.jsonl").exists(), reason=f"no northwind.jsonl in {DATA}"
)


def line(command: str, payload: dict[str, Any], **fields: Any) -> str:
    """One line of a file."""
    return json.dumps({"id": str(uuid7()), "command": command, "payload": payload, **fields})


def test_good_lines_run_and_bad_lines_are_reported_by_number(
    database: Database, workers: Workers, tmp_path: Path
) -> None:
    workers.start(["commands"])
    customer, product = str(uuid7()), str(uuid7())
    reused = str(uuid7())
    register = {"customer_id": customer, "email": "a@example.org", "name": "A"}
    add = {"product_id": product, "sku": "S", "name": "P", "price": "1.00"}
    items = [{"product_id": product, "quantity": 1}]
    lines = [
        line("orders.register_customer", register, key="c", id=reused),
        line("orders.add_product", add | {"quantity_available": 1}, key="p"),
        "{not json",
        line("orders.create_ordr", {}),
        line("orders.create_order", {"customer_id": customer, "items": []}),
        line("orders.create_order", {"customer_id": customer, "items": items}, after=["c", "p"]),
        line("orders.add_product", add, id=reused),
        line("orders.create_order", {"customer_id": str(uuid7()), "items": items}, key="p"),
        line("orders.create_order", {"customer_id": customer, "items": items}, colour="red"),
    ]
    file = tmp_path / "commands.jsonl"
    file.write_text("\n".join(lines) + "\n")
    result = cqrs("submit", str(file), "--json", "--refused", str(tmp_path / "refused.jsonl"))
    assert result.returncode == 2, result.stderr
    report = json.loads(result.stdout)
    assert report["outcomes"] == {
        "succeeded": 3,
        "malformed": 2,
        "invalid": 2,
        "id reused": 1,
        "rejected": 1,
    }
    refused = [json.loads(one) for one in (tmp_path / "refused.jsonl").read_text().splitlines()]
    assert [one["line"] for one in refused] == [3, 4, 5, 7, 8, 9]
    assert "did you mean orders.create_order?" in refused[1]["error"]
    assert "items" in refused[2]["errors"]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (("succeeded", "repeated"), 0),
        (("succeeded", "rejected"), 3),
        (("rejected", "dead"), 4),
        (("dead", "invalid"), 2),
        (("malformed",), 2),
        (("id reused", "rejected"), 2),
    ],
)
def test_the_exit_code_is_that_of_the_worst_outcome(outcomes: tuple[str, ...], code: int) -> None:
    assert Report(Counter(outcomes)).exit_code == code


def test_a_refused_line_is_no_success(database: Database, workers: Workers, tmp_path: Path) -> None:
    workers.start(["commands"])
    file = tmp_path / "commands.jsonl"
    payload = {"order_id": str(uuid7()), "reason": "none such"}
    file.write_text(line("orders.cancel_order", payload) + "\n")
    result = cqrs("submit", str(file), "--json", "--refused", str(tmp_path / "refused.jsonl"))
    assert json.loads(result.stdout)["outcomes"] == {"rejected": 1}
    assert result.returncode == 3


@needs_data
@pytest.mark.timeout(180)
def test_northwind_gives_every_figure_that_the_source_tables_give(
    database: Database, workers: Workers
) -> None:
    workers.start(concurrency=2)
    file = str(DATA / "northwind.jsonl")
    first = cqrs("submit", file, "--json")
    assert json.loads(first.stdout)["outcomes"] == {"succeeded": 3446}, first.stderr
    positions = _settled(database)
    assert cqrs("refresh", "--all").returncode == 0
    _compare(database, json.loads((DATA / "northwind-expected.json").read_text()))
    again = cqrs("submit", file, "--json")
    assert json.loads(again.stdout)["outcomes"] == {"succeeded": 3446}, again.stderr
    assert _settled(database) == positions


def _settled(database: Database) -> tuple[int, int]:
    """Wait until every read model has read the log to its end; the end and the receipts."""
    with database.connect() as connection:
        end = connection.execute("SELECT max(position) FROM cqrs.events").fetchone()
        behind = "SELECT NOT EXISTS (SELECT FROM cqrs.subscriptions WHERE position < %s)"
        until(lambda: connection.execute(behind, end).fetchone() == (True,), 30)
        count = connection.execute("SELECT count(*) FROM cqrs.receipts").fetchone()
    assert end is not None
    assert count is not None
    return int(end[0]), int(count[0])


def _compare(database: Database, expected: dict[str, Any]) -> None:
    assert _table(database, "order_summaries", "order_id", expected["orders"]) == 830
    assert (
        _table(database, "revenue_by_product", "product_id", expected["revenue_by_product"]) == 77
    )
    _table(database, "customer_lifetime_value", "customer_id", expected["customers"])
    assert _table(database, "product_inventory", "product_id", expected["inventory"]) == 77
    with database.connect() as connection:
        row = connection.execute(
            "SELECT (SELECT sum(total) FROM query.order_summaries),"
            " (SELECT sum(total_revenue) FROM query.revenue_by_product),"
            " (SELECT count(*) FROM query.order_items)"
        ).fetchone()
    totals = expected["totals"]
    assert row is not None
    assert row[0] == Decimal(totals["grand_total"])
    assert row[1] == Decimal(totals["revenue"])
    assert row[2] == totals["order_items"]


def _table(database: Database, table: str, key: str, expected: dict[str, Any]) -> int:
    """Compare every figure of one read model; returns how many rows were compared."""
    columns = list(next(iter(expected.values())))
    with database.connect() as connection:
        rows = connection.execute(
            f"SELECT {key}::text, {', '.join(f'{c}::text' for c in columns)} FROM query.{table}"
        ).fetchall()
    found = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows}
    wanted = {
        one: {column: str(value) for column, value in figures.items()}
        for one, figures in expected.items()
    }
    assert {one: found.get(one) for one in wanted} == wanted
    return len(wanted)
