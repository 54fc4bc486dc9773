"""What the domains declare: commands, events, subscriptions, queries, views. One place, by name.

Domains are packages named in the settings (`CQRS_DOMAINS`); loading one imports those of its
modules `commands`, `projections`, `reactions`, `queries`, `consistency` that exist, and each
registers what it holds. Names are explicit strings that outlive a renamed function. What the
declarations say of each other is checked once all of them are there.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Generic, TypeVar

from worker.errors import BadDeclarations, BadSettings
from worker.settings import check_sections, get_settings

MODULES = ("commands", "projections", "reactions", "queries", "consistency")
Item = TypeVar("Item")


class Registry(Generic[Item]):
    """Things of one kind by name. A name stands once."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, Item] = {}

    def add(self, name: str, item: Item) -> None:
        """Register. Raises ValueError when another item has this name."""
        if name in self._items:
            raise ValueError(f"two of one name ({self.kind} {name})")
        self._items[name] = item

    def get(self, name: str) -> Item | None:
        """The item of this name, or None."""
        return self._items.get(name)

    def closest(self, name: str) -> str | None:
        """The registered name that looks most like this one, for "did you mean"."""
        close = difflib.get_close_matches(name, self._items, n=1)
        return close[0] if close else None

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def __len__(self) -> int:
        return len(self._items)


_loaded: set[str] = set()
_checks: list[Callable[[], Iterable[str]]] = []


def check_when_loaded(problems: Callable[[], Iterable[str]]) -> Callable[[], Iterable[str]]:
    """Have declarations looked at once all domains are there: `problems` gives a sentence each."""
    _checks.append(problems)
    return problems


def load_domains() -> None:
    """Import every domain of the settings, once.

    Raises BadSettings for one that is not there, and BadDeclarations where they name what nobody
    has declared.
    """
    for domain in get_settings().domains:
        if domain not in _loaded:
            _load(domain)
            _loaded.add(domain)
    check_sections()
    if problems := [problem for check in _checks for problem in check()]:
        raise BadDeclarations(problems)


def _load(domain: str) -> None:
    try:
        import_module(domain)
    except ModuleNotFoundError as error:
        if error.name is None or not domain.startswith(error.name):
            raise
        raise BadSettings(f"no such package (CQRS_DOMAINS: {domain})") from None
    for module in MODULES:
        if find_spec(f"{domain}.{module}") is not None:
            import_module(f"{domain}.{module}")
