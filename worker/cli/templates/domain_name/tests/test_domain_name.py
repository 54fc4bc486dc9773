"""The rule without a server, and the way from the command to the query on a real one."""

from worker.contracts import uuid7
from worker.testing import System, decide

from domain_name.commands import add_item
from domain_name.models import ItemAdded, items
from domain_name.queries import items_by_name

pytest_plugins = ["worker.testing.fixtures"]


def test_an_item_is_added_once() -> None:
    item_id = uuid7()
    first = decide(add_item, item_id=item_id, name="tea")
    assert first.events == [ItemAdded(item_id=item_id, name="tea")]

    there = {items: [{"item_id": item_id, "name": "tea"}]}
    again = decide(add_item, item_id=item_id, name="tea", rows=there)
    assert "this item is there already" in str(again.refusal)


def test_what_was_added_is_listed(cqrs: System) -> None:
    for name in ("tea", "coffee"):
        assert cqrs.run(add_item, name=name).succeeded
    cqrs.catch_up()
    assert [item.name for item in items_by_name.ask().data] == ["coffee", "tea"]
