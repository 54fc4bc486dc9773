"""What the domain says (commands, events), decides (rules) and stores (tables)."""

from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field
from worker.contracts import Command, Event, Name, ReadRow, Refusal, uuid7
from worker.contracts.tables import read_table


class AddItem(Command):
    """Add an item."""

    item_id: UUID = Field(default_factory=uuid7)
    name: Name


class ItemAdded(Event):
    """An item was added."""

    type: ClassVar[str] = "domain_name.ItemAdded"
    item_id: UUID
    name: str


def add_an_item(c: AddItem, existing: object) -> ItemAdded:
    """The rule: an item is added once. Raises Refusal."""
    if existing is not None:
        raise Refusal("this item is there already", item_id=c.item_id)
    return ItemAdded(item_id=c.item_id, name=c.name)


items = sa.Table(
    "domain_name_items",
    sa.MetaData(schema="command", info={"domain": "domain_name"}),
    sa.Column("item_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)


class Item(ReadRow):
    """An item as queries show it."""

    item_id: UUID
    name: str


read = sa.MetaData(schema="query", info={"domain": "domain_name"})
item_list = read_table(Item, read, "domain_name_item_list", key="item_id")
