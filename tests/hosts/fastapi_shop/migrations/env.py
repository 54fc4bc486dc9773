"""The shop's Alembic, which looks into every schema and leaves the engine's alone."""

from __future__ import annotations

import os

from alembic import context
from shop.models import Base, engine

ENGINE = {"cqrs", "command", "query"}


def include_name(name: str | None, type_: str, parents: object) -> bool:
    """Do not even look into the engine's schemas."""
    return type_ != "schema" or name not in ENGINE


with engine.connect() as connection:
    options = {} if os.environ.get("SHOP_WITHOUT_ADVICE") else {"include_name": include_name}
    context.configure(
        connection=connection, target_metadata=Base.metadata, include_schemas=True, **options
    )
    with context.begin_transaction():
        context.run_migrations()
