"""What can go wrong with a command (the whole tree: worker/base/errors.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from worker.base.errors import Permanent, Transient
from worker.contracts import Receipt, RefusalKind


class ReceiptTimeout(Transient):
    """No receipt within the time that the caller gave. The command may still run.

    `workers` says whether any answers that would run it.
    """

    def __init__(self, command_id: UUID, seconds: float | None, workers: str = "") -> None:
        hint = f": {workers}" if workers else ""
        super().__init__(f"no receipt after {seconds} s{hint} (command {command_id})")
        self.command_id, self.seconds, self.workers = command_id, seconds, workers


class NotReady(Transient):
    """Commands named in `after=` have no receipt yet."""

    def __init__(self, missing: tuple[UUID, ...]) -> None:
        ids = ", ".join(map(str, missing))
        super().__init__(f"waits for commands that have no receipt yet ({ids})")
        self.missing = missing


class DatabaseAway(Transient):
    """The database cannot take a command now: it is put off until the database can.

    `whole` says that it can take nobody's; otherwise this one misses something of its own, such as
    a table whose migration has not run.
    """

    def __init__(self, reason: str, whole: bool = True) -> None:
        super().__init__(f"the database cannot take this now: {reason}")
        self.reason, self.whole = reason, whole


class DatabaseInConflict(Transient):
    """Others held what a command needs, several times: it is tried again, not for ever."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database could not do this beside others: {reason}")
        self.reason = reason


class Undecidable(Permanent):
    """A command cannot be decided. What its message says may stand in the receipt."""


class BrokenFunction(Undecidable):
    """What a command declares beside its handler has raised; the log has the traceback."""

    def __init__(self, function: str, name: str, kind: str) -> None:
        super().__init__(f"{function} raised {kind}, see the worker's log (command {name})")
        self.function, self.name, self.kind = function, name, kind


class UnreadableStream(Undecidable):
    """A stored event cannot be read by this code, or not be folded."""

    def __init__(self, stream: str, version: int, what: str, why: str) -> None:
        super().__init__(
            f"a stored event cannot be read: {why} (stream {stream}, version {version}, {what})"
        )
        self.stream, self.version, self.what, self.why = stream, version, what, why


class UnstorableOutcome(Undecidable):
    """What a handler returned, emitted or changed cannot be stored; `errors` names the fields."""

    def __init__(self, name: str, errors: Mapping[str, str]) -> None:
        fields = "; ".join(f"{field} {why}" for field, why in errors.items())
        super().__init__(f"what the handler gave cannot be stored: {fields} (command {name})")
        self.name, self.errors = name, dict(errors)


class InvalidCommand(Permanent):
    """A payload is wrong. `errors` maps each wrong field (dotted path) to what is wrong; `kind` is
    that of the receipt which a worker writes for it."""

    kind: ClassVar[RefusalKind] = RefusalKind.VALIDATION

    def __init__(self, name: str, errors: Mapping[str, str]) -> None:
        fields = "; ".join(f"{field}: {why}" for field, why in errors.items())
        super().__init__(f"{fields} (command {name})")
        self.name, self.errors = name, dict(errors)


class UnknownCommand(InvalidCommand):
    """No command has this name."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name, {"command": f"no command is called {name!r}{hint}"})


class Unroutable(Permanent):
    """A command, or what follows it in its chain, would wait where nobody takes it."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{why} (command {name})")
        self.name, self.why = name, why


class CommandIdReused(Permanent):
    """A command id came back with another name, or with something else given."""

    def __init__(self, command_id: UUID | str, name: str) -> None:
        super().__init__(
            "this command id was already used for another command or another payload:"
            " a new command needs a new id"
            f" (command {command_id}, {name})"
        )
        self.command_id, self.name = UUID(str(command_id)), name


class NoTransaction(Permanent):
    """A command was to be enqueued on a connection that has no transaction: in autocommit."""

    _HOW: ClassVar[Mapping[str, str]] = {
        "psycopg connection": "`with connection.transaction():`, or connect without autocommit",
        "SQLAlchemy connection": "an engine or connection without isolation_level='AUTOCOMMIT'",
        "session": "a session on an engine without isolation_level='AUTOCOMMIT'",
        "Django connection": "`with transaction.atomic():`, or ATOMIC_REQUESTS",
    }

    def __init__(self, kind: str) -> None:
        super().__init__(
            "a command is enqueued in your transaction, and none is open: use"
            f" {self._HOW.get(kind, 'a transaction')} ({kind} in autocommit)"
        )
        self.kind = kind


class CommandDead(Permanent):
    """A command failed for good. `receipt` says why; `cqrs dead-letters` shows and retries it."""

    def __init__(self, receipt: Receipt | Mapping[str, Any]) -> None:
        self.receipt = receipt if isinstance(receipt, Receipt) else Receipt.from_json(receipt)
        about = f"command {self.receipt.command_id}, {self.receipt.name}"
        super().__init__(f"{self.receipt.error} ({about})")
        self.args = (self.receipt.to_json(),)
