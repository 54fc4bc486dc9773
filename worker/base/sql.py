"""SQL lives in files: one object per `.sql` file, hot or long statements as named blocks.

A block starts with `-- name: what_it_is`, followed by a one-line purpose. Parameters are psycopg's
`%(name)s`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def blocks(package: str, file: str = "queries.sql") -> dict[str, str]:
    """The named statements of a package's SQL file, by name.

    Raises ValueError when a name stands twice.
    """
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    names, bodies = parts[::2], parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"a statement's name stands twice ({package}/{file})")
    return {name: (body.strip()) for name, body in zip(names, bodies, strict=True)}


def statement(package: str, name: str) -> str:
    """One named statement of a package's `queries.sql`. Raises KeyError if there is none."""
    return blocks(package)[name]


def quoted(*names: str) -> str:
    """A qualified SQL identifier, each part quoted: `quoted("query", "x")` is `"query"."x"`."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
