"""A text is parsed once, however often its change is read; what is kept stays as it is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pglast import parse_sql
from pglast.stream import RawStream

from worker.schema import Context, SchemaChange, plan_change
from worker.schema.plan.operations import effects_before, effects_of_text
from worker.schema.statements import SyntaxProblem, effects_of, parse
from worker.schema.statements.made import made_by, unmade_by
from worker.schema.statements.tree import SHORT, parsed_before

STATEMENTS = (Path(__file__).parent / "every_statement.sql").read_text().splitlines()


def _written(text: str) -> Any:
    """The whole tree, as plain data."""
    return [each(skip_none=True) for each in parse_sql(text)]


def test_each_text_is_parsed_once_however_often_a_change_is_planned(context: Context) -> None:
    tables = [
        {"sql": f"CREATE TABLE command.once_{n} (id int)", "undo": f"DROP TABLE command.once_{n}"}
        for n in range(20)
    ]
    views = [f"CREATE VIEW query.once_{n} AS SELECT id FROM command.once_{n}" for n in range(20)]
    change = SchemaChange.of(tables, views, "Once", "1.0.0")
    parsed_before.cache_clear()
    effects_before.cache_clear()

    plans = [plan_change(context, change) for _ in range(3)]

    assert plans[0] == plans[1] == plans[2]
    assert parsed_before.cache_info().misses == 60
    assert effects_before.cache_info().misses == 60


def test_nothing_that_reads_a_tree_changes_it() -> None:
    looked_at = 0
    for text in STATEMENTS:
        try:
            (statement,) = parse(text)
        except (SyntaxProblem, ValueError):
            continue
        effects = effects_of(statement.stmt)
        made_by(statement.stmt, effects)
        unmade_by(statement.stmt)
        fresh: Any = parse_sql(text)[0].stmt
        with suppress(NotImplementedError):  # pglast writes not every kind back
            assert RawStream()(statement.stmt) == RawStream()(fresh), text
        assert [statement(skip_none=True)] == _written(text), text
        looked_at += 1
    assert looked_at > 150


def test_effects_that_are_remembered_cannot_be_changed() -> None:
    """Hashable to the last part: nothing in them is a list or a dict."""
    for text in STATEMENTS:
        if not text.startswith("--"):
            hash(effects_of_text(text))


def test_a_text_that_is_wrong_is_wrong_each_time() -> None:
    for _ in range(2):
        with pytest.raises(SyntaxProblem) as problem:
            parse("CREATE TABEL command.t (id int)")
        assert problem.value.offset == 7


def test_a_long_text_is_not_kept() -> None:
    text = f"COMMENT ON TABLE command.t IS '{'x' * SHORT}'"
    kept = (parsed_before.cache_info().currsize, effects_before.cache_info().currsize)

    assert effects_of_text(text) == effects_of_text(text)

    assert (parsed_before.cache_info().currsize, effects_before.cache_info().currsize) == kept
