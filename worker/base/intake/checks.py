"""What is looked at in a message before anybody trusts it: size, depth, shape. Pure functions.

Nothing here raises for what a message holds: a fault is a value. A good message costs some
microseconds; its depth is counted only where it has enough brackets to be too deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from worker.base.validation_errors import shortened, unstorable

DEEPEST = 200
"""Levels of nesting that a message may have: below the 254 at which orjson stops, and far below
what pickling in the main process bears."""
LONGEST_SPAN = 10**9
"""Seconds, some thirty years: a longer time limit, or one that is no number, is a mistake."""
LONGEST_NAME = 255
"""Characters of a task's name, and of its id."""
CONTENT_TYPE = "application/json"
ENCODINGS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii", "binary"})


class Reason(StrEnum):
    """Why a message is refused: few, and without values, so that equal faults count together."""

    TOO_LARGE = "larger than CQRS_MAX_MESSAGE_BYTES"
    TOO_DEEP = f"nested more than {DEEPEST} levels deep"
    NOT_JSON = "not JSON"
    NO_ENVELOPE = "not in the form of a Celery message"
    CONTENT = "a content type, encoding or compression that is not taken"
    NO_TASK = "names no task"
    BAD_ID = "has no task id that can be used"
    HEADERS = "a header of the wrong kind"
    BODY = "a body of the wrong kind"
    ARGUMENTS = "wrong arguments for its task"
    UNKNOWN_TASK = "no task has this name here"
    COMMAND = "a malformed command"
    UNREADABLE = "could not be taken by the worker"


class Fault(NamedTuple):
    """What is wrong with a message: why it is refused, and each wrong place with what is wrong."""

    reason: Reason
    errors: Mapping[str, str]

    def __str__(self) -> str:
        return "; ".join(f"{where}: {why}" for where, why in self.errors.items())


Faults: TypeAlias = dict[str, str]
"""Each wrong place, with what is wrong there."""
Check: TypeAlias = tuple[str, Callable[[Any], bool]]
"""What is wanted, in words, and whether a value is that."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as it was understood: `fields` are its headers, or its body in protocol 1."""

    task: str
    id: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    fields: Mapping[str, Any]
    headers: Mapping[str, Any]
    embed: Mapping[str, Any] = field(default_factory=dict)


def is_deeper(value: Any, most: int = DEEPEST) -> bool:
    """Whether a plain value is nested more than so many levels deep."""
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return any(isinstance(one, list | dict) for one in level)


