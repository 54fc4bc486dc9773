"""Calls of functions that a changeset may not make, and of those that move a sequence.

Only what the text calls is seen here. A function of the application's own that calls one of these
is not: what functions do is not known before they run, and the plan says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pglast import ast

from worker.schema.statements.effects import Target
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import SyntaxNode, qualified, walk

_FORBIDDEN = (
    (
        r"pg_(try_)?advisory_\w+",
        "the changeset lock is such a lock: take no advisory locks here, and release none",
    ),
    (r"set_config", "settings belong to the changeset's limits, not among its operations"),
    (
        r"pg_(terminate|cancel)_backend",
        "other sessions are none of its business: end them by hand, with their owners' consent",
    ),
    (r"dblink\w*", "what runs over another connection is not rolled back when the changeset fails"),
    (
        r"(query|cursor|table|schema|database)_to_xml\w*|ts_stat",
        "it runs SQL that stands in a string: write that as an operation",
    ),
    (
        r"pg_(reload_conf|promote|switch_wal|\w*(rotate|wal_replay|restore|backup|slot|replication)_\w+)",
        "running the server is no part of a schema change",
    ),
    (
        r"pg_(read|write|ls|stat)_\w*(file|dir)\w*|pg_file_\w+|lo_(import|export)",
        "the server's files are no part of a schema change",
    ),
)


def forbidden_call(statement: SyntaxNode) -> str | None:
    """Why one of the functions that a statement calls may not be called; None: all may."""
    for name in _called(statement):
        for pattern, why in _FORBIDDEN:
            if re.fullmatch(pattern, name):
                return f"a changeset does not call {name}: {why}"
    return None


def _called(statement: SyntaxNode) -> Iterator[str]:
    """PostgreSQL's own functions by name; an extension's may lie in any schema."""
    for node in walk(statement):
        if isinstance(node, ast.FuncCall):
            name = qualified(node.funcname or ())
            if name.schema in ("", "pg_catalog") or name.name.startswith("dblink"):
                yield name.name


def sequences_moved(statement: SyntaxNode) -> tuple[Target, ...]:
    """Sequences that are named in a call of `nextval` or `setval`."""
    moved = [
        Target("sequence", name)
        for node in walk(statement)
        if isinstance(node, ast.FuncCall) and node.args
        if qualified(node.funcname or ()).name in ("nextval", "setval")
        if (name := _named(node.args[0])) is not None
    ]
    return tuple(dict.fromkeys(moved))


def _named(argument: SyntaxNode) -> ObjectName | None:
    """The name in a string, with or without `::regclass`; None where it is computed."""
    constant = argument.arg if isinstance(argument, ast.TypeCast) else argument
    text = getattr(getattr(constant, "val", None), "sval", None)
    if text is None:
        return None
    try:
        return ObjectName.parse(text)
    except ValueError:
        return ObjectName("", text)
