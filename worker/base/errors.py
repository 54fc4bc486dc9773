"""The root of the engine's errors, and the whole tree. Each class stands in the package it is of.

    CqrsError
    ├── Transient                     worth retrying: the same call may succeed later
    │   ├── ServerUnavailable         a server does not answer (which, where, what to do)
    │   │   └── CacheAway             the cache does not: queries go on without it
    │   ├── NotReady                  a command's `after=` has no receipt yet
    │   ├── DatabaseAway              the database cannot take a command until it is mended
    │   ├── DatabaseInConflict        others held what a command needs, several times
    │   ├── ReceiptTimeout            no receipt within the time that the caller gave
    │   ├── CostLimitReached          an actor asks too much
    │   ├── QueryStopped              a query took too long, or waited too long for a lock
    │   ├── ReadModelBehind           a read model did not reach `after=` in time
    │   ├── EventParked               the event at `after=` waits behind a dead letter
    │   ├── PartitionsApart           a subscription's partitions did not come to one position
    │   ├── RefreshFailed             some materialized views were not refreshed
    │   ├── NewerEvent                a stored event is of a version that a newer release has
    │   ├── RebuildRunning            the projection is being rebuilt by somebody else
    │   ├── NotSentFor                a rebuild that was to follow: the broker took no message
    │   ├── AnotherRebuild            a rebuild has begun that this one must not put aside
    │   ├── RebuildUnfinished         time was up; the next call goes on from there
    │   ├── CodeTooOld                a rebuild is owed to a version that this code does not know
    │   ├── VerificationRunning       the projection is being verified by somebody else
    │   ├── VerificationUnfinished    time was up; the next call goes on from there
    │   ├── TooFarBehind              the live table lags too much to be compared
    │   ├── ChangesetBusy             another changeset is being executed
    │   └── ServersEnded              the embedded servers ended under the system
    └── Permanent                     the same call fails again
        ├── InvalidCommand            the payload is wrong; `errors` names every wrong field
        │   └── UnknownCommand        no command has this name
        ├── Unroutable                it, or what follows it, would wait where nobody takes it
        ├── CommandIdReused           this id has a receipt for another payload
        ├── NoTransaction             enqueue on a connection in autocommit
        ├── CommandDead               a command failed for good; carries its receipt
        ├── Undecidable               a command cannot be decided; its receipt says why
        │   ├── BrokenFunction        what a command declares raised: needs, may_send, its model
        │   ├── UnreadableStream      a stored event of an aggregate cannot be read
        │   └── UnstorableOutcome     what the handler gave cannot be stored; names the fields
        ├── UnknownDeadCommand        no dead command has this id
        ├── DeadCommandIsClosed       it was retried or discarded already
        ├── BelongsToSaga             a saga sent it, and has gone on without it
        ├── SecretsNotKept            its secret fields were not stored, so it cannot be retried
        ├── NotAllowed                an actor may not ask a query (a command's no is its receipt)
        ├── InvalidQuery              a query's parameter is wrong
        │   └── UnknownQuery          no query has this name
        ├── UnreadableAnswer          the database holds what Python, or the row's class, cannot
        ├── UndeclaredInput           a kept answer depends on who asks, the clock, chance
        ├── UnreadableEvent           no upcaster brings a stored event to today's version
        ├── WrongStreamVersion        a stream is not at the version that an append expected
        ├── TooManyDeadLetters        so many events fail that the subscription must be at fault
        ├── UnknownDeadLetter         no dead letter has this number
        ├── DeadLetterIsClosed        it was retried, discarded or superseded already
        ├── RetryFailed               a parked event cannot be handled yet
        ├── OtherTableVersion         its projection is of another version in this code
        ├── UndeclaredSubscription    no domain declares its subscription
        ├── UnknownSubscription       no domain declares this subscription
        ├── UnsafeReset               it would count events twice, or leave some out
        ├── OutOfRange                a number that is too small or too large
        ├── InTransaction             a batch was begun inside a transaction
        ├── NotRegistered             another subscription keeps its read model
        ├── TypeNotNamed              its code names a type no longer that it is to handle next
        ├── CannotPartition           a subscription that cannot be split
        ├── UnknownSaga               no saga has this id or key, or several have the key
        ├── SagaIsNotStuck            any other goes on by itself, or has ended
        ├── UnknownView               no materialized view has this name
        ├── UnknownRelation           no table or view has it, or more than one
        ├── NoUniqueIndex             a view cannot be refreshed CONCURRENTLY
        ├── UnknownProjection         no projection has this name
        ├── NoSuchPosition            a rebuild cannot begin behind the log's end
        ├── CannotStartThere          the live table does not tell what was right at a position
        ├── TypesLost                 a rebuild would be without events that the live table has
        ├── RebuildCancelled          somebody cancelled the rebuild
        ├── MigrationDiffers          migrated rows are not what the log says
        ├── RebuildFailed             a part could not be built
        ├── ViewInUse                 the view cannot change its columns: others use them
        ├── CannotCarryOver           what was added to a read table would be lost by its rebuild
        ├── NotComparable             the live table is of another version
        ├── MaintenanceFailed         some of what the schedule starts failed; names each
        ├── SchemaError               a schema change is impossible as it stands
        │   ├── InvalidChange         the changeset says what it may not (every problem named)
        │   ├── VersionRefused        the version is too low, or too small a step
        │   ├── UnknownChangeset      no changeset has this id
        │   ├── WrongStatus           it was executed already, is pending, was rolled back, …
        │   ├── ChangeFailed          an operation failed; nothing of the changeset was kept
        │   ├── MissingUndo           a rollback needs undos that the changeset does not carry
        │   ├── NewerChangesetCompleted  a rollback would undo what a newer one builds on
        │   ├── ChangesetLockLost     an operation released the changeset lock; nothing was kept
        │   ├── DeploymentOpen        one deployment is open already
        │   ├── NoDeploymentOpen      there is none to end
        │   ├── UnknownObject         no such view, or not one that can be refreshed
        │   └── CannotTry             no scratch database, or no copy of the schema, can be had
        ├── NotMigrated               the database is not at the version of this code
        ├── MissingRoles              the group roles are to be made, or granted, by a superuser
        ├── RestoredWithoutRoles      a dump was restored where the group roles were not
        ├── DatabaseIsNewer           a later release has migrated the database
        ├── CannotMakeDomain          a new domain cannot be written there; nothing was
        ├── RedisCluster              a server is a node of one: it cannot be used
        ├── AlreadyUp                 somebody else runs the system of this home
        ├── HomeUnusable              the folder of a system's files cannot be written
        ├── BadSettings               a setting is missing, unknown or out of range
        └── BadDeclarations           what the domains declare names what nobody declares

A business rule that says no raises `worker.contracts.Refusal`: an answer, no error of the engine.

- A message is the fact first, then the identities in parentheses.
- Every error survives a pickle and Celery's JSON result backend as the class that it is: `args` are
  the arguments of its constructor, plain JSON values (ids and times too), and both rebuild it from
  them. A test does so with each, and compares this drawing with the classes that there are.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Sequence
from typing import Any, Self


def did_you_mean(name: object, known: Iterable[str], otherwise: str = "") -> str:
    """What to add to a message about an unknown name: `; did you mean orders.create_order?`.

    `otherwise` is added if no known name looks like it.
    """
    close = difflib.get_close_matches(str(name)[:100], list(known), n=1)
    hint = f"did you mean {close[0]}?" if close else otherwise
    return f"; {hint}" if hint else ""


class CqrsError(Exception):
    """Root of the engine's errors."""

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """Keep what the constructor is given, in its order, as `args`."""
        if named:
            call = inspect.signature(cls.__init__).bind(None, *args, **named)
            call.apply_defaults()
            args = call.args[1:]
        return super().__new__(cls, *args)

    def __init__(self, message: str = "") -> None:
        self.message = message  # `Exception.__init__` is not called: it would put this into `args`

    def __str__(self) -> str:
        return self.message


