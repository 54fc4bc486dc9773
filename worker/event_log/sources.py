"""What queries read, and which queries there are: known without loading what answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from worker.base.errors import BadDeclarations
from worker.base.registry import Registry


@dataclass(frozen=True, slots=True)
class Sources:
    """What a query reads, by name: projections (`orders.order_summaries`) and materialized views
    (`query.revenue_by_product`)."""

    reads: tuple[str, ...] = ()
    views: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.reads or self.views)

    @property
    def names(self) -> tuple[str, ...]:
        """Every source."""
        return self.reads + self.views


class Question(Protocol):
    """What a query is to the engine: a name, what it reads and costs, and how it is asked."""

    @property
    def name(self) -> str: ...

    @property
    def purpose(self) -> str: ...

    @property
    def sources(self) -> Sources: ...

    @property
    def cost(self) -> float | Callable[[Any], float]: ...

    @property
    def cached(self) -> bool: ...

    @property
    def audited(self) -> bool: ...

    @property
    def conditions(self) -> Sequence[Any]: ...

    def ask(self, **parameters: Any) -> Any: ...


def named(what: str, names: Iterable[str], who: str) -> tuple[str, ...]:
    """Names as they are declared. Raises BadDeclarations for a text, which is letters to Python,
    and for an empty name."""
    if isinstance(names, str):
        raise BadDeclarations([f"{what} takes several names: write {what}=({names!r},) ({who})"])
    found = tuple(names)
    if not all(found):
        raise BadDeclarations([f"{what} takes names: {found!r} are none ({who})"])
    return found


def named_views(names: Iterable[str], who: str) -> tuple[str, ...]:
    """The same for views, which are known by their schema and their name."""
    found = named("views", names, who)
    for name in found:
        if not name.partition(".")[2]:
            raise BadDeclarations([f"a view is named with its schema: 'query.{name}'? ({who})"])
    return found


queries: Registry[Question] = Registry("query")
