"""A read model's columns, declared once: the class of its rows is its table as well.

    Cents = Annotated[Decimal, sa.Numeric(14, 2)]

    class OrderSummary(ReadRow):
        order_id: UUID
        total: Cents
        cancellation_reason: str | None

    order_summaries = read_table(OrderSummary, metadata, "order_summaries", key="order_id")

Projections write the table, queries answer with the class, migrations create the one from the
other. A new column is one line here. SQLAlchemy is loaded with this module and by nothing else of
the contracts.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

_KINDS: tuple[tuple[type, type[TypeEngine[Any]] | TypeEngine[Any]], ...] = (
    (bool, sa.Boolean),
    (int, sa.Integer),
    (str, sa.Text),  # an enumeration of texts is one
    (UUID, sa.Uuid),
    (datetime, sa.DateTime(timezone=True)),
    (date, sa.Date),
    (dict, JSONB),
    (list, JSONB),
    (tuple, JSONB),
    (BaseModel, JSONB),
)
"""What a column of each Python type is, the first that fits."""


def read_table(
    model: type[BaseModel],
    metadata: sa.MetaData,
    name: str,
    *indexes: sa.Index,
    key: str,
    version: int = 1,
    **options: Any,
) -> sa.Table:
    """The table of a read model: a column for each field of its rows, in their order.

    A type stands in the annotation where Python's says too little or the wrong thing
    (`Annotated[Decimal, sa.Numeric(14, 2)]`; an `int` has 32 bits, else `sa.BigInteger`); the types
    of `worker.contracts` (`Money`) know theirs. `key` names the primary key; `version` counts
    changes of the columns, and a projection over this table takes it from here. `options` are
    SQLAlchemy's. Raises TypeError
    for a field whose column nobody can tell, and ValueError for a key that is no field.
    """
    if key not in model.model_fields:
        raise ValueError(f"no such field (key {key}, {model.__name__})")
    columns = [
        # No number is drawn for a key: events say it, and a rebuild's table would hang on the
        # sequence of the table that it replaces.
        sa.Column(field, kind, primary_key=field == key, nullable=nullable, autoincrement=False)
        for field, info in model.model_fields.items()
        for kind, nullable in [_column_of(model, field, info)]
    ]
    _tell_apart_by(model, key)
    return sa.Table(name, metadata, *columns, *indexes, info={"version": version}, **options)


def _tell_apart_by(model: type[BaseModel], key: str) -> None:
    """Note the key with the class of the rows: queries put equal rows in its order."""
    known: tuple[str, ...] = getattr(model, "__row_key__", ())
    if key not in known:  # of a class that two tables have, both keys together
        model.__row_key__ = (*known, key)  # type: ignore[attr-defined]


def named(table: sa.Table, source: BaseModel, /, **more: Any) -> dict[str, Any]:
    """A row of the fields of `source` that have the names of columns, and of `more`.

    So an event's field that a table has a column for needs no line of its own. Of a model its
    fields count alone: a column `type` or `copy` is not what every event has under that name.
    """
    own = {name: getattr(source, name) for name in _shared(table, type(source))}
    return own | more


@lru_cache(maxsize=1_024)
def _shared(table: sa.Table, source: type[BaseModel]) -> tuple[str, ...]:
    """The names that a table's columns and a model's fields have in common."""
    return tuple(name for name in map(str, table.c.keys()) if name in source.model_fields)


def _column_of(
    model: type[BaseModel], field: str, info: FieldInfo
) -> tuple[type[TypeEngine[Any]] | TypeEngine[Any], bool]:
    """A field's column type, and whether it may be NULL."""
    python, nullable = info.annotation, False
    metadata = list(info.metadata)
    if get_origin(python) in (Union, UnionType):
        kinds = [kind for kind in get_args(python) if kind is not NoneType]
        nullable = len(kinds) < len(get_args(python))
        python = kinds[0] if len(kinds) == 1 else python
    if get_origin(python) is Annotated:  # within `| None`; else pydantic has taken it apart
        python, *more = get_args(python)
        for one in more:
            metadata += one.metadata if isinstance(one, FieldInfo) else [one]
    if named := [kind for kind in metadata if isinstance(kind, TypeEngine)]:
        return named[0], nullable
    if digits := [one for one in metadata if getattr(one, "max_digits", None)]:
        return sa.Numeric(digits[0].max_digits, digits[0].decimal_places), nullable
    origin = get_origin(python) or python
    for kind, column in _KINDS:
        if isinstance(origin, type) and issubclass(origin, kind):
            return column, nullable
    raise TypeError(
        f"no column fits this type: name one, Annotated[..., sa.Numeric(14, 2)]"
        f" ({model.__name__}.{field}: {python})"
    )
