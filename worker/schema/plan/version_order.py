"""Which version may follow which."""

from __future__ import annotations

from collections.abc import Sequence

from worker.base.db import Connection
from worker.base.sql import statement
from worker.schema.change.versions import Version


def newest_completed(connection: Connection) -> Version | None:
    """The highest version among the completed changesets; None when there is none."""
    rows = connection.execute(statement("worker.schema", "completed_versions"))
    return max((Version.parse(version) for (version,) in rows), default=None)


def version_problem(
    connection: Connection, version: Version, breaking: Sequence[str]
) -> str | None:
    """Why a version cannot follow the newest completed one, or None."""
    newest = newest_completed(connection)
    return None if newest is None else problem_after(newest, version, breaking)


def problem_after(newest: Version, version: Version, breaking: Sequence[str]) -> str | None:
    """Why `version` cannot follow `newest`: not higher, or no new major where it breaks things."""
    if version <= newest:
        return f"version {version} does not follow {newest}, the newest completed one"
    if breaking and version.major <= newest.major:
        reasons = "; ".join(breaking)
        return f"a new major version is needed, {newest.major + 1}.0.0, because it {reasons}"
    return None
