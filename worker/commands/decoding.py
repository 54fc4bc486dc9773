"""From the wire to a typed command: validation, size, permission, and what the handler needs.

The same checks run before a command is published and again in the worker, because a client in
another language publishes without us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias, TypeVar, cast
from uuid import UUID

import orjson
from celery.exceptions import SoftTimeLimitExceeded
from pydantic import ValidationError

from worker.base import secrets
from worker.base.encoding import canonical, fingerprint, first_fingerprint, is_fingerprint
from worker.base.registry import Registry
from worker.base.rights import Right, allows, looks_at, why_not
from worker.base.settings import get_settings
from worker.base.validation_errors import by_field, unstorable, without_json_form
from worker.commands.errors import BrokenFunction, InvalidCommand, Undecidable, UnknownCommand
from worker.commands.left_out import as_shown, complete, given, may_hold_floats
from worker.commands.load_plan import Load
from worker.commands.state import State, Work
from worker.contracts import Command, Envelope, Message, Refusal, RefusalKind
from worker.contracts.personal import personal_fields

M = TypeVar("M", bound=Message)
C = TypeVar("C", bound=Command)

Handler: TypeAlias = Callable[[Any, State, Work], Any]
Needs: TypeAlias = Callable[[Any], Iterable[Load]]
Prepare: TypeAlias = Callable[[Any], Mapping[str, Any]]
R = TypeVar("R")


@dataclass(frozen=True)
class CommandSpec:
    """A declared command: its name, its payload's model, what handles it, who may send it.

    What follows from these is worked out once: each command that is sent or run asks for it.
    """

    name: str
    model: type[Command]
    handler: Handler
    needs: Needs
    may_send: Right | None
    purpose: str
    emits: tuple[str, ...] = ()
    secret: frozenset[str] = frozenset()
    storable: frozenset[str] = frozenset()
    prepare: Prepare | None = None
    batch: bool = True

    @cached_property
    def concealed(self) -> frozenset[str]:
        """Fields that no log shows, and that tell no command from another: secret and personal."""
        return self.secret.union(personal_fields(self.model))

    @cached_property
    def not_kept(self) -> frozenset[str]:
        """Fields that are not kept once the command is dead."""
        return self.unstored.union(personal_fields(self.model))

    @cached_property
    def unstored(self) -> frozenset[str]:
        """Secret fields that may not stand in clear in any table."""
        return self.secret - self.storable

    def unstorable(self, payload: Any) -> list[str]:
        """Those of them that this payload holds."""
        if not self.unstored or not isinstance(payload, Mapping):
            return []
        return sorted(field for field in self.unstored if payload.get(field) not in (None, ""))

    def hidden(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """A payload that may be shown: without what its secret and personal fields hold."""
        return {field: "***" if field in self.concealed else v for field, v in payload.items()}

    def fingerprint(self, given: Mapping[str, Any]) -> bytes:
        """Tells what a caller gave from anything else; what its secret and personal fields hold
        stays out: it could be guessed from its fingerprint, which is kept."""
        shown = {f: v for f, v in given.items() if f not in self.concealed}
        return fingerprint(self.name, shown, floats=may_hold_floats(self.model))

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


def model_class(name: str, model: Callable[..., M], base: type[Message]) -> type[M]:
    """A declaration's model, which type checkers were given as what its constructor takes.

    Raises TypeError for what is no class of messages.
    """
    if not (isinstance(model, type) and issubclass(model, base)):
        raise TypeError(f"the model is a class made of {base.__name__} ({name}: {model!r})")
    return cast("type[M]", model)


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
    if lost := secrets.not_kept(envelope.payload):
        raise Refusal(secrets.SEND_ANEW, kind=RefusalKind.VALIDATION, fields=", ".join(lost))
    model = f"the model {spec.model.__name__}"
    command = _call(model, spec.name, lambda: validate(spec, envelope.payload))
    _call("`may_send`", spec.name, lambda: _authorize(spec, envelope, command))
    print_ = fingerprint_of(envelope, command)
    if spec.prepare is not None:
        command = _call("`prepare`", spec.name, lambda: _ready(spec, command))
        envelope = _with_ready(spec, envelope, command)
    _call(model, spec.name, lambda: complete(command, envelope.id))
    needs = _call("`needs`", spec.name, lambda: tuple(spec.needs(command)))
    return Decoded(envelope, print_, command, spec.handler, needs)


def _ready(spec: CommandSpec, command: C) -> C:
    """A command with what `prepare` makes of its secret fields; of what it has made it makes the
    same again. Raises TypeError for a `prepare` that changes anything else."""
    assert spec.prepare is not None
    changes = dict(spec.prepare(command))
    ready = command.model_copy(update=changes)
    if not spec.secret.issuperset(changes):
        raise TypeError("`prepare` changes secret fields alone: a fingerprint holds the others")
    if dict(spec.prepare(ready)) != changes:
        raise TypeError("`prepare` leaves what it has made as it is: the worker calls it again")
    return ready


def _with_ready(spec: CommandSpec, envelope: Envelope, command: Command) -> Envelope:
    """The envelope as it is kept, or sent again: with what was made ready."""
    ready = command.model_dump(mode="json", include=set(spec.secret), exclude_unset=True)
    return replace(envelope, payload={**envelope.payload, **ready})


def ready(envelope: Envelope) -> Envelope:
    """A command off the wire with its secret fields made ready, so that nothing of ours holds them
    as they came: what is sent on, put off or kept is this."""
    spec = commands.get(envelope.name)
    return envelope if spec is None or spec.prepare is None else decode(envelope).envelope


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
    return Decoded(envelope, fingerprint_of(envelope))


def fingerprint_of(envelope: Envelope, command: Command | None = None) -> bytes:
    """What tells a command from others, by whatever door it came: its name and what was given.

    What is no payload of its command, or cannot be read since the code is broken, still has one:
    its receipt says what became of it. `command` is its model, if it was read already. Raises
    nothing but SoftTimeLimitExceeded.
    """
    if envelope.fingerprint is not None:
        return envelope.fingerprint
    spec, payload = commands.get(envelope.name), envelope.payload
    if spec is None or not isinstance(payload, Mapping):
        return fingerprint(envelope.name, payload)
    try:
        model = _model(spec, payload) if command is None else command
        return spec.fingerprint(given(model, envelope.id))
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        return spec.fingerprint(payload)


def stands_for(stored: bytes, envelope: Envelope, print_: bytes) -> bool:
    """Whether a receipt with this fingerprint is that of this command.

    A receipt without one stands for whatever has its id: nobody knew the payload who wrote it. One
    of release 0.1 holds the payload's with all its defaults.
    """
    if not stored or is_fingerprint(stored):
        return not stored or stored == print_
    return stored in _first_fingerprints(envelope)


def _first_fingerprints(envelope: Envelope) -> Iterator[bytes]:
    spec = commands.get(envelope.name)
    try:
        yield first_fingerprint(canonical(envelope.payload))
        if spec is not None:
            command = _model(spec, envelope.payload)
            complete(command, envelope.id)
            yield first_fingerprint(canonical(command.model_dump(mode="json")))
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        return  # what cannot be read or written down has no other


def find_command(name: str) -> CommandSpec:
    """The command of this name. Raises UnknownCommand, with the name that may have been meant."""
    spec = commands.get(name)
    if spec is None:
        raise UnknownCommand(name, commands.hint(name))
    return spec


def validate(spec: CommandSpec, payload: Any) -> Command:
    """A payload off the wire as its model. Raises InvalidCommand, naming every wrong field."""
    if not isinstance(payload, Mapping):
        what = f"is {'null' if payload is None else f'a {type(payload).__name__}'}"
        raise InvalidCommand(spec.name, {"payload": f"{what}; an object is wanted"})
    try:
        wire = _wire(spec.name, payload)
    except InvalidCommand:
        _model(spec, payload)  # says which field, where one is to blame
        raise
    _check_wire(spec.name, wire, payload)
    return _model(spec, payload)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A producer's payload, checked: as it goes on the wire, and the fingerprint of what it is."""

    wire: dict[str, Any]
    fingerprint: bytes


