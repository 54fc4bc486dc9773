"""The orders' read models, rebuilt from the Northwind trade: the same figures, the same tables."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.orders.test_northwind import needs_data, read_commands, read_side, run_all
from worker import refresh
from worker.rebuild import rebuild, state_machine, verify
from worker.rebuild.tasks import projections
from worker.subscriptions.runner import catch_up

INDEXES = """
SELECT regexp_replace(tablename, '_v[0-9]+$', ''), indexname ~ '_pkey$',
       indexdef ~ 'UNIQUE', regexp_replace(indexdef, '^.* USING ', '')
  FROM pg_indexes WHERE schemaname = 'query' ORDER BY 1, 4
"""
COLUMNS = """
SELECT regexp_replace(c.relname, '_v[0-9]+$', ''), a.attname, a.attnum, a.attnotnull,
       format_type(a.atttypid, a.atttypmod)
  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
 WHERE c.relnamespace = 'query'::regnamespace AND a.attnum > 0 AND c.relkind IN ('r', 'v')
 ORDER BY c.relkind, 1, 3
"""


def definitions(database: Database) -> list[list[tuple[object, ...]]]:
    """Columns and indexes of the read side, whatever the versions of its tables."""
    with database.connect() as connection:
        return [connection.execute(query).fetchall() for query in (INDEXES, COLUMNS)]


@needs_data
def test_every_read_model_is_the_same_when_it_is_rebuilt(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_machine, "GRACE", 0.0)
    run_all(read_commands())
    catch_up()
    refresh.refresh_all()
    before, tables = read_side(database), definitions(database)
    ours = [name for name in projections() if name.startswith("orders.")]
    assert len(ours) == 6  # other tests may have left other domains in this process
    for name in ours:
        assert verify.verify(name).differing == 0, name
        assert rebuild(name, rows_kept=200).differing == 0, name
    assert read_side(database) == before
    assert definitions(database) == tables
    assert catch_up().folded == {}
    refresh.refresh_all(if_stale=False)
    assert read_side(database) == before
