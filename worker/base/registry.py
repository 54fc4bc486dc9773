"""What the domains declare: commands, events, subscriptions, queries, views. One place, by name.

Domains are packages named in the settings (`CQRS_DOMAINS`, else `[tool.cqrs] domains`); loading one
imports those of its modules `settings`, `commands`, `projections`, `reactions`, `queries`,
`invalidation_rules` that exist, and each registers what it holds. Its `migrations` and `schedule`
are asked for when somebody migrates or runs beat. A part that lies elsewhere is named in the
package's `__init__`: `migrations = "models.orders.migrations"`.

Names are explicit strings that outlive a renamed function.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import ClassVar, Generic, TypeVar

from worker.base.errors import BadDeclarations, BadSettings, did_you_mean
from worker.base.logs import get_logger
from worker.base.project import FILE, import_named
from worker.base.settings import check_sections, get_settings

MODULES = ("settings", "commands", "projections", "reactions", "queries", "invalidation_rules")
Item = TypeVar("Item")


class Registry(Generic[Item]):
    """Things of one kind by name. A name stands once."""

    declared: ClassVar[int] = 0
    """How many things of any kind this process has registered."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, Item] = {}

    def add(self, name: str, item: Item) -> None:
        """Register. Raises BadDeclarations when another item has this name."""
        if name in self._items:
            raise BadDeclarations([f"two of one name ({self.kind} {name})"])
        self._items[name] = item
        Registry.declared += 1

    def get(self, name: str) -> Item | None:
        """The item of this name, or None."""
        return self._items.get(name)

    def hint(self, name: str) -> str:
        """What to add to a message that says that there is no such item: "did you mean"."""
        return did_you_mean(name, self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._items.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._items

    def __len__(self) -> int:
        return len(self._items)


log = get_logger(__name__)
_loaded: set[str] = set()


def load_domains() -> None:
    """Import every domain of the settings, once.

    Raises BadSettings for one that is not there. Whether they name what exists is looked at by
    those who start (worker/ops/declarations.py): who operates a system has to get at it before.
    """
    for domain in get_settings().domains:
        if domain not in _loaded:
            _load(domain)
            _loaded.add(domain)
    check_sections()


def parts(name: str) -> list[ModuleType]:
    """The modules of this name that the domains of the settings have, in their order.

    Raises BadSettings for a domain that is not there, or that names a part which is not there.
    """
    found = (_part(domain, name) for domain in get_settings().domains)
    return [module for module in found if module is not None]


def packages() -> list[ModuleType]:
    """The packages of the domains of this process, and those in which their migrations lie."""
    domains = dict.fromkeys((*get_settings().domains, *_loaded))
    found = {domain: import_named(domain, _named_by()) for domain in domains}
    for module in parts("migrations"):
        parent = module.__name__.rpartition(".")[0]
        found[parent or module.__name__] = import_module(parent or module.__name__)
    return list(found.values())


def _load(domain: str) -> None:
    before = Registry.declared
    loaded = [_part(domain, name) for name in MODULES]
    if not any(loaded) and Registry.declared == before:
        looked_for = ", ".join(MODULES)
        log.warning("a domain declares nothing", domain=domain, looked_for=looked_for)


def _part(domain: str, name: str) -> ModuleType | None:
    """One module of a domain: named in its `__init__`, else beside it, else None."""
    package = import_named(domain, by := _named_by())
    if not hasattr(package, "__path__"):
        raise BadSettings(f"a domain is a package, a folder with files ({domain}, {by})")
    if isinstance(named := getattr(package, name, None), str):
        return import_named(named, f"`{name}` in {domain}")
    path = f"{domain}.{name}"
    return import_module(path) if find_spec(path) is not None else None


def _named_by() -> str:
    set_here = "domains" in get_settings().model_fields_set
    return "CQRS_DOMAINS" if set_here else f"[tool.cqrs] domains in {FILE}"
