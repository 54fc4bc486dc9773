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
from dataclasses import dataclass
from functools import lru_cache

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
