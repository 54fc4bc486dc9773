"""The tables of the till: as Python describes them, and audited whatever changes them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from models.sales import read, write
from tests.conftest import Database
from tests.support.tables import (
    DELETE,
    INSERT,
    TRUNCATE,
    UPDATE,
    audited,
    connected,
    differences,
    physical,
)
from worker.commands.load_plan import primary_key


def test_the_tables_are_as_described(database: Database) -> None:
    with connected(database.url) as connection:
        assert differences(connection, write.metadata) == []
        assert differences(connection, physical(read.metadata)) == []


@pytest.mark.parametrize("table", write.metadata.tables.values(), ids=lambda table: table.name)
def test_every_write_table_is_audited(database: Database, table: sa.Table) -> None:
    with database.connect() as connection:
        recorded = audited(connection, table)
    assert recorded == dict.fromkeys(
        (INSERT, DELETE, UPDATE, TRUNCATE), f"{primary_key(table)}\\000"
    )
