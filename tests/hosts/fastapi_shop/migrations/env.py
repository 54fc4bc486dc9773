"""The shop's Alembic, which looks into every schema and leaves the engine's alone."""

from __future__ import annotations

import os

from alembic import context
from shop.models import Base, engine

ENGINE = {"cqrs", "command", "query"}


def include_name(name: str | None, type_: str, parents: object) -> bool:
    """Do not even look into the engine's schemas."""
    return type_ != "schema" or name not in ENGINE


def include_object(
    item: object, name: str | None, type_: str, reflected: bool, other: object
) -> bool:
    """Leave alone what is in the engine's schemas."""
    table = item if type_ == "table" else getattr(item, "table", None)
    return getattr(table, "schema", None) not in ENGINE


ADVICE = {"include_name": include_name, "include_object": include_object}

with engine.connect() as connection:
    followed = os.environ.get("SHOP_ADVICE", "include_name")
    options = {name: each for name, each in ADVICE.items() if name == followed}
    context.configure(
        connection=connection, target_metadata=Base.metadata, include_schemas=True, **options
    )
    with context.begin_transaction():
        context.run_migrations()