class Transient(CqrsError):
    """Worth retrying."""


class Permanent(CqrsError):
    """Never worth retrying."""


class ServerUnavailable(Transient):
    """A server does not answer; or it answers and refuses: `what` says which.

    `what` follows the server's name: "is not reachable", "is full", "takes no writes".
    """

    def __init__(
        self, server: str, address: str, reason: str, advice: str, what: str = "is not reachable"
    ) -> None:
        stop = "" if reason.endswith(("?", ".")) else "."
        super().__init__(f"{server} {what} at {address}: {reason}{stop} {advice}")
        self.server, self.address, self.reason, self.advice = server, address, reason, advice
        self.what = what


class NotMigrated(Permanent):
    """The database is not at the version that this code needs."""

    def __init__(self, found: str | None, needed: str) -> None:
        at = f"it is at {found}" if found else "it has no tables of ours"
        super().__init__(
            f"the database is not migrated: {at}, {needed} is needed. Run `cqrs migrate`."
        )
        self.found, self.needed = found, needed


class MissingRoles(Permanent):
    """Whoever migrates may neither make the group roles nor take them on."""

    def __init__(self, user: str, statements: Sequence[str]) -> None:
        super().__init__(
            "the group roles are not there, or not granted to whoever migrates. Run this once for"
            f" the whole cluster, as a superuser: {' '.join(statements)} (user {user})"
        )
        self.user, self.statements = user, tuple(statements)


class RestoredWithoutRoles(Permanent):
    """A database lacks the rights of the group roles: its dump was restored where they were not."""

    def __init__(self) -> None:
        super().__init__(
            "the group roles have no rights in this database: it was restored into a cluster that"
            " did not have them. Run `cqrs migrate --roles-only`, then restore the rights alone:"
            " `pg_restore -l DUMP | grep ' ACL ' > rights; pg_restore -L rights -d DATABASE DUMP`"
        )


class DatabaseIsNewer(Permanent):
    """The database is at a version that this code does not know."""

    def __init__(self, unknown: str) -> None:
        super().__init__(
            f"the database was migrated by a later release: {unknown}."
            " Run that release here, or restore a dump of before."
        )
        self.unknown = unknown


class BadSettings(Permanent):
    """A setting is missing, unknown or out of range."""


class BadDeclarations(Permanent, ValueError):
    """What the domains declare names what nobody declares; `problems` has a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
