"""From the wire to a typed command: validation, size, permission, and what the handler needs.

The same checks run before a command is published and again in the worker, because a client in
another language publishes without us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar, cast

import orjson
from pydantic import ValidationError

from worker.base.encoding import canonical, fingerprint, fingerprint_of
from worker.base.registry import Registry
from worker.base.settings import get_settings
from worker.base.validation_errors import by_field, unstorable
from worker.commands.errors import InvalidCommand, UnknownCommand
from worker.commands.load_plan import Load
from worker.commands.state import State, Work
from worker.contracts import Actor, Command, Envelope, Message, Refusal

M = TypeVar("M", bound=Message)

Handler: TypeAlias = Callable[[Any, State, Work], Any]
Needs: TypeAlias = Callable[[Any], Iterable[Load]]
MaySend: TypeAlias = Callable[[Actor], bool]


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A declared command: its name, its payload's model, what handles it, who may send it."""

    name: str
    model: type[Command]
    handler: Handler
    needs: Needs
    may_send: MaySend
    purpose: str
    emits: tuple[str, ...] = ()
    secret: frozenset[str] = frozenset()

    def hidden(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A payload that may be shown: without what its secret fields hold."""
        return {field: "***" if field in self.secret else v for field, v in payload.items()}

    def shown(self, payload: Mapping[str, Any]) -> str:
        """A payload as logs and Flower show it: shortened, and without its secrets."""
        text = repr(self.hidden(payload))
        return text if len(text) <= 1_024 else text[:1_021] + "..."


commands: Registry[CommandSpec] = Registry("command")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A command ready to be decided; or, in `refusal`, why it will not be."""

    envelope: Envelope
    payload_hash: bytes
    command: Command | None = None
    handler: Handler | None = None
    needs: tuple[Load, ...] = ()
    refusal: InvalidCommand | Refusal | None = None


def model_class(name: str, model: Callable[..., M], base: type[Message]) -> type[M]:
    """A declaration's model, which type checkers were given as what its constructor takes.

    Raises TypeError for what is no class of messages.
    """
    if not (isinstance(model, type) and issubclass(model, base)):
        raise TypeError(f"the model is a class made of {base.__name__} ({name}: {model!r})")
    return cast("type[M]", model)


def decode(envelope: Envelope) -> Decoded:
    """Check a command off the wire. Never raises: what is wrong becomes its refusal."""
    try:
        spec = find_command(envelope.name)
        command, wire = validate(spec, envelope.payload)
        _authorize(spec, envelope.actor)
    except (InvalidCommand, Refusal) as refusal:
        return replace(undeclared(envelope), refusal=refusal)
    return Decoded(envelope, fingerprint(wire), command, spec.handler, tuple(spec.needs(command)))


def undeclared(envelope: Envelope) -> Decoded:
    """What no handler decides on, as it came: an event task, or what cannot be read."""
    return Decoded(envelope, fingerprint_of(envelope.payload))


def find_command(name: str) -> CommandSpec:
    """The command of this name. Raises UnknownCommand, with the name that may have been meant."""
    spec = commands.get(name)
    if spec is None:
        raise UnknownCommand(name, commands.hint(name))
    return spec


def validate(spec: CommandSpec, payload: Mapping[str, Any]) -> tuple[Command, bytes]:
    """A payload off the wire as its model and as canonical bytes.

    Raises InvalidCommand, naming every wrong field.
    """
    try:
        wire = _wire(spec.name, payload)
    except InvalidCommand:
        _model(spec, payload)  # says which field, where one is to blame
        raise
    _check_wire(spec.name, wire, payload)
    return _model(spec, payload), wire


def prepare(spec: CommandSpec, payload: Command | Mapping[str, Any]) -> dict[str, Any]:
    """A producer's payload, checked, as it goes on the wire: plain JSON values.

    Raises InvalidCommand, naming every wrong field.
    """
    if isinstance(payload, Mapping):
        _check_size(spec.name, _rough_size(payload))
        payload = _model(spec, payload)
    elif not isinstance(payload, spec.model):
        what = f"is a {type(payload).__name__}; a {spec.model.__name__} is wanted"
        raise InvalidCommand(spec.name, {"payload": what})
    wire = payload.model_dump(mode="json")
    _check_wire(spec.name, _wire(spec.name, wire), wire)
    return wire


def _wire(name: str, payload: Mapping[str, Any]) -> bytes:
    try:
        return canonical(payload)
    except TypeError:
        faults = unstorable(payload) or {"payload": "has a value that JSON cannot hold"}
        raise InvalidCommand(name, faults) from None


def _rough_size(payload: Mapping[str, Any]) -> int:
    """How many bytes a payload would be on the wire, before anybody has looked at its fields."""
    try:
        return len(orjson.dumps(payload, default=str, option=orjson.OPT_NON_STR_KEYS))
    except TypeError:
        return len(repr(payload))  # a number of more than 64 bits, say: validation names the field


def _model(spec: CommandSpec, payload: Mapping[str, Any]) -> Command:
    try:
        return spec.model.model_validate(payload)
    except ValidationError as error:
        raise InvalidCommand(spec.name, by_field(error)) from None


def _check_wire(name: str, wire: bytes, payload: Mapping[str, Any]) -> None:
    _check_size(name, len(wire))
    if rb"\u0000" in wire:
        fields = unstorable(payload)
        if fields:  # else it is the six characters of an escape, spelled out by somebody
            raise InvalidCommand(name, fields)


def _check_size(name: str, size: int) -> None:
    limit = get_settings().max_payload_bytes
    if size > limit:
        advice = f"is {size} bytes; at most {limit} are allowed (CQRS_MAX_PAYLOAD_BYTES)"
        raise InvalidCommand(name, {"payload": advice})


def _authorize(spec: CommandSpec, actor: Actor) -> None:
    if not spec.may_send(actor):
        raise Refusal(
            f"{actor.name} may not send {spec.name}", roles=", ".join(sorted(actor.roles)) or "none"
        )
