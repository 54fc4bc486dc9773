"""What the cache holds: answers, the tags that they depend on, and when the two still fit together.

Pure values; `worker/cache/causal.py` says what they are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import orjson

ANY_SOURCE = "*"
"""Stands for the source of an invalidation that names none: the answer's `as_of` must reach it."""


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Where an answer is kept, and the tags that it depends on, in a fixed order."""

    key: str
    tags: tuple[str, ...]

    @classmethod
    def of(cls, key: str, tags: Iterable[str]) -> CacheKey:
        """A key with its tags in order, each once."""
        return cls(key, tuple(sorted(set(tags))))

    @property
    def _records(self) -> list[str]:
        return [f"cqrs:tag:{tag}" for tag in self.tags]

    @property
    def look_keys(self) -> list[str]:
        """The answer's key and those of its tags."""
        return [f"cqrs:answer:{self.key}", *self._records]

    @property
    def lock(self) -> str:
        """The key of the lock that one filler holds."""
        return f"cqrs:filling:{self.key}"

    @property
    def fill_keys(self) -> list[str]:
        """The answer's key, its lock's and those of its tags."""
        return [f"cqrs:answer:{self.key}", self.lock, *self._records]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How far each source of an answer had come in the snapshot that the answer was read in.

    `gaps`: a source had dead letters, so that events before its position may be missing.
    """

    positions: Mapping[str, int] = field(default_factory=dict)
    gaps: bool = False

    @classmethod
    def of(cls, names: Iterable[str], rows: Iterable[tuple[str, int, bool]]) -> Snapshot:
        """From rows (source, position, whether it has dead letters); 0 for a source without one."""
        rows = list(rows)
        positions = dict.fromkeys(names, 0) | {name: position for name, position, _ in rows}
        return cls(positions, any(has_letters for _, _, has_letters in rows))

    @property
    def as_of(self) -> int | None:
        """The lowest position; None for an answer that reads no source with a position."""
        return min(self.positions.values(), default=None)

    def position_of(self, source: str) -> float:
        """How far a source had come; for one that the answer does not read, far enough."""
        if source == ANY_SOURCE:
            return -1 if self.as_of is None else self.as_of
        return self.positions.get(source, inf)

    def reaches(self, wanted: int | None) -> bool:
        """Whether the answer is known to hold everything up to this position."""
        return wanted is None or (self.as_of is not None and self.as_of >= wanted)


@dataclass(frozen=True, slots=True)
class Entry:
    """An answer as it is kept; `body` is JSON, `generations` those of its tags, in their order."""

    body: bytes
    snapshot: Snapshot
    generations: str
    run: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What was in the cache at one moment.

    `milliseconds` is what the answer has left there. `generations` are the tags' at that moment.
    `invalidated` says how far each source must have come: it was remembered for replicas.
    """

    run: str
    milliseconds: int
    entry: Entry | None
    generations: str
    invalidated: Mapping[str, int]

    @classmethod
    def of(cls, reply: Sequence[Any]) -> Seen:
        """What `state()` in `_state.lua` returns, typed."""
        run, milliseconds, *kept, generations, invalidated = reply
        floors = orjson.loads(invalidated) if invalidated else {}
        return cls(
            run.decode(),
            milliseconds,
            _entry(*kept),
            generations.decode(),
            {field.removeprefix("from:"): int(position) for field, position in floors.items()},
        )

    def fresh(self, after: int | None = None, grace: float = 0.0) -> Entry | None:
        """The answer, if nothing that it depends on has changed and it reaches `after`.

        In the last `grace` seconds of its life an answer is only good as a stale one.
        """
        entry = self.usable(after)
        if entry is None or self.milliseconds <= grace * 1000:
            return None
        valid = entry.run == self.run and entry.generations == self.generations
        return entry if valid and self.allows(entry.snapshot) else None

    def usable(self, after: int | None = None) -> Entry | None:
        """The answer, however old, if it reaches `after`: to be served marked as stale.

        Whether one with gaps holds the very event at `after`, only the database can tell.
        """
        if self.entry is None or (after is not None and self.entry.snapshot.gaps):
            return None
        return self.entry if self.entry.snapshot.reaches(after) else None

    def allows(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot holds everything that the tags were last invalidated for."""
        return all(
            snapshot.position_of(source) >= position
            for source, position in self.invalidated.items()
        )


def _entry(
    run: bytes | None, generations: bytes | None, positions: bytes | None, body: bytes | None
) -> Entry | None:
    if run is None or generations is None or positions is None or body is None:
        return None
    snapshot = Snapshot(*orjson.loads(positions))
    return Entry(body, snapshot, generations.decode(), run.decode())


@dataclass(frozen=True, slots=True)
class Fill:
    """What a filler knows before it asks the database; `token` is None if another one fills."""

    key: CacheKey
    seen: Seen
    token: str | None
