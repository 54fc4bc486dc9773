"""Semantic versions of the schema (semver.org 2.0.0): which follows which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_NUMBER = r"(0|[1-9]\d*)"
_LABEL = r"(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_LABEL}(?:\.{_LABEL})*))?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A semantic version. Build metadata (`+…`) is kept in `text` and counts for nothing."""

    text: str
    major: int
    minor: int
    patch: int
    labels: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version:
        """Raises ValueError when `text` is no semantic version."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no semantic version: write it like 1.4.0")
        major, minor, patch, labels = match.groups()
        return cls(
            text,
            int(major),
            int(minor),
            int(patch),
            tuple((labels or "").split(".")) if labels else (),
        )

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key() == other._key()

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        """A pre-release comes before its release; numbers among labels before words."""
        labels = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part) for part in self.labels
        )
        return (self.major, self.minor, self.patch, not self.labels, labels)
