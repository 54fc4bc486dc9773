"""What a caller leaves out of a payload, and what stands there instead.

    an id (a UUID with a factory)    derived from the command's id and the field's place: the same
                                     every time, in every process; it begins like the command's id
    another field with a factory     drawn once, when the command is sent
    a field with a plain default     not sent: the worker's model has it

The fingerprint of a command is of what its caller gave, before any of this: who repeats a call
under its own id repeats it, and a release that adds a field with a default changes no fingerprint.

A model that a caller has built shows the ids that were drawn for it. They are sent as they are
shown, never replaced; they count as left out all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel

from worker.contracts.values import derived_uuid, may_be_derived

M = TypeVar("M", bound=BaseModel)
_EXACT = (str, int, Decimal, UUID, date, time, timedelta, Enum, NoneType, BaseModel)
"""What is no float, nor can hold one."""


class _Drawing(NamedTuple):
    """Where a model has something to draw: fields (is it an id?), and those with models inside."""

    fields: tuple[tuple[str, bool], ...]
    inside: tuple[str, ...]


class _Place(NamedTuple):
    """A field with a factory, somewhere in a payload."""

    owner: BaseModel
    field: str
    path: tuple[str | int, ...]
    is_id: bool

    @property
    def given(self) -> bool:
        return self.field in self.owner.model_fields_set

    def derived(self, command_id: UUID) -> UUID:
        return derived_uuid(command_id, ".".join(map(str, self.path)))

    def is_as_derived(self, command_id: UUID) -> bool:
        value = self.owner.__dict__[self.field]
        return may_be_derived(command_id, value) and value == self.derived(command_id)


def given(payload: BaseModel, command_id: UUID | None = None) -> dict[str, Any]:
    """What the caller gave, as Python values. An id as it would have been derived is not given."""
    values = payload.model_dump(exclude_unset=True, by_alias=False)
    if command_id is not None:
        for place in _places(payload):
            if place.is_id and place.given and place.is_as_derived(command_id):
                _without(values, place.path)
    return values


def complete(payload: BaseModel, command_id: UUID | None) -> None:
    """Fill in what was left out and has no plain default. For a model that nobody has seen yet.

    Without a command id the ids stay open: whoever knows it derives them.
    """
    for place in list(_places(payload)):
        if place.given:
            continue
        if place.is_id:
            if command_id is None:
                continue
            place.owner.__dict__[place.field] = place.derived(command_id)
        place.owner.model_fields_set.add(place.field)


def as_shown(payload: M) -> M:
    """A copy of a caller's model in which all that was drawn for it counts as given."""
    if not any(_drawing(type(payload))):
        return payload
    shown = payload.model_copy(deep=True)
    for place in list(_places(shown)):
        place.owner.model_fields_set.add(place.field)
    return shown


@lru_cache(maxsize=1_024)
def may_hold_floats(model: type[BaseModel]) -> bool:
    """Whether a number in such a payload may be a float; where it cannot be told, it may."""
    models = _reached({model})
    leaves = [
        leaf
        for one in models
        for field in one.model_fields.values()
        for leaf in _leaves(field.annotation)
    ]
    loose = any(one.model_config.get("extra") == "allow" for one in models)
    return loose or not all(isinstance(leaf, type) and issubclass(leaf, _EXACT) for leaf in leaves)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[_Place]:
    """Every field with a factory in a payload, those of models inside it too."""
    if isinstance(value, BaseModel):
        drawing = _drawing(type(value))
        for field, is_id in drawing.fields:
            yield _Place(value, field, (*path, field), is_id)
        for field in drawing.inside:
            yield from _places(value.__dict__[field], (*path, field))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _places(inner, (*path, number))


def _without(values: Any, path: tuple[str | int, ...]) -> None:
    *way, field = path
    for step in way:
        values = values[step]
    del values[field]


@lru_cache(maxsize=1_024)
def _drawing(model: type[BaseModel]) -> _Drawing:
    inside = {name: set(_models(field.annotation)) for name, field in model.model_fields.items()}
    return _Drawing(_drawn(model), tuple(name for name, inner in inside.items() if _draws(inner)))


def _drawn(model: type[BaseModel]) -> tuple[tuple[str, bool], ...]:
    fields = {name: one for name, one in model.model_fields.items() if one.default_factory}
    return tuple((name, _is_id(field.annotation)) for name, field in fields.items())


def _draws(models: set[type[BaseModel]]) -> bool:
    """Whether one of these, or of those inside them, has something to draw."""
    return any(map(_drawn, _reached(models)))


def _reached(models: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """These models and all those inside them, however deep."""
    seen: set[type[BaseModel]] = set()
    while models:
        seen |= models
        fields = [field for model in models for field in model.model_fields.values()]
        models = {inner for field in fields for inner in _models(field.annotation)} - seen
    return seen


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _leaves(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of, but for containers and what stands beside a type."""
    annotation = getattr(annotation, "__supertype__", annotation)
    match get_origin(annotation):
        case None:
            yield annotation
        case kind if kind is Literal:
            yield from map(type, get_args(annotation))
        case kind if kind is Annotated:
            yield from _leaves(get_args(annotation)[0])
        case _:
            for inner in get_args(annotation):
                yield from () if inner is ... else _leaves(inner)


def _is_id(annotation: Any) -> bool:
    """Whether it is a UUID, under whatever name, or one that may be left out."""
    annotation = getattr(annotation, "__supertype__", annotation)  # a NewType
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return any(map(_is_id, get_args(annotation)))
    return isinstance(annotation, type) and issubclass(annotation, UUID)
