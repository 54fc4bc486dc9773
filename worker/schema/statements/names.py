"""Names of database objects: qualified, quoted the way PostgreSQL prints them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pglast.keywords import COL_NAME_KEYWORDS, RESERVED_KEYWORDS, TYPE_FUNC_NAME_KEYWORDS

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_PART = r'(?:"((?:[^"]|"")+)"|([^\s".()]+))'
_QUALIFIED = re.compile(rf"\s*{_PART}\s*\.\s*{_PART}\s*(\(.*\))?\s*", re.DOTALL)
_KEYWORDS = frozenset(RESERVED_KEYWORDS | COL_NAME_KEYWORDS | TYPE_FUNC_NAME_KEYWORDS)


@dataclass(frozen=True, order=True, slots=True)
class ObjectName:
    """A table, view, function (then with `arguments`, "(integer)") or other object of a schema."""

    schema: str
    name: str
    arguments: str = ""

    def __str__(self) -> str:
        if not self.name:
            return quote(self.schema)  # the schema itself
        return f"{quote(self.schema)}.{quote(self.name)}{self.arguments}"

    @classmethod
    def parse(cls, text: str) -> ObjectName:
        """Read `schema.name`, either part quoted or not, or `schema.function(types)`.

        Unquoted parts fold to lower case, as in SQL. Raises ValueError for anything else.
        """
        match = _QUALIFIED.fullmatch(text)
        if match is None:
            raise ValueError(f"write it as schema.name (is {text!r})")
        schema, schema_plain, name, name_plain, arguments = match.groups()
        return cls(_part(schema, schema_plain), _part(name, name_plain), arguments or "")


def _part(quoted: str | None, plain: str | None) -> str:
    return quoted.replace('""', '"') if quoted is not None else (plain or "").lower()


def quote(identifier: str) -> str:
    """An identifier as PostgreSQL's `quote_ident` writes it: quoted only where it must be."""
    if _PLAIN.fullmatch(identifier) and identifier not in _KEYWORDS:
        return identifier
    return '"' + identifier.replace('"', '""') + '"'
