"""Tags, tried out when they are declared: they name columns, or parameters, that there are.

Tags are functions of a row, or of a query's parameters. They are called once with a row that has
every name and no value; a name that is not there is refused. A function that cannot do without
values tells nothing, and passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from worker.base.errors import BadDeclarations, did_you_mean


def check_tags(
    tags: Callable[[Any], Iterable[str]] | None, what: str, names: Sequence[str], who: str
) -> None:
    """Raise BadDeclarations for a column, or parameter, that tags ask for and that there is not."""
    if tags is None:
        return
    if found := missing(tags, names):
        raise BadDeclarations(
            [f"no {what} is called {name!r}{did_you_mean(name, names)} ({who})" for name in found]
        )


class _Asked(dict[str, Any]):
    """A row, or parameters, of which each name that is asked for and is not there is noted."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(dict.fromkeys(names))
        self.missing: list[str] = []

    def __missing__(self, name: str) -> Any:
        self.missing.append(name)
        raise KeyError(name)

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def missing(tags: Callable[[Any], Iterable[str]], names: Iterable[str]) -> list[str]:
    """The names that tags ask for of a row without values, or of such parameters, in vain."""
    asked = _Asked(names)
    with suppress(Exception):  # a function that cannot do without values tells nothing more
        list(tags(asked))
    return [name for name in asked.missing if not name.startswith("__")]
