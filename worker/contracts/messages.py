"""The base of everything that travels or is shown: commands, events, rows of answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict

from worker.contracts import event_versions


class Message(BaseModel):
    """Base of everything that travels: immutable, and no field that was not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def shared_with(self, other: type[Message], *but: str) -> dict[str, Any]:
        """The fields that another message has under the same names, but for some, as they are.

        `OrderCreated(**command.shared_with(OrderCreated), total=...)`: what a command says and its
        event repeats needs no line of its own.
        """
        return {name: getattr(self, name) for name in _shared(type(self), other, but)}


@lru_cache(maxsize=1_024)
def _shared(one: type[Message], other: type[Message], but: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that both have, but for some."""
    return tuple(n for n in one.model_fields if n in other.model_fields and n not in but)


class Command(Message):
    """Base of commands: named in the imperative, `CreateOrder`."""


class Event(Message):
    """Base of events: named in the past tense, `OrderCreated`.

    `type` is the name in the log. It is written out, never derived, so that a renamed class
    still reads its old events; `former_types` are the names that it had there before.
    `schema_version` counts changes of the event's fields; what was logged before one is read by an
    upcaster (event_versions.py).
    """

    type: ClassVar[str]
    schema_version: ClassVar[int] = 1
    former_types: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        """Refuse a field that would stand where the log looks for the name, or the version."""
        super().__pydantic_init_subclass__(**options)
        for name in ("type", "schema_version", "former_types"):
            if name in cls.model_fields:
                raise TypeError(
                    f"`{name}` belongs to the class, for the log:"
                    f" write `{name}: ClassVar`, or give the field another name"
                    f" ({cls.__name__}.{name})"
                )
        if "type" in vars(cls):
            event_versions.declare(cls)

    def payload(self) -> dict[str, Any]:
        """The event as plain JSON values: ids and decimals as strings."""
        return self.model_dump(mode="json")


class ReadRow(BaseModel):
    """Base of what queries return: a row of a read model, immutable, by attribute or by name.

    `class ProductRevenue(ReadRow, key="product_id")` names the column, or columns, that tell its
    rows apart, so that pages of them have an order. The row of a read table has the table's key.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    __row_key__: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, key: str | tuple[str, ...] = (), **options: Any) -> None:
        super().__init_subclass__(**options)
        if key:
            cls.__row_key__ = (key,) if isinstance(key, str) else key

    @classmethod
    def __pydantic_init_subclass__(cls, *, key: object = (), **options: Any) -> None:
        """Refuse a key that is no field."""
        super().__pydantic_init_subclass__(**options)
        if unknown := sorted(set(cls.__row_key__) - cls.model_fields.keys()):
            raise TypeError(f"no such field (key {', '.join(unknown)}, {cls.__name__})")

    def __getitem__(self, field: str) -> Any:
        """`row["total"]` is `row.total`."""
        if field not in type(self).model_fields:
            raise KeyError(field)
        return getattr(self, field)


def models_in(annotation: Any, seen: frozenset[type[BaseModel]] = frozenset()) -> Iterator[Any]:
    """The models in a type, and those inside their fields."""
    is_model = isinstance(annotation, type) and issubclass(annotation, BaseModel)
    if is_model and annotation not in seen:
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation, seen | {annotation})
    for inner in get_args(annotation):
        yield from models_in(inner, seen)
