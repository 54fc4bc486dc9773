"""Messages that nobody should send: made of a seed, so that a run can be repeated.

    Fuzzer(seed).item()     the bytes of one message, as they are pushed into a list of the broker

Half of them are good messages of which one part is replaced, dropped or added, at any depth; the
others are of kinds of their own: no JSON, protocol 1, other content types, compressed, deep, wide,
huge, tasks of the engine with arguments that they do not take.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from uuid import UUID

ODD_TEXTS = (
    "",
    "\0",
    "a\0b",
    "\ud800",
    "x\udfff",
    "\u202eabc",
    "\ufeff",
    "e\u0301" * 50,
    "\U0001f469\u200d\U0001f4bb",
    "{{ x }}",
    "'; --",
    "%s %(x)s",
    "x" * 3_000,
    "NaN",
    "null",
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**64,
    10**400,
    1.5,
    -0.0,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    {"": {}},
    {"__type__": "uuid", "__value__": {"hex": [1]}},
    {"__type__": "decimal", "__value__": "x"},
    {"__type__": "datetime", "__value__": "2026-01-01"},
    {"__proto__": 1},
)
CONTENT_TYPES = (
    "application/x-python-serialize",
    "application/x-yaml",
    "application/x-msgpack",
    "application/json; charset=utf-8",
    "text/plain",
    "application/data",
    "",
    None,
    5,
)


class Fuzzer:
    """Makes messages out of a seed."""

    def __init__(self, seed: int, tasks: list[str], huge: int) -> None:
        self.random = random.Random(seed)
        self.tasks = tasks
        self.huge = huge
        self.kinds: list[tuple[int, Callable[[], bytes]]] = [
            (40, self.mutated),
            (15, self.malformed_command),
            (12, self.wrong_arguments),
            (8, self.garbage),
            (8, self.protocol_1),
            (6, self.other_content),
            (5, self.deep),
            (4, self.unknown_task),
            (1, self.wide),
            (0 if huge == 0 else 1, self.large),
        ]

    def item(self) -> bytes:
        """One message."""
        weights = [weight for weight, _ in self.kinds]
        (_, kind), *_ = self.random.choices(self.kinds, weights)
        return kind()

    # ------------------------------------------------------------------ kinds
    def mutated(self) -> bytes:
        """A good message, one to three parts of which are not."""
        body = self._body()
        raw = self._raw(body)
        parts = [raw, raw["headers"], raw["properties"]]
        for _ in range(self.random.randint(1, 3)):
            self._mutate(self.random.choice(parts))
        if self.random.random() < 0.5:
            self._mutate(body)
            raw["body"] = self._encoded(body)
        return _dumped(raw)

    def malformed_command(self) -> bytes:
        """A command whose own header, id, links or fields are wrong."""
        raw = self._raw(self._body())
        header: Any = {"actor": {"name": "user:1", "roles": ["clerk"]}, "after": []}
        self._mutate(header)
        if self.random.random() < 0.2:
            header = self.value()
        raw["headers"]["cqrs"] = header
        if self.random.random() < 0.3:
            raw["headers"][self.random.choice(["id", "root_id", "parent_id"])] = self.value()
        if self.random.random() < 0.3:
            link = {"task": "things.bump", "args": [], "kwargs": {}, "options": {"task_id": "x"}}
            self._mutate(link)
            body = self._body()
            body[2][self.random.choice(["chain", "callbacks", "errbacks"])] = [link]
            raw["body"] = self._encoded(body)
        return _dumped(raw)

    def wrong_arguments(self) -> bytes:
        """Any task, with arguments of any kind."""
        args = [self.value() for _ in range(self.random.randint(0, 2))]
        kwargs = {
            self.random.choice(_NAMES): self.value() for _ in range(self.random.randint(0, 3))
        }
        if not args and not kwargs:
            args = [self.value()]
        raw = self._raw([args, kwargs, _embed()])
        raw["headers"]["task"] = self.random.choice(self.tasks)
        return _dumped(raw)

    def garbage(self) -> bytes:
        """No message at all."""
        kind = self.random.randint(0, 4)
        if kind == 0:
            return self.random.randbytes(self.random.randint(0, 300))
        if kind == 1:
            return self.random.choice([b"null", b"[]", b"{}", b"0", b'""', b"true", b"", b"\xff{"])
        if kind == 2:
            good = _dumped(self._raw(self._body()))
            return good[: self.random.randint(0, len(good))]
        if kind == 3:
            changed = bytearray(_dumped(self._raw(self._body())))
            changed[self.random.randrange(len(changed))] = self.random.randrange(256)
            return bytes(changed)
        return _dumped(self.value())

    def protocol_1(self) -> bytes:
        """A message of Celery's first protocol, good or not."""
        body: dict[str, Any] = {
            "task": self.random.choice(self.tasks),
            "id": str(self._id()),
            "args": [],
            "kwargs": self._payload(),
            "retries": 0,
            "eta": None,
            "expires": None,
            "utc": True,
            "callbacks": None,
            "errbacks": None,
            "timelimit": [None, None],
            "taskset": None,
            "chord": None,
        }
        for _ in range(self.random.randint(0, 2)):
            self._mutate(body)
        raw = self._raw(body)
        raw["headers"] = self.random.choice([{}, {}, None, {"id": body.get("id")}])
        return _dumped(raw)

    def other_content(self) -> bytes:
        """What we do not take, or a label that is a lie."""
        raw = self._raw(self._body())
        kind = self.random.randint(0, 3)
        if kind == 0:
            raw["content-type"] = self.random.choice(CONTENT_TYPES)
        elif kind == 1:
            encoding = self.random.choice(["latin-1", "utf-16", "x", "binary", None, 7])
            raw["content-encoding"] = encoding
        elif kind == 2:
            body = json.dumps(self._body()).encode()
            packs: list[Callable[[bytes], bytes]] = [gzip.compress, zlib.compress]
            raw["body"] = b64encode(self.random.choice(packs)(body + b" " * 2_000_000)).decode()
            raw["headers"]["compression"] = self.random.choice(
                ["application/x-gzip", "application/x-bz2", "x", 3]
            )
        else:
            raw["properties"]["body_encoding"] = self.random.choice(["base64", "hex", 3, "utf-8"])
            raw["body"] = self.random.choice(["%%%", "a", "\udcff", json.dumps(self._body())])
        return _dumped(raw)

    def deep(self) -> bytes:
        """Nested beyond what anybody reads."""
        levels = self.random.choice([90, 190, 210, 260, 500, 900, 990, 1_100, 5_000, 100_000])
        opening, closing = self.random.choice([("[", "]"), ('{"a":', "}")])
        nested = opening * levels + (closing and "1") + closing * levels
        where = self.random.randint(0, 3)
        if where == 0:
            return nested.encode()
        raw = self._raw(self._body())
        if where == 1:
            text = _dumped(raw).decode().replace('"lang": "py"', f'"lang": "py", "x": {nested}')
            return text.encode()
        place = self.random.choice(['[[], {"note": %s}, null]', "[[%s], {}, null]", "[[], {}, %s]"])
        raw["body"] = b64encode((place % nested).encode()).decode()
        return _dumped(raw)

    def unknown_task(self) -> bytes:
        """A task that nobody has."""
        raw = self._raw(self._body())
        raw["headers"]["task"] = self.random.choice(
            ["nobody.knows", "things.ad", "cqrs.nothing", "x" * 300, self.value()]
        )
        return _dumped(raw)

    def wide(self) -> bytes:
        """Many values beside one another."""
        body = self._body()
        body[1] = {f"field_{n}": n for n in range(self.random.randint(1_000, 5_000))}
        return _dumped(self._raw(body))

    def large(self) -> bytes:
        """Larger than a message may be, or nearly so."""
        body = self._body()
        body[1]["note"] = "x" * self.random.randint(self.huge // 2, self.huge)
        return _dumped(self._raw(body))

    # ------------------------------------------------------------------ parts
    def value(self) -> Any:
        """A value of any kind."""
        kind = self.random.randint(0, 9)
        if kind < 4:
            return deepcopy(self.random.choice(ODD_VALUES))
        if kind < 7:
            return self.random.choice(ODD_TEXTS)
        if kind == 7:
            return [self.value() for _ in range(self.random.randint(0, 3))]
        if kind == 8:
            names = (self.random.choice(ODD_TEXTS) for _ in range(self.random.randint(0, 3)))
            return {name: self.value() for name in names}
        return str(self._id())

    def _mutate(self, target: Any) -> None:
        if isinstance(target, dict) and target:
            name = self.random.choice(list(target))
            inner = target[name]
            what = self.random.randint(0, 4)
            if what == 0:
                del target[name]
            elif what == 1:
                target[self.random.choice(ODD_TEXTS)] = self.value()
            elif what == 2 and isinstance(inner, dict | list):
                self._mutate(inner)
            else:
                target[name] = self.value()
        elif isinstance(target, list) and target:
            place = self.random.randrange(len(target))
            if self.random.random() < 0.4 and isinstance(target[place], dict | list):
                self._mutate(target[place])
            elif self.random.random() < 0.3:
                del target[place]
            else:
                target[place] = self.value()

    def _id(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def _payload(self) -> dict[str, Any]:
        return {"thing_id": str(self._id()), "price": "1.00", "note": self.random.choice(ODD_TEXTS)}

    def _body(self) -> list[Any]:
        return [[], self._payload(), _embed()]

    def _encoded(self, body: Any) -> str:
        return b64encode(json.dumps(body).encode()).decode()

    def _raw(self, body: Any) -> dict[str, Any]:
        id_ = str(self._id())
        return {
            "body": self._encoded(body),
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {
                "lang": "py",
                "task": "things.add",
                "id": id_,
                "shadow": None,
                "eta": None,
                "expires": None,
                "group": None,
                "group_index": None,
                "retries": 0,
                "timelimit": [None, None],
                "root_id": id_,
                "parent_id": None,
                "argsrepr": "()",
                "kwargsrepr": "{}",
                "origin": "fuzz",
                "ignore_result": False,
                "replaced_task_nesting": 0,
                "stamped_headers": None,
                "stamps": {},
            },
            "properties": {
                "correlation_id": id_,
                "reply_to": str(self._id()),
                "delivery_mode": 2,
                "delivery_info": {"exchange": "commands", "routing_key": "commands"},
                "priority": 0,
                "body_encoding": "base64",
                "delivery_tag": str(self._id()),
            },
        }


def _embed() -> dict[str, Any]:
    return {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


def _dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


_NAMES = (
    "commands", "actor", "group", "views", "view", "every", "name", "names", "payload", "queue",
    "reason", "errors", "first_bytes", "payload_hash", "command_id", "changeset_id", "x", "self",
)  # fmt: skip
"""Names of arguments, right ones among them."""
