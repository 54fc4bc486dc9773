"""The code that folds, in one short text: a rebuild goes on only under the code that began it.

Rows that a faulty fold has made stay in the shadow table when the fault is mended. A version says
nothing of that: it counts shapes. So what a fold, and the upcasters of its events, is made of is
digested: its instructions, its
constants, the functions, classes and plain values that it names, and theirs in turn, as far as they
lie in the package of the folds or in `models`. The engine and libraries are left out.

It is taken from what this process has loaded, not from its files: a deployment may have replaced
these under a worker that still runs the code of yesterday. Another Python has other instructions,
and a rebuild is begun anew under it. What a fold reads is taken to be constant, as a fold is pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cached_property, partial
from hashlib import sha256
from inspect import unwrap
from types import CodeType, EllipsisType, FunctionType, MethodType, ModuleType, NoneType
from typing import Any, TypeAlias
from uuid import UUID

from worker.contracts import event_versions
from worker.rebuild.shadow import declaration
from worker.subscriptions.projection import Projection

_NUMBERS = (bool, int, float, complex, Decimal, Fraction)
_OTHERS = (NoneType, EllipsisType, str, bytes, UUID, date, time, timedelta, tzinfo)
PLAIN = (*_NUMBERS, *_OTHERS)
"""What is told by its `repr`, in every process alike."""
FLOOR = "models"
"""Where decisions lie that the folds of several domains may share."""

Told: TypeAlias = "str | tuple[Told, ...]"


def fingerprint(projection: Projection) -> str:
    """Hex digits: the same in every process that folds the same events into the same rows."""
    functions = projection.functions
    steps = event_versions.steps_of(projection.event_types)
    told = _Teller(_packages([*functions.values(), steps, projection.migrate_from.values()]))
    folds = [(type_, told.all(functions[type_])) for type_ in sorted(functions)]
    if steps:
        folds.append(("upcasters", told.all(steps)))
    if migrations := projection.migrate_from:
        folds.append(
            ("migrations", told.all(migrations[version] for version in sorted(migrations)))
        )
    return sha256(
        repr((projection.version, declaration(projection.table), folds)).encode()
    ).hexdigest()


def _packages(functions: Iterable[Iterable[Callable[..., Any]]]) -> frozenset[str]:
    packages = {_package(function) for several in functions for function in several}
    return frozenset(packages - {_package(fingerprint)} | {FLOOR})


def _package(what: Any) -> str:
    name = what.__name__ if isinstance(what, ModuleType) else getattr(what, "__module__", "")
    return str(name).partition(".")[0]


@dataclass(slots=True)
class _Teller:
    """Tells what values are made of, each function and class once."""

    packages: frozenset[str]
    _known: set[int] = field(default_factory=set)

    def all(self, values: Iterable[Any]) -> Told:
        """Functions that are followed wherever they come from, and whatever else there is."""
        return tuple(
            self._function(value) if isinstance(value, FunctionType) else self.tell(value)
            for value in values
        )

    def tell(self, value: Any) -> Told:
        """Nested texts; of what cannot be told, the name of its type."""
        if isinstance(value, Enum):
            return (_name(type(value)), value.name, self.tell(value.value))
        if isinstance(value, PLAIN):
            return (_name(type(value)), repr(value))
        if isinstance(value, tuple | list):
            return tuple(map(self.tell, value))
        if isinstance(value, set | frozenset):
            return tuple(sorted(map(self.tell, value), key=repr))
        if isinstance(value, Mapping):
            pairs = ((self.tell(key), self.tell(each)) for key, each in value.items())
            return tuple(sorted(pairs, key=repr))
        return self._code(value) if isinstance(value, CodeType) else self._callable(value)

    def _callable(self, value: Any) -> Told:
        if isinstance(value, partial):
            return self.all([value.func, value.args, value.keywords])
        if isinstance(value, MethodType | classmethod | staticmethod):
            return self.tell(value.__func__)
        if isinstance(value, property | cached_property):
            return self.tell(value.fget if isinstance(value, property) else value.func)
        if isinstance(value, type):
            return self._class(value) if _package(value) in self.packages else _name(value)
        if not isinstance(value, FunctionType) and callable(value):
            value = unwrap(value)  # a cache around a function, say
        ours = isinstance(value, FunctionType) and _package(value) in self.packages
        return self._function(value) if ours else _name(value)

    def _class(self, kind: type) -> Told:
        if self._knows(kind):
            return _name(kind)
        own = [
            (name, member) for name, member in sorted(vars(kind).items()) if _counts(name, member)
        ]
        members = tuple((name, self.tell(member)) for name, member in own)
        return (_name(kind), self.all(kind.__bases__), members)

    def _function(self, function: FunctionType) -> Told:
        if self._knows(function):
            return _name(function)
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        given = [function.__defaults__, function.__kwdefaults__]
        return (
            self._code(function.__code__),
            self.all(cells),
            self.all(given),
            self._globals(function),
        )

    def _globals(self, function: FunctionType) -> Told:
        names, known = _names(function.__code__), function.__globals__
        named = {name: known[name] for name in names if name in known}
        modules = [each for each in named.values() if isinstance(each, ModuleType)]
        for module in modules:
            if _package(module) in self.packages:
                inside = [name for name in names if hasattr(module, name)]
                named |= {f"{module.__name__}.{name}": getattr(module, name) for name in inside}
        return tuple((name, self.tell(named[name])) for name in sorted(named))

    def _code(self, code: CodeType) -> Told:
        arguments = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        done = code.co_code.hex(), code.co_exceptiontable.hex()
        return (*done, repr((code.co_flags, arguments, names)), self.tell(code.co_consts))

    def _knows(self, what: Any) -> bool:
        known = id(what) in self._known
        self._known.add(id(what))
        return known


def _names(code: CodeType) -> frozenset[str]:
    """The names that code asks for, and the code within it."""
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return frozenset(code.co_names).union(*inner)


def _name(what: Any) -> str:
    named = what if hasattr(what, "__qualname__") else type(what)
    return f"{getattr(named, '__module__', '')}.{named.__qualname__}"


def _counts(name: str, value: Any) -> bool:
    """Whether it is a class's own: what the interpreter notes there, line numbers say, is not."""
    return not name.startswith("__") or isinstance(value, FunctionType)


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018  # asked for, to see whether it is there
    except ValueError:
        return False
    return True
