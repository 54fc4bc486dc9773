"""What rebuilds leave behind: tables that were never live, and tables that are live no more."""

from __future__ import annotations

import structlog
from psycopg import errors as pg

from worker.base.db import Connection
from worker.rebuild import dependent_views, shadow
from worker.rebuild.journal import SQL, Journal
from worker.subscriptions.errors import in_one_line
from worker.subscriptions.projection import Projection

log = structlog.get_logger(__name__)


def give_up(
    connection: Connection, one: Projection, journal: Journal, state: str, why: str | None = None
) -> None:
    """End a rebuild that leads nowhere, with its table; one that has ended is left alone.

    A process that writes for it still, though it was taken for dead, is waited for, and refused at
    its next flush: the table's name may be given away by then.
    """
    shadow.stop_alone(connection, one.table, journal.shadow)
    with connection.transaction():
        if journal.end(state, error=why):
            journal.forget_parts()
            journal.forget_marks()
            dependent_views.clear(connection, journal.shadow)
            shadow.drop(connection, one.table, journal.shadow)


def drop_replaced(connection: Connection, one: Projection) -> None:
    """Drop tables that were live once; one that somebody built upon directly stays for now."""
    for rebuild_id, table in connection.execute(SQL["replaced"], {"name": one.name}).fetchall():
        try:
            with connection.transaction():
                connection.execute("SET LOCAL lock_timeout = '5s'")
                shadow.drop(connection, one.table, table)
                connection.execute(SQL["forget_replaced"], {"rebuild_id": rebuild_id})
        except (pg.LockNotAvailable, pg.DependentObjectsStillExist) as error:
            log.warning("old table stays for now", table=table, reason=in_one_line(error))
