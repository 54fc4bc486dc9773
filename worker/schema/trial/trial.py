"""A trial: a change run on a copy of the schema, by the code that would run it here.

    plan        an estimate, by the words and the catalogue
    trial       the same transaction, with the border, the guards and the two snapshots around it,
                in a scratch database: what the server says when it is done

What it cannot tell is what hangs on rows: the copy has none. A NOT NULL that rows are against
succeeds there, and what needs a row that is there fails; the latter is said with the failure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from worker.schema.catalogue.context import Context
from worker.schema.catalogue.read_side import ReadSide, RegistryDependent
from worker.schema.change.change import SchemaChange
from worker.schema.changesets import track
from worker.schema.errors import ChangeFailed, SchemaError
from worker.schema.history.records import Changeset, load
from worker.schema.statements.names import ObjectName
from worker.schema.trial.copying import copy_schema
from worker.schema.trial.scratch import scratch_database

_FOR_WANT_OF_ROWS = ("23", "P0")
"""How the SQLSTATEs begin of constraints, and of what a program raises."""
_NO_ROWS = "the copy has no rows: what needs one that is there fails in it, and may succeed here"


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: the changeset as the copy's history has it; `error` is None if it was done.

    `hint`: why the failure may be the copy's alone.
    """

    changeset: Changeset | None
    error: str | None = None
    hint: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it was run, and committed there."""
        return self.error is None


@dataclass(frozen=True, slots=True)
class _LookedAt:
    """The read side of the real database, to be asked; nothing is scheduled there."""

    real: ReadSide

    def dependents_of(self, objects: Collection[ObjectName]) -> Sequence[RegistryDependent]:
        return self.real.dependents_of(objects)

    def outdated(self) -> Sequence[str]:
        return self.real.outdated()

    def rebuild(self, projections: Sequence[str]) -> None:
        """Nothing."""

    def refresh(self, views: Sequence[ObjectName]) -> None:
        """Nothing."""

    def purge(self, tags: Sequence[str]) -> None:
        """Nothing."""

    def refresh_now(self, view: ObjectName) -> None:
        """Nothing."""


def try_change(context: Context, change: SchemaChange) -> Trial:
    """Run a change on a copy of this database's schema, which is dropped afterwards.

    What the version must be is not looked at: the plan says that. Raises CannotTry where no copy
    can be had.
    """
    with scratch_database(context) as scratch, context.connection() as source:
        copy_schema(source, scratch)
        there = replace(context, connect=scratch.connect, read_side=_LookedAt(context.read_side))
        try:
            return Trial(track(there, change, force=True))
        except ChangeFailed as failed:
            with closing(scratch.connect()) as copy:
                changeset = load(copy, failed.changeset_id)
            rows = (failed.sqlstate or "").startswith(_FOR_WANT_OF_ROWS)
            return Trial(changeset, failed.reason, _NO_ROWS if rows else None)
        except SchemaError as error:
            return Trial(None, str(error))
