"""A replica of the things that is as far behind as a test says."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

VIEW = "query.thing_totals"
TABLES = (
    *("cqrs.subscriptions", "query.things_v1", "query.thing_places_v1"),
    *("cqrs.refreshed", VIEW),
)


@dataclass
class Replica:
    """A second database that holds what the first one held at some moment.

    The materialized view is a table there: it holds what it is told, as on a real replica.
    """

    primary: psycopg.Connection
    copy: psycopg.Connection

    def __post_init__(self) -> None:
        self.copy.execute(
            f"CREATE TABLE query.totals AS SELECT * FROM {VIEW}; DROP MATERIALIZED VIEW {VIEW};"
            f"ALTER TABLE query.totals RENAME TO thing_totals;"
            f"GRANT SELECT ON {VIEW} TO cqrs_reader"
        )

    def replay(self) -> None:
        """Bring it up to now, in one transaction."""
        with self.primary.transaction(), self.copy.transaction():
            self.primary.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for table in TABLES:
                self._replay(table)

    def _replay(self, table: str) -> None:
        names = self._columns(table)
        columns, texts = ", ".join(names), ", ".join(f"{name}::text" for name in names)
        self.copy.execute(f"DELETE FROM {table}")
        for row in self.primary.execute(f"SELECT {texts} FROM {table}").fetchall():
            slots = ", ".join(["%s"] * len(row))
            self.copy.execute(f"INSERT INTO {table} ({columns}) VALUES ({slots})", row)

    def _columns(self, table: str) -> list[str]:
        """The columns that hold values of their own."""
        sql = (
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
            "   AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
        )
        return [row[0] for row in self.primary.execute(sql, [table])]