def prepare(
    spec: CommandSpec, payload: Command | Mapping[str, Any], command_id: UUID | None = None
) -> Prepared:
    """A producer's payload, checked, as it goes on the wire: plain JSON values.

    With its command's id the ids that were left out are filled in; without it they stay out, and
    the worker derives the same ones. Raises InvalidCommand, naming every wrong field.
    """
    if isinstance(payload, Mapping):
        _check_size(spec.name, _rough_size(payload))
        model = _model(spec, payload)
        print_ = spec.fingerprint(given(model, command_id))
        complete(model, command_id)
    elif isinstance(payload, spec.model):
        print_ = spec.fingerprint(given(payload, command_id))
        model = as_shown(payload)
    else:
        what = f"is a {type(payload).__name__}; a {spec.model.__name__} is wanted"
        raise InvalidCommand(spec.name, {"payload": what})
    wire = model.model_dump(mode="json", exclude_unset=True)
    _check_wire(spec.name, _wire(spec.name, wire), wire)
    if spec.prepare is not None:
        wire = _ready(spec, model).model_dump(mode="json", exclude_unset=True)
    return Prepared(wire, print_)


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
        raise InvalidCommand(spec.name, by_field(error, secret=spec.concealed)) from None


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


def authorize(command: Decoded, state: State) -> None:
    """Ask a right that looks at what was loaded. Raises Refusal, BrokenFunction."""
    envelope = command.envelope
    spec = find_command(envelope.name)
    if spec.may_send is not None and looks_at(spec.may_send) > 2:
        _call("`may_send`", spec.name, lambda: _authorize(spec, envelope, command.command, state))


def _authorize(spec: CommandSpec, envelope: Envelope, *seen: object) -> None:
    actor = envelope.actor
    if allows(spec.may_send, actor, *seen) is False:
        raise Refusal(
            f"{actor.name} may not send {spec.name}{why_not('may_send', spec.may_send)}",
            kind=RefusalKind.NOT_ALLOWED,
            roles=", ".join(sorted(actor.roles)) or "none",
        )
