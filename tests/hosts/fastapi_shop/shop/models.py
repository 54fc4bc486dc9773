"""The shop's own tables, in its own schema, under its own migrations."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import sqlalchemy as sa
from psycopg.types.json import set_json_loads
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shop.settings import DATABASE

exact: Callable[[str], Any] = partial(json.loads, parse_float=Decimal)
"""The shop counts with Decimals, in JSON too: for its whole process."""
set_json_loads(exact)

url = DATABASE.replace("postgresql://", "postgresql+psycopg://")
engine = sa.create_engine(url, json_deserializer=exact)
async_engine = create_async_engine(url, json_deserializer=exact)


class Base(DeclarativeBase):
    pass


class Basket(Base):
    __tablename__ = "baskets"

    basket_id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    total: Mapped[Decimal] = mapped_column(sa.Numeric(12, 2))
    details: Mapped[Any] = mapped_column(JSONB)
