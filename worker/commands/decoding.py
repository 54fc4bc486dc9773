"""From the wire to a typed command: validation, size, permission, and what the handler needs.

The same checks run before a command is published and again in the worker, because a client in
another language publishes without us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

import orjson
from celery.exceptions import SoftTimeLimitExceeded
from pydantic import ValidationError

from worker.base.encoding import canonical, fingerprint
from worker.base.registry import Registry
from worker.base.settings import get_settings
from worker.base.validation_errors import by_field, unstorable, without_json_form
from worker.commands.errors import BrokenFunction, InvalidCommand, Undecidable, UnknownCommand
from worker.commands.load_plan import Load
from worker.commands.state import State, Work
from worker.contracts import Actor, Command, Envelope, Refusal

Handler: TypeAlias = Callable[[Any, State, Work], Any]
Needs: TypeAlias = Callable[[Any], Iterable[Load]]
MaySend: TypeAlias = Callable[[Actor], bool]
R = TypeVar("R")


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
    """A command ready to be decided; or why it will not be: in `refusal` what is wrong with it,
    in `fault` what is wrong with the code."""

    envelope: Envelope
    payload_hash: bytes
    command: Command | None = None
    handler: Handler | None = None
    needs: tuple[Load, ...] = ()
    refusal: InvalidCommand | Refusal | None = None
    fault: Undecidable | None = None


def decode(envelope: Envelope) -> Decoded:
    """Check a command off the wire. What is wrong becomes its refusal or its fault."""
    try:
        return _decoded(envelope)
    except (InvalidCommand, Refusal) as refusal:
        return replace(undeclared(envelope), refusal=refusal)
    except Undecidable as fault:
        return replace(undeclared(envelope), fault=fault)


def _decoded(envelope: Envelope) -> Decoded:
    spec = find_command(envelope.name)
    model = f"the model {spec.model.__name__}"
    command, wire = _call(model, spec.name, lambda: validate(spec, envelope.payload))
    _call("`may_send`", spec.name, lambda: _authorize(spec, envelope.actor))
    needs = _call("`needs`", spec.name, lambda: tuple(spec.needs(command)))
    return Decoded(envelope, fingerprint(wire), command, spec.handler, needs)


def _call(function: str, name: str, call: Callable[[], R]) -> R:
    """Call what a command declares. Raises BrokenFunction for what should not have been raised."""
    try:
        return call()
    except (InvalidCommand, Refusal, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        raise BrokenFunction(function, name, type(error).__name__) from error


def undeclared(envelope: Envelope) -> Decoded:
    """What no handler decides on, as it came: an event task, or what cannot be read."""
    return Decoded(envelope, _hash_of_anything(envelope.payload))


def find_command(name: str) -> CommandSpec:
    """The command of this name. Raises UnknownCommand, with the name that may have been meant."""
    spec = commands.get(name)
    if spec is None:
        raise UnknownCommand(name, commands.hint(name))
    return spec


def validate(spec: CommandSpec, payload: Any) -> tuple[Command, bytes]:
    """A payload off the wire as its model and as canonical bytes.

    Raises InvalidCommand, naming every wrong field.
    """
    if not isinstance(payload, Mapping):
        what = f"is {'null' if payload is None else f'a {type(payload).__name__}'}"
        raise InvalidCommand(spec.name, {"payload": f"{what}; an object is wanted"})
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
        raise InvalidCommand(name, _unfit(payload)) from None


def _unfit(payload: Mapping[str, Any]) -> dict[str, str]:
    """Why a payload cannot be written down."""
    try:
        return without_json_form(payload) or {"payload": "has a value that JSON cannot hold"}
    except RecursionError:
        return {"payload": "is nested too deep"}


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


def _hash_of_anything(payload: Mapping[str, Any]) -> bytes:
    """A payload that cannot be read still needs a fingerprint: its receipt says it was refused."""
    try:
        return fingerprint(canonical(payload))
    except TypeError:
        return fingerprint(_text_of_anything(payload).encode("utf-8", "surrogatepass"))


def _text_of_anything(payload: Any) -> str:
    try:
        return repr(sorted(payload.items()) if isinstance(payload, Mapping) else payload)
    except (RecursionError, TypeError):
        return type(payload).__name__
