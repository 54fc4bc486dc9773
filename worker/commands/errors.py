"""What can go wrong with a command (the whole tree: worker/base/errors.py)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from worker.base.errors import Permanent, Transient
from worker.contracts import Receipt


class ReceiptTimeout(Transient):
    """No receipt within the time that the caller gave. The command may still run."""

    def __init__(self, command_id: UUID, seconds: float | None) -> None:
        super().__init__(f"no receipt after {seconds} s (command {command_id})")
        self.command_id, self.seconds = command_id, seconds


class NotReady(Transient):
    """Commands named in `after=` have no receipt yet."""

    def __init__(self, missing: tuple[UUID, ...]) -> None:
        ids = ", ".join(map(str, missing))
        super().__init__(f"waits for commands that have no receipt yet ({ids})")
        self.missing = missing


class InvalidCommand(Permanent):
    """A payload is wrong. `errors` maps each wrong field (dotted path) to what is wrong."""

    def __init__(self, name: str, errors: Mapping[str, str]) -> None:
        fields = "; ".join(f"{field}: {why}" for field, why in errors.items())
        super().__init__(f"{fields} (command {name})")
        self.name, self.errors = name, dict(errors)


class UnknownCommand(InvalidCommand):
    """No command has this name."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name, {"command": f"no command is called {name!r}{hint}"})


class CommandIdReused(Permanent):
    """A command id came back with another name, or with something else given."""

    def __init__(self, command_id: UUID | str, name: str) -> None:
        super().__init__(
            "this command id was already used for another command or another payload:"
            " a new command needs a new id"
            f" (command {command_id}, {name})"
        )
        self.command_id, self.name = UUID(str(command_id)), name


class CommandDead(Permanent):
    """A command failed for good. `receipt` says why; `cqrs dead-letters` shows and retries it."""

    def __init__(self, receipt: Receipt | Mapping[str, Any]) -> None:
        self.receipt = receipt if isinstance(receipt, Receipt) else Receipt.from_json(receipt)
        about = f"command {self.receipt.command_id}, {self.receipt.name}"
        super().__init__(f"{self.receipt.error} ({about})")
        self.args = (self.receipt.to_json(),)
