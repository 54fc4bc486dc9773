"""Personal fields: what may be forgotten. Whose a value is says another field of the same model.

    class RegisterUser(Command):
        user_id: UUID = Field(default_factory=uuid7)
        name: Annotated[Name, Personal("user_id")]

    class UserProfile(ReadRow):
        user_id: UUID
        name: Annotated[str, Personal("user_id")]

A handler is given such a field of its command sealed by the key of its subject (`Sealed`), and that
is what it puts into events and rows; whoever asks a query is given the value. Once the subject is
forgotten nobody is: `ERASED` stands for it. See worker/base/personal.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel

ERASED = "[erased]"
"""Stands in answers for what was forgotten."""


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a text field as personal; `subject` is the field that says whose it is."""

    subject: str


class Sealed(str):
    """A sealed value, as text. `digest` tells equal values apart from others, while it is here."""

    __slots__ = ("digest",)
    digest: str


def digest(value: str) -> str:
    """A digest of a value, the same whether it is sealed or not: for what has to be unique.

    It can be guessed by trying. Keep it in a write table alone, out of the audit, and empty it when
    its subject is forgotten.
    """
    if isinstance(value, Sealed):
        return value.digest
    return hashlib.sha256(value.encode()).hexdigest()


@lru_cache(maxsize=1_024)
def personal_fields(model: type[BaseModel]) -> dict[str, str]:
    """The personal fields of a model, each with the field of its subject.

    Raises TypeError for a subject that is no field.
    """
    found = {
        name: mark.subject
        for name, field in model.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, Personal)
    }
    if unknown := sorted(set(found.values()) - model.model_fields.keys()):
        raise TypeError(f"no such field: the subject of what is personal ({unknown[0]}, {model})")
    return found


def models_in(annotation: Any, seen: frozenset[type[BaseModel]] = frozenset()) -> Iterator[Any]:
    """The models in a type, and those inside their fields."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if is_model and annotation not in seen:
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation, seen | {annotation})
    for inner in get_args(annotation):
        yield from models_in(inner, seen)
