"""The arguments of a call: what may stand where in `.delay()`, ids, headers, broker errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from worker.base.server_errors import SERVER_ERRORS, unavailable
from worker.base.settings import get_settings
from worker.commands.command_result import CommandResult
from worker.commands.errors import InvalidCommand
from worker.contracts import Command, is_receipt

After = Iterable["CommandResult | UUID | str"]
HEADER = "cqrs"
"""The message header that holds the actor, `after`, and how often the command was rescheduled."""
_ADVICE = "Check CQRS_BROKER_URL, or start the embedded servers with `cqrs up`."


def payload_of(
    name: str, args: Sequence[Any] | None, fields: Mapping[str, Any] | None
) -> Command | Mapping[str, Any]:
    """The payload of a call: one model, or fields; never both.

    A receipt in front is what the command before this one in a chain returned: it is passed over.
    Raises InvalidCommand.
    """
    models = [value for value in args or () if not is_receipt(value)]
    if not models:
        return fields or {}
    if len(models) == 1 and not fields and isinstance(models[0], Command | Mapping):
        return models[0]
    raise InvalidCommand(name, {"payload": "give either one model or fields by name"})


def no_positional(name: str, args: Sequence[Any]) -> None:
    """Refuse positional values off the wire, except a receipt. Raises InvalidCommand."""
    if any(not is_receipt(value) for value in args):
        raise InvalidCommand(name, {"payload": "send the fields as keyword arguments"})


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
    except SERVER_ERRORS as error:
        raise unavailable("the broker", get_settings().servers.broker, error, _ADVICE) from None
