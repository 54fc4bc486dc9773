"""What a kept answer may depend on: its parameters, the read models, and nothing else.

An answer that is kept is given to whoever asks the same. So what is no parameter is not in it:

    who asks       `per_actor=True` keys answers by the actor; else `current_actor()` raises there
    settings       a domain's declared section is part of the key; other settings are refused
    the clock      refused, unless `clock=True` says that an answer may be as old as its `ttl`
    chance         refused: keep no such answer (`ttl=0`)

The clock, chance and settings are looked for in the code of the function, and of those of its
package that it calls, when it is declared; in its named statements, when they are first read. What
hides behind a library, or in a view's own SQL, is not found: there the `ttl` is the bound.
"""

from __future__ import annotations

import dis
import os
import random
import re
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import date, datetime
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import Any

from worker.base.actor import acting, without_actor
from worker.base.errors import BadDeclarations
from worker.base.settings import get_settings
from worker.base.time_zone import today
from worker.contracts import uuid7
from worker.queries.errors import UndeclaredInput

CLOCK, CHANCE, SETTINGS = "the clock", "chance", "settings of this process"
_ADVICE = {
    CLOCK: "give the time as a parameter, or say clock=True if it may be as old as its ttl",
    CHANCE: "give it as a parameter, or keep no such answer (ttl=0)",
    SETTINGS: "give it as a parameter, or declare a section of settings (declare_section)",
}
_READ_BY: tuple[tuple[Any, str], ...] = (
    *((call, CLOCK) for call in (time.time, time.time_ns, time.localtime, time.gmtime)),
    *((call, CLOCK) for call in (datetime.now, datetime.utcnow, datetime.today, date.today)),
    (today, CLOCK),
    *((call, CHANCE) for call in (uuid.uuid1, uuid.uuid4, uuid7, os.urandom, random, secrets)),
    *((call, SETTINGS) for call in (os.environ, os.getenv, get_settings)),
)
_CALLS = (BuiltinFunctionType, MethodType, FunctionType)
_CALLS_WITHIN = 4
"""How many calls deep a function is looked into."""
_IN_SQL = (
    (re.compile(r"\b(?:current_(?:date|time|timestamp)|localtime(?:stamp)?)\b", re.I), CLOCK),
    (
        re.compile(r"\b(?:now|(?:clock|statement|transaction)_timestamp|timeofday)\s*\(", re.I),
        CLOCK,
    ),
    (re.compile(r"\b(?:random\w*|gen_random_uuid|uuidv[47]|nextval)\s*\(", re.I), CHANCE),
)
_NO_CODE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)


def check(name: str, function: Callable[..., Any], *, clock: bool) -> None:
    """Refuse a query whose answers are kept and whose code reads what no key holds.

    Raises BadDeclarations.
    """
    for what in _read_by(function):
        if not (clock and what is CLOCK):
            raise BadDeclarations([str(_undeclared(name, what))])


def check_sql(name: str, text: str, *, clock: bool) -> None:
    """The same for a statement of such a query. Raises UndeclaredInput."""
    for what in _read_in(text):
        if not (clock and what is CLOCK):
            raise _undeclared(name, what)


def unseen_actor(name: str) -> AbstractContextManager[None]:
    """In here, whoever asks who asks is refused: the answer is going to be everybody's."""
    advice = "declare the query with per_actor=True, or give what you need of it as a parameter"
    return without_actor(lambda: UndeclaredInput(name, "who asks", advice))


def actor_key() -> tuple[Any, ...]:
    """All that a function can see of who asks."""
    actor = acting()
    values = (getattr(actor, field.name) for field in fields(actor))
    return tuple(sorted(value) if isinstance(value, frozenset) else value for value in values)


def _undeclared(name: str, what: str) -> UndeclaredInput:
    return UndeclaredInput(name, what, _ADVICE[what])


@lru_cache(maxsize=4_096)
def _read_in(text: str) -> tuple[str, ...]:
    code = _NO_CODE.sub(" ", text)
    return tuple(what for pattern, what in _IN_SQL if pattern.search(code))


def _read_by(function: Callable[..., Any], within: int = _CALLS_WITHIN) -> Iterator[str]:
    for value in _globals_of(function):
        for known, what in _READ_BY:
            if value is known or (type(value) is type(known) in _CALLS and value == known):
                yield what
        if isinstance(getattr(value, "__self__", None), random.Random):
            yield CHANCE
        ours = isinstance(value, FunctionType) and _package(value) == _package(function)
        if ours and within:
            yield from _read_by(value, within - 1)


def _package(function: Callable[..., Any]) -> str:
    return function.__module__.partition(".")[0]


def _globals_of(function: Callable[..., Any]) -> Iterator[Any]:
    """What a function's code reads by name: `datetime`, then `datetime.now`."""
    value: Any = None
    for instruction in _instructions(function):
        if instruction.opname == "LOAD_GLOBAL":
            value = getattr(function, "__globals__", {}).get(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD") and value is not None:
            value = getattr(value, str(instruction.argval), None)
        else:
            value = None
        if value is not None:
            yield value


def _instructions(function: Callable[..., Any]) -> Iterator[dis.Instruction]:
    waiting: list[CodeType] = [function.__code__] if hasattr(function, "__code__") else []
    while waiting:
        code = waiting.pop()
        waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        yield from dis.get_instructions(code)
