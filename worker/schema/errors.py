"""What can go wrong with a changeset, and what to do about it (the tree: worker/base/errors.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from worker.base.errors import Permanent, Transient


class SchemaError(Permanent):
    """Root of what makes a schema change impossible as it is."""


class Problem(NamedTuple):
    """One thing that is wrong: with operation `operation` (from 1; None: with the whole).

    `line` and `column` count from 1, in the operation's own text, or in the file that it came from.
    """

    message: str
    operation: int | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        where = [f"operation {self.operation}"] if self.operation is not None else []
        if self.line is not None:
            where.append(f"line {self.line}, column {self.column}")
        return f"{self.message} ({', '.join(where)})" if where else self.message


class InvalidChange(SchemaError):
    """The changeset says something that it may not; nothing was run."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(Problem(*each) for each in problems)  # off the wire they are lists
        super().__init__("; ".join(map(str, self.problems)))


class VersionRefused(SchemaError):
    """The version does not follow the newest completed one. `force` overrules it."""

    def __init__(self, version: str, newest: str, why: str) -> None:
        super().__init__(f"{why} (version {version}, newest completed {newest})")
        self.version, self.newest = version, newest


class UnknownChangeset(SchemaError):
    """No changeset has this id."""

    def __init__(self, changeset_id: UUID | str) -> None:
        super().__init__(
            f"there is no such changeset; `cqrs changeset list` shows them (id {changeset_id})"
        )
        self.changeset_id = changeset_id


class WrongStatus(SchemaError):
    """What was asked for is not possible in the changeset's present status."""

    def __init__(self, changeset_id: UUID, status: str, wanted: str) -> None:
        super().__init__(f"{wanted} (changeset {changeset_id}, status {status})")
        self.changeset_id, self.status = changeset_id, status


class ChangeFailed(SchemaError):
    """A changeset failed, and the database is as it was. The history shows it under its id."""

    def __init__(self, changeset_id: UUID, reason: str, sqlstate: str | None = None) -> None:
        state = f", SQLSTATE {sqlstate}" if sqlstate else ""
        super().__init__(f"{reason} (changeset {changeset_id}{state})")
        self.changeset_id, self.reason, self.sqlstate = changeset_id, reason, sqlstate


class MissingUndo(SchemaError):
    """A rollback needs an undo for every operation."""

    def __init__(self, changeset_id: UUID, missing: Sequence[str]) -> None:
        listed = "; ".join(missing)
        super().__init__(f"these operations carry no undo: {listed} (changeset {changeset_id})")
        self.changeset_id, self.missing = changeset_id, tuple(missing)


class NewerChangesetCompleted(SchemaError):
    """Changesets are rolled back newest first. `force` overrules it."""

    def __init__(self, changeset_id: UUID, newer: UUID, description: str) -> None:
        super().__init__(
            f"a newer changeset is completed, roll that back first: {newer}, {description!r}"
            f" (changeset {changeset_id})"
        )
        self.changeset_id, self.newer = changeset_id, newer


class ChangesetLockLost(SchemaError):
    """The session that executed a changeset lost the changeset lock: it may not be completed."""

    def __init__(self, changeset_id: UUID) -> None:
        super().__init__(
            "an operation released the advisory lock that lets one changeset execute at a time:"
            f" take that call out of it (changeset {changeset_id})"
        )
        self.changeset_id = changeset_id


class DeploymentOpen(SchemaError):
    """Only one deployment is open at a time."""

    def __init__(self, name: str, begun_at: datetime, begun_by: str) -> None:
        super().__init__(
            f"a deployment is open already; end it with `cqrs deployment end`"
            f" ({name!r}, begun {begun_at:%Y-%m-%d %H:%M:%S %Z} by {begun_by})"
        )
        self.name, self.begun_at, self.begun_by = name, begun_at, begun_by


class NoDeploymentOpen(SchemaError):
    """There is no deployment to end."""

    def __init__(self) -> None:
        super().__init__("no deployment is open; `cqrs deployment begin NAME` opens one")


class UnknownObject(SchemaError):
    """A name that leads nowhere, or to something of the wrong kind."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{why} ({name})")
        self.name = name


class CannotTry(SchemaError):
    """A change cannot be tried here: there is no scratch database to be had, or no copy for it."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"not tried: {reason}{f'; {advice}' if advice else ''}")
        self.reason, self.advice = reason, advice


class ChangesetBusy(Transient):
    """Another changeset is being executed; it was waited for as long as the limits allow."""

    def __init__(self, running: str, why: str = "another changeset is being executed") -> None:
        super().__init__(f"{why} ({running})")
        self.running = running
