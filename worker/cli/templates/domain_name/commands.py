"""What can be done: handlers, each one transaction with its events and its receipt."""

from worker import State, Work, command, lock

from .models import AddItem, ItemAdded, add_an_item, items


@command(
    "domain_name.add_item",
    AddItem,
    emits=(ItemAdded,),
    needs=lambda c: (lock(items, c.item_id),),
)
def add_item(c: AddItem, state: State, work: Work) -> dict[str, object]:
    """Adds an item."""
    event = add_an_item(c, existing=state.get(items, c.item_id))
    work.insert(items, {"item_id": c.item_id, "name": c.name})
    work.emit(f"domain_name.item-{c.item_id}", event)
    return {"item_id": c.item_id}
