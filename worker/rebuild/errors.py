"""What can go wrong with a rebuild and with a verification."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.base import db
from worker.base.db import Connection
from worker.base.errors import Permanent, Transient
from worker.event_log.subscribers import keepers, subscriptions
from worker.subscriptions import checkpoints
from worker.subscriptions.errors import UNDECLARED
from worker.subscriptions.projection import Projection
from worker.subscriptions.registration import lost_types

_VERSION = re.compile(r"_v\d+$")
TIME_IS_UP = "time is up"


class UnknownProjection(Permanent):
    """No projection has this name; `why` says what has it instead."""

    def __init__(self, name: str, why: str = "") -> None:
        told = why or f"no projection has this name{subscriptions.hint(name)}"
        super().__init__(f"{told} (projection {name})")
        self.name, self.why = name, why


class NoSuchPosition(Permanent, ValueError):
    """A rebuild cannot begin behind a position that the log has not reached."""

    def __init__(self, position: int, last: int) -> None:
        super().__init__(f"no such position yet: 0 to {last} exist (is {position})")
        self.position, self.last = position, last


class CannotStartThere(Permanent):
    """The live table does not tell which rows were right at a position: a rebuild cannot begin
    there. `between` are the first and the last from which it could; None if there are none."""

    def __init__(
        self, name: str, position: int, reason: str, between: Sequence[int] | None = None
    ) -> None:
        if between is not None and not max(between[0], 1) <= between[1]:
            between = None
        first = (
            "" if between is None else f"from {max(between[0], 1)} to {between[1]} it can be, or "
        )
        super().__init__(
            f"{reason}: {first}rebuild it from the beginning"
            f" (projection {name}, position {position})"
        )
        self.name, self.position, self.reason = name, position, reason
        self.between = None if between is None else tuple(between)


class TypesLost(Permanent):
    """The code names fewer types of events than the live table was built of: a table without these
    events must not take its place."""

    def __init__(self, name: str, types: Sequence[str]) -> None:
        super().__init__(
            f"it was built of {', '.join(types)} too, which the log holds and its code names no"
            " longer: give the event `former_types` if it was renamed, load the domain that folds"
            " it, or declare the projection with forgets=[...] if it is to be built without"
            f" (projection {name})"
        )
        self.name, self.types = name, list(types)


class NotSentFor(Transient):
    """A rebuild that was to follow another one: the broker did not take the message for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not rebuilt: the broker took no message for it ({reason})")
        self.reason = reason


class RebuildRunning(Transient):
    """The projection is being rebuilt by somebody else at this moment."""

    def __init__(self, name: str, rebuild_id: int | None = None) -> None:
        super().__init__(f"it is being rebuilt already: see `cqrs status` (projection {name})")
        self.name, self.rebuild_id = name, rebuild_id


class AnotherRebuild(Transient):
    """A rebuild of the projection has begun and not ended, and this one must not put it aside."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"{reason}: let it end, or stop it with `cqrs rebuild {name} --cancel`"
            f" (projection {name})"
        )
        self.name, self.reason = name, reason


class CodeTooOld(Transient):
    """A rebuild is owed to a version that this worker's code does not know yet, or the live table
    is of such a version already."""

    def __init__(self, name: str, version: int, declared: int) -> None:
        super().__init__(
            f"start workers of the release that declares version {version}, then"
            f" `cqrs rebuild {name}`; this worker's code declares"
            f" {f'version {declared}' if declared else 'no such projection'}"
        )
        self.name, self.version, self.declared = name, version, declared


class RebuildCancelled(Permanent):
    """Somebody cancelled the rebuild; the live table is as it was."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the rebuild was cancelled (projection {name})")
        self.name = name


class RebuildFailed(Permanent):
    """A part could not be built; the live table is as it was. `reason` is the part's own error."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{reason} (rebuild of {name})")
        self.name, self.reason = name, reason


class RebuildUnfinished(Transient):
    """Time was up; what is built is kept, and the next call goes on from there."""

    def __init__(self, name: str, why: str, rebuild_id: int | None = None) -> None:
        super().__init__(f"{why}; start the rebuild again and it goes on (projection {name})")
        self.name, self.why, self.rebuild_id = name, why, rebuild_id


class ViewInUse(Permanent):
    """The view cannot change its columns, because others use them."""

    def __init__(self, view: str, dependants: Sequence[str], reason: str) -> None:
        super().__init__(f"{reason}: change these first, {', '.join(dependants)} (view {view})")
        self.view, self.dependants, self.reason = view, list(dependants), reason


class CannotCarryOver(Permanent):
    """Something was added to the live table, and the new one cannot have it: the live table stays
    as it is. `belongings` names it."""

    def __init__(self, relation: str, belongings: Sequence[str], reason: str) -> None:
        named = ", ".join(belongings)
        super().__init__(
            f"it would be lost, {named}: {reason}; change or drop it first (relation {relation})"
        )
        self.relation, self.belongings, self.reason = relation, list(belongings), reason


class NotComparable(Permanent):
    """The live table has the columns of another version of the projection."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "the live table is not of the version that the code has: rebuild it"
            f" (projection {name})"
        )
        self.name = name


class VerificationUnfinished(Transient):
    """Time was up; what is folded is kept, and the next call goes on from there."""

    def __init__(self, name: str, position: int, upto: int) -> None:
        super().__init__(
            f"time was up at {position} of {upto}: start the verification again and it goes on"
            f" (projection {name})"
        )
        self.name, self.position, self.upto = name, position, upto


class VerificationRunning(Transient):
    """The projection is being verified by somebody else at this moment."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it is being verified already (projection {name})")
        self.name = name


class MigrationDiffers(Permanent):
    """Rows that were migrated are not what the log says: the live table stays."""

    def __init__(self, name: str, differing: int, rows: Sequence[str]) -> None:
        super().__init__(
            f"{differing} of the rows that `migrate_from` made are not what the log says, and do"
            f" not go live: mend the function, or take it away (projection {name}; "
            f"{'; '.join(rows)})"
        )
        self.name, self.differing, self.rows = name, differing, list(rows)


class TooFarBehind(Transient):
    """The live table lags so much that it cannot be compared as a whole."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the live table is far behind the log: try later (projection {name})")
        self.name = name


def projection_named(name: str) -> Projection:
    """The projection of a name. Raises UnknownProjection, which says what else has the name."""
    projection = subscriptions.get(name)
    if not isinstance(projection, Projection):
        raise UnknownProjection(name, _what_has_it(name))
    return projection


def _what_has_it(name: str) -> str:
    """What is called so and is no projection, in a sentence; empty if nothing is."""
    if name in subscriptions:
        return "it answers events and keeps no read table: there is nothing to build or verify"
    by_table = {table: names for table, names in keepers().items() if table.startswith("query.")}
    for table, names in by_table.items():
        if _VERSION.sub("", name) in (table, table.removeprefix("query.")):
            return f"{table} is a read table, name its projection: {', '.join(sorted(names))}"
    with db.writer() as connection:
        if checkpoints.of(connection, name):
            return UNDECLARED
    return ""


def must_name_all_types(connection: Connection, projection: Projection) -> None:
    """Raise TypesLost if its code does not name a type that its live table was built of."""
    if lost := lost_types(connection, projection, projection.forgets):
        raise TypesLost(projection.name, lost)
