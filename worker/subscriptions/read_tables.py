"""Which table stands behind each read model's view at this moment.

A rebuild puts a new table behind the view. The name of the live one stands in `cqrs.subscriptions`,
beside the checkpoint, and changes in the transaction that changes the view. A runner learns it with
the checkpoints, at every pass, and its lock on the checkpoint insists on the name it has learnt: a
batch that was meant for a table which has been replaced meanwhile is not written, but read again.

`shape` is the version of the projection for which the table was made. Code of another version
leaves the subscription alone, so that old workers keep the old table current until the swap, and
new ones the new table from then on.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class KeepsTable(Protocol):
    """A subscription with a read table."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int: ...

    @property
    def first_table(self) -> str: ...

    @property
    def view(self) -> str: ...


_live: dict[str, str] = {}


def live(name: str) -> str | None:
    """The live table of a subscription, as this process learnt it last; None if it has none."""
    return _live.get(name)


def learn(subscriber: object, name: str, table: str | None, shape: int | None) -> bool:
    """Take in a subscription's live table; False when it is of another version than the code."""
    if table is None:  # it keeps none, or nobody has noted which
        if not isinstance(subscriber, KeepsTable):
            return True
        table = subscriber.first_table
    _live[name] = table
    return shape is None or shape == getattr(subscriber, "version", None)


def first(subscribers: Iterable[Any]) -> dict[str, list[Any]]:
    """Names, tables, shapes and views with which subscriptions begin, as a statement takes them."""
    rows = [
        (subscriber.name, subscriber.first_table, subscriber.version, subscriber.view)
        if isinstance(subscriber, KeepsTable)
        else (subscriber.name, None, None, None)
        for subscriber in subscribers
    ]
    names, tables, shapes, views = (list(column) for column in zip(*rows, strict=True))
    return {"names": names, "tables": tables, "shapes": shapes, "views": views}
