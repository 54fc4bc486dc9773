"""The arguments of a call: what may stand where in `.delay()`, ids, headers, broker errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

from worker.base.server_errors import server_errors, unavailable
from worker.base.settings import get_settings
from worker.commands.errors import InvalidCommand
from worker.contracts import Command, Status, is_receipt

if TYPE_CHECKING:
    from worker.commands.command_result import CommandResult

After = Iterable["CommandResult | UUID | str"]
HEADER = "cqrs"
"""The message header that holds the actor, the fingerprint of what was given, `after`, what stops
the command, and how often it was rescheduled."""
_ADVICE = "Check CQRS_BROKER_URL, or start the embedded servers with `cqrs up`."


def payload_of(
    name: str, args: Sequence[Any] | None, fields: Mapping[str, Any] | None
) -> Command | Mapping[str, Any]:
    """The payload of a call: one model, or fields; never both.

    What the commands before this one came to (see `is_passed_on`) is passed over. Raises
    InvalidCommand.
    """
    models = [value for value in args or () if not is_passed_on(value)]
    if not models:
        return fields or {}
    if len(models) == 1 and not fields and isinstance(models[0], Command | Mapping):
        return models[0]
    raise InvalidCommand(name, {"payload": "give either one model or fields by name"})


def no_positional(name: str, args: Sequence[Any]) -> None:
    """Refuse positional values off the wire, except receipts. Raises InvalidCommand."""
    if not all(map(is_passed_on, args)):
        raise InvalidCommand(name, {"payload": "send the fields as keyword arguments"})


def is_passed_on(value: object) -> bool:
    """Whether Celery has put this in front: what the tasks before this one came to.

    That is a receipt; after a group a list, with a receipt for each command in it. It is no
    payload: what a command takes from those before it, it reads from the database.
    """
    return isinstance(value, list | tuple) or is_receipt(value)


def holds_receipts(value: object) -> bool:
    """Whether this is what commands came to: a receipt, or a list with one in it."""
    if isinstance(value, list | tuple):
        return any(map(holds_receipts, value))
    return is_receipt(value)


def stopper(args: Sequence[Any] | None) -> str | None:
    """The id of a command in front that did not succeed: what depends on it is not run."""
    for value in args or ():
        if isinstance(value, list | tuple):
            if found := stopper(value):
                return found
        elif is_receipt(value) and value["status"] != Status.SUCCEEDED:
            return str(value["command_id"])
    return None


def ids_of(after: After) -> list[str]:
    """Commands named by handle or id, as they travel. Raises InvalidCommand for what is no id."""
    return [str(as_uuid(getattr(command, "id", command), "after")) for command in after]


def as_uuid(value: object, field: str = "id") -> UUID:
    """A command id. Raises InvalidCommand, saying what is wanted."""
    try:
        return value if isinstance(value, UUID) else UUID(str(value))
    except ValueError:
        raise InvalidCommand("?", {field: f"{value!r} is no UUID; a command id is one"}) from None


@contextmanager
def broker_errors() -> Iterator[None]:
    """Say which broker is away, or full, and what to do, instead of a socket's complaint."""
    try:
        yield
    except server_errors() as error:
        raise unavailable("the broker", get_settings().servers.broker, error, _ADVICE) from None