def _inside(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        yield from (one for one in inner if isinstance(one, dict | list))


def may_be_deep(text: bytes | str) -> bool:
    """Whether a JSON text has brackets enough to be too deep: quick, and never wrongly False."""
    if isinstance(text, str):
        return text.count("[") + text.count("{") > DEEPEST
    return text.count(b"[") + text.count(b"{") > DEEPEST


def decoding_fault(error: BaseException) -> Fault:
    """What is wrong with a text that could not be decoded as JSON."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, RecursionError):
            return Fault(Reason.TOO_DEEP, {"body": "has more levels than can be read"})
        seen = seen.__cause__ or seen.__context__
    return Fault(Reason.NOT_JSON, {"body": shortened(" ".join(str(error).split()))})


def content_fault(headers: Any, content_type: Any, encoding: Any) -> Fault | None:
    """What of a message's labels is not taken here."""
    if not isinstance(headers, dict):
        return Fault(Reason.HEADERS, {"headers": _is("an object", headers)})
    if (compression := headers.get("compression")) is not None:
        return Fault(Reason.CONTENT, {"compression": f"none is taken (is {shown(compression)})"})
    if content_type != CONTENT_TYPE:
        what = f"{CONTENT_TYPE} is taken (is {shown(content_type)})"
        return Fault(Reason.CONTENT, {"content-type": what})
    if encoding is not None and not (isinstance(encoding, str) and encoding.lower() in ENCODINGS):
        return Fault(Reason.CONTENT, {"content-encoding": f"utf-8 is taken (is {shown(encoding)})"})
    return None


def read(headers: Mapping[str, Any], payload: Any) -> Letter | Fault:
    """Understand a message of protocol 2, of protocol 1, or of what stands between the two."""
    fields: Mapping[str, Any]
    if isinstance(payload, dict):
        fields = {**payload, **headers} if "task" in headers else payload
        args, kwargs, embed = payload.get("args", []), payload.get("kwargs", {}), payload
    elif "task" in headers and isinstance(payload, list) and len(payload) == 3:
        fields, (args, kwargs, embed) = headers, payload
    else:
        what = "[args, kwargs, embed] is wanted, with the task among the headers"
        return Fault(Reason.BODY, {"body": what})
    if "task" not in fields:
        return Fault(Reason.NO_TASK, {"task": "is missing"})
    letter = Letter(
        fields["task"], fields.get("id", ""), args, kwargs, fields, headers, embed or {}
    )
    return _fault(letter) or letter


def _fault(letter: Letter) -> Fault | None:
    if not is_name(letter.task):
        return Fault(Reason.NO_TASK, {"task": _is("a name", letter.task)})
    if not is_name(letter.id):
        return Fault(Reason.BAD_ID, {"id": _is("a text", letter.id)})
    if wrong := _wrong(letter.fields, FIELDS):
        return Fault(Reason.HEADERS, wrong)
    body = {
        part: _is(what, getattr(letter, part))
        for part, (what, holds) in BODY.items()
        if not holds(getattr(letter, part))
    }
    body = body or _wrong(letter.embed, EMBEDDED) or _wrong(letter.fields, EMBEDDED)
    return Fault(Reason.BODY, body) if body else None


def _wrong(given: Mapping[str, Any], wanted: Mapping[str, Check]) -> Faults:
    return {
        name: _is(wanted[name][0], value)
        for name, value in given.items()
        if value is not None and name in wanted and not wanted[name][1](value)
    }


def is_name(value: Any) -> bool:
    """Whether a value can be a name or an id."""
    return is_text(value) and 0 < len(value) <= LONGEST_NAME


def is_text(value: Any) -> bool:
    """Whether a value is a text that PostgreSQL can store."""
    if not isinstance(value, str):
        return False
    return "\0" not in value if value.isascii() else not unstorable(value)


def is_count(value: Any) -> bool:
    """Whether a value is a whole number that can count something."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_count_or_none(value: Any) -> bool:
    return value is None or is_count(value)


def is_signature(value: Any) -> bool:
    """Whether a value has the form of a Celery signature, with all signatures inside it."""
    todo = [value]
    while todo:
        one = todo.pop()
        if not _is_flat_signature(one):
            return False
        tasks = one["kwargs"].get("tasks") if one.get("subtask_type") else None
        body = one["kwargs"].get("body") if one.get("subtask_type") == "chord" else None
        header = one["kwargs"].get("header") if body is not None else None
        todo += [
            *(tasks or ()),
            *_listed(body),
            *_listed(header),
            *_links(one.get("options") or {}),
        ]
    return True


def _is_flat_signature(one: Any) -> bool:
    if not isinstance(one, dict) or not is_name(one.get("task")):
        return False
    kinds = {"args": list, "kwargs": dict, "options": dict}
    if not all(isinstance(one.get(part), kind) for part, kind in kinds.items()):
        return False
    if one.get("subtask_type") and not isinstance(one["kwargs"].get("tasks") or [], list):
        return False
    return not _wrong(one["options"], OPTIONS)


def _listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _links(options: Mapping[str, Any]) -> list[Any]:
    return [link for name in ("link", "link_error", "chain") for link in _listed(options.get(name))]


def _are_signatures(value: Any) -> bool:
    return isinstance(value, list) and all(map(is_signature, value))


def _is_limit(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_seconds_or_none, value))


def _is_seconds_or_none(value: Any) -> bool:
    """Whether a value is a span that a clock can be set to: a limit of 10**400 ends a worker."""
    if value is None:
        return True
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= LONGEST_SPAN


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 64


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_TEXT: Check = ("a text", is_text)
_COUNT: Check = ("a whole number", is_count)
_BOOL: Check = ("true or false", lambda value: isinstance(value, bool))
_SECONDS: Check = (f"seconds, 0 to {LONGEST_SPAN}", _is_seconds_or_none)
_OBJECT: Check = ("an object", lambda value: isinstance(value, dict))
_NEVER: Check = ("nothing: it is the worker's own", lambda _: False)
FIELDS: Mapping[str, Check] = {
    **dict.fromkeys(("root_id", "parent_id", "group", "shadow", "origin", "lang"), _TEXT),
    **dict.fromkeys(("argsrepr", "kwargsrepr", "meth"), ("a text", lambda v: isinstance(v, str))),
    **dict.fromkeys(("retries", "group_index", "replaced_task_nesting"), _COUNT),
    **dict.fromkeys(("ignore_result", "utc", "redelivered"), _BOOL),
    **dict.fromkeys(("eta", "expires"), ("a time", _is_time)),
    **dict.fromkeys(("stamps",), _OBJECT),
    **dict.fromkeys(("called_directly", "is_eager", "_children", "_protected"), _NEVER),
    "timelimit": (f"two numbers of seconds, 0 to {LONGEST_SPAN}", _is_limit),
    "stamped_headers": ("a list of texts", _are_texts),
}
"""Headers that Celery acts on, and what they have to be; all others may be anything."""
BODY: Mapping[str, Check] = {
    "args": ("a list", lambda value: isinstance(value, list)),
    "kwargs": ("an object without `self`", lambda v: isinstance(v, dict) and "self" not in v),
    "embed": _OBJECT,
}
"""What a task is called with, and what follows it."""
EMBEDDED: Mapping[str, Check] = {
    **dict.fromkeys(("callbacks", "errbacks", "chain"), ("a list of signatures", _are_signatures)),
    "chord": ("a signature", is_signature),
}
"""What may follow a task."""
OPTIONS: Mapping[str, Check] = {
    **dict.fromkeys(("task_id", "root_id", "parent_id", "group_id", "queue"), _TEXT),
    **dict.fromkeys(("headers",), _OBJECT),
    **dict.fromkeys(("time_limit", "soft_time_limit", "countdown"), _SECONDS),
    **dict.fromkeys(("retries", "priority"), ("a whole number", _is_count_or_none)),
}
"""Options of a signature that somebody reads before the task is sent."""


def _is(wanted: str, value: Any) -> str:
    return f"{wanted} is wanted (is {shown(value)})"


def shown(value: Any) -> str:
    """A value of any kind, for a message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return shortened(repr(value)[:200])
