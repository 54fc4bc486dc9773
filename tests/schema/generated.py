"""A schema of 300 objects, made from a seed, whose dependencies are known without the database."""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

ROUND = 3
"""Partitions of each partitioned table."""


@dataclass(frozen=True)
class Edge:
    """`dependant` needs `on`. `turn`: 1 down to a partition, -1 up from one, else 0."""

    on: str
    dependant: str
    link: str
    turn: int = 0


@dataclass(frozen=True)
class Answer:
    """The best path between two objects: without foreign keys, then short, then first by name."""

    through_foreign_key: bool
    length: int
    path: tuple[str, ...]
    links: tuple[str, ...]

    @property
    def type(self) -> str:
        return "direct" if self.length == 1 else "indirect"


@dataclass
class GeneratedSchema:
    """Statements in the order in which they run, and what is known about them."""

    seed: int
    statements: list[str] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    readable: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.statements += [
            "CREATE SCHEMA IF NOT EXISTS command",
            "CREATE SCHEMA IF NOT EXISTS query",
            "CREATE SCHEMA reference",
        ]

    def expected(
        self, command: str = "command", query: str = "query"
    ) -> dict[tuple[str, str], Answer]:
        """Every pair and its best path, by a search that has nothing in common with the SQL."""
        roots = {edge.on for edge in self.edges if edge.on.startswith(f"{command}.")}
        return {
            (root, name): answer
            for root in roots
            for name, answer in self._reach(root)
            if name.startswith(f"{query}.") and name != root
        }

    def _reach(self, root: str) -> Iterator[tuple[str, Answer]]:
        outgoing: dict[str, list[Edge]] = {}
        for edge in self.edges:
            outgoing.setdefault(edge.on, []).append(edge)
        queue: list[tuple[bool, int, tuple[str, ...], tuple[str, ...], int]] = [
            (False, 0, (root,), (), 0)
        ]
        seen: set[tuple[str, int]] = set()
        answered: set[str] = set()
        while queue:
            through, length, path, links, turn = heapq.heappop(queue)
            if (path[-1], turn) in seen:
                continue
            seen.add((path[-1], turn))
            if path[-1] not in answered:
                answered.add(path[-1])
                yield path[-1], Answer(through, length, path, links)
            for edge in outgoing.get(path[-1], ()):
                if turn * edge.turn >= 0 and edge.dependant != root:
                    heapq.heappush(
                        queue,
                        (
                            through or edge.link == "foreign key",
                            length + 1,
                            (*path, edge.dependant),
                            (*links, edge.link),
                            edge.turn,
                        ),
                    )

    def add(self, kind: str, name: str, sql: str, *links: tuple[str, str]) -> None:
        """One object more, with what it depends on and how."""
        self.statements.append(sql)
        self.kinds[kind] += 1
        known = {(edge.on, edge.dependant) for edge in self.edges}
        self.edges += [
            Edge(on, name, link)
            for on, link in dict(links).items()
            if (on, name) not in known and on != name
        ]

    def table(self, schema: str, number: int) -> None:
        """A table; some have odd names, some a foreign key to an earlier one."""
        odd = number % 7 == 0
        name = f'{schema}."Table {number}"' if odd else f"{schema}.table_{number:03}"
        near = [each for each in self.tables if each.startswith(("command.", "reference."))]
        referenced = self.random.choice(near) if near and self.random.random() < 0.35 else None
        key = f", other int REFERENCES {referenced}" if referenced else ""
        self.add(
            "table",
            name,
            f"CREATE TABLE {name} (id serial PRIMARY KEY, value int{key})",
            *([(referenced, "foreign key")] if referenced else []),
        )
        self.tables.append(name)
        self.readable.append(name)

    def partitioned(self, number: int) -> None:
        """A partitioned table with its partitions: the definition goes down, the rows come up."""
        parent = f"command.parts_{number}"
        self.add(
            "table",
            parent,
            f"CREATE TABLE {parent} (id int NOT NULL, value int) PARTITION BY RANGE (id)",
        )
        self.readable.append(parent)
        for part in range(ROUND):
            child = f"{parent}_{part}"
            self.add(
                "table",
                child,
                f"CREATE TABLE {child} PARTITION OF {parent}"
                f" FOR VALUES FROM ({part * 10}) TO ({part * 10 + 10})",
            )
            self.edges += [
                Edge(parent, child, "partition", 1),
                Edge(child, parent, "parent", -1),
            ]
            self.readable.append(child)

    def function(self, schema: str, number: int) -> None:
        """A function: two in three have a parsed body, whose dependencies PostgreSQL records."""
        name = f"{schema}.function_{number}"
        read = self.random.choice(self._readable_in(schema))
        body = _select(read)
        if number % 3:
            sql = f"CREATE FUNCTION {name}() RETURNS SETOF int BEGIN ATOMIC {body}; END"
            links = [(read, "function")]
        else:
            sql = f"CREATE FUNCTION {name}() RETURNS SETOF int LANGUAGE sql AS $${body}$$"
            links = []
        self.add("function", f"{name}()", sql, *links)
        self.readable.append(f"{name}()")

    def view(self, schema: str, kind: str, number: int) -> None:
        """A view over one to five of what is there already."""
        word = kind.split()[0]
        name = f'{schema}."{word} Of {number}"' if number % 9 == 0 else f"{schema}.{word}_{number}"
        count = self.random.randint(1, 5)
        sources = self.random.sample(self._readable_in(schema), count)
        selects = " UNION ALL ".join(map(_select, sources))
        self.add(
            kind,
            name,
            f"CREATE {kind.upper()} {name} AS {selects}",
            *((each, kind) for each in sources),
        )
        self.readable.append(name)

    def read_table(self, number: int) -> None:
        """A table of the read side; some hold on to the write side by a foreign key."""
        name = f"query.read_{number}"
        held = self.random.choice([each for each in self.tables if each.startswith("command.")])
        key = f" REFERENCES {held}" if number % 4 == 0 else ""
        self.add(
            "table",
            name,
            f"CREATE TABLE {name} (id int PRIMARY KEY{key}, value int)",
            *([(held, "foreign key")] if key else []),
        )
        self.readable.append(name)

    def _readable_in(self, schema: str) -> list[str]:
        """The write side reads itself; the read side reads everything."""
        if schema == "query":
            return self.readable
        return [each for each in self.readable if not each.startswith("query.")]


def _select(name: str) -> str:
    return f"SELECT value FROM {name}" + (" AS x (value)" if name.endswith("()") else "")


def generate(seed: int = 1) -> GeneratedSchema:
    """300 objects: 120 tables, 16 of them in partitions, 30 functions, 100 views, 50 mat. views."""
    made = GeneratedSchema(seed)
    _write_side(made)
    for number in range(20):
        made.read_table(number)
    for number in range(70):
        made.view("query", "view", number)
        if number < 50:
            made.view("query", "materialized view", number)
    for number in range(10):
        made.function("query", number)
    return made


def _write_side(made: GeneratedSchema) -> None:
    for number in range(10):
        made.table("reference", number)
    for number in range(74):
        made.table("command", number)
    for number in range(4):
        made.partitioned(number)
    for number in range(20):
        made.function("command", number)
    for number in range(30):
        made.view("command", "view", number)
