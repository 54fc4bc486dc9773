"""What stands in the bodies of functions, procedures and DO blocks, as far as it can be read.

SQL is read whole, in BEGIN ATOMIC or in a string; of PL/pgSQL every statement and expression, and
`EXECUTE` of a plain string. What remains unseen is said in the plan and let pass, on purpose: SQL
that a program makes up as it runs, other languages, PL/pgSQL that its parser cannot take without
the database's types, and what the functions that are called do in their turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from pglast import ast, parse_plpgsql
from pglast.parser import ParseError

from worker.schema.statements.effects import Effects, Target
from worker.schema.statements.names import quote
from worker.schema.statements.tree import SyntaxNode, SyntaxProblem, parse, qualified

_MADE_UP = "it runs SQL that it makes up: what that does is not known before it runs"
_UNREAD = "its body cannot be read here: what it does is not known before it runs"
_CALLED = "what it does when it is called is not known"


class Body(NamedTuple):
    """The statements in a body, and why there may be more."""

    statements: tuple[SyntaxNode, ...] = ()
    unseen: str | None = None


def with_body(
    effects: Effects, statement: SyntaxNode, effects_of: Callable[[SyntaxNode], Effects]
) -> Effects:
    """The effects of CREATE FUNCTION, PROCEDURE or DO, with those of what stands in its body.

    A DO block does it now, a function only when it is called: then it must not cross the border
    between the sides, and nothing else is known.
    """
    body = body_of(statement)
    inside = [effects_of(each) for each in body.statements]
    if isinstance(statement, ast.DoStmt):
        return _done_now(effects, inside, body)
    path = _search_path(statement)
    reached = [target for each in inside for target in (*each.changes, *each.reaches)]
    read = [target for each in inside for target in each.reads]
    return replace(
        effects,
        reads=tuple(dict.fromkeys((*effects.reads, *_placed(read, path)))),
        reaches=tuple(dict.fromkeys(_placed(reached, path))),
        opaque=body.unseen,
    )


def _placed(targets: Sequence[Target], path: Sequence[str]) -> Iterator[Target]:
    """Where a name without its schema may lead: to every schema of the function's own search path.

    A function without one leaves that to whoever calls it.
    """
    for target in targets:
        schemas = (target.name.schema,) if target.name.schema else path
        yield from (replace(target, name=replace(target.name, schema=schema)) for schema in schemas)


def _search_path(statement: SyntaxNode) -> tuple[str, ...]:
    """The schemas in a function's own `SET search_path`, PostgreSQL's excepted."""
    settings = (option.arg for option in statement.options or () if option.defname == "set")
    return tuple(
        schema
        for each in settings
        if each.name == "search_path"
        for value in each.args or ()
        if not (schema := value.val.sval).startswith(("pg_", "$"))
    )


def _done_now(effects: Effects, inside: Sequence[Effects], body: Body) -> Effects:
    """All that a block may do: which of its statements run is not known."""
    together: dict[str, Any] = {
        field.name: tuple(
            dict.fromkeys(one for part in inside for one in getattr(part, field.name))
        )
        for field in fields(Effects)
        if isinstance(getattr(effects, field.name), tuple)
    }
    refused = [f"{each.statement}: {each.refused}" for each in inside if each.refused]
    refused += [f"{each.step} cannot run in a block" for each in inside if each.step]
    return replace(
        effects,
        **together,
        cascade=any(each.cascade for each in inside),
        opaque="; ".join(filter(None, (effects.opaque, body.unseen))),
        refused=refused[0] if refused else None,
    )


def body_of(statement: SyntaxNode) -> Body:
    """What stands in the body of a CREATE FUNCTION, PROCEDURE or DO."""
    options = statement.args if isinstance(statement, ast.DoStmt) else statement.options
    given = {option.defname: option.arg for option in options or ()}
    if getattr(statement, "sql_body", None) is not None:
        return Body(tuple(_statements(statement.sql_body)))
    language = given["language"].sval.lower() if "language" in given else "plpgsql"
    text = given.get("as")
    parts: SyntaxNode = text if isinstance(text, tuple) else (text,)
    if language not in ("sql", "plpgsql"):
        return Body(unseen=f"{_CALLED}: it is written in {language}")
    read = _sql if language == "sql" else _plpgsql
    return read(statement, parts[0].sval)


def _statements(body: SyntaxNode) -> Iterator[SyntaxNode]:
    """The statements of BEGIN ATOMIC … END, or the expression of RETURN."""
    if isinstance(body, tuple):
        for each in body:
            yield from _statements(each)
    elif isinstance(body, ast.ReturnStmt):
        yield ast.SelectStmt(targetList=(body.returnval,))
    elif body is not None:
        yield body


def _sql(_: SyntaxNode, text: str) -> Body:
    try:
        return Body(tuple(each.stmt for each in parse(text)))
    except SyntaxProblem:
        return Body(unseen=_UNREAD)


def _plpgsql(statement: SyntaxNode, text: str) -> Body:
    try:
        program = parse_plpgsql(_with_plain_types(statement, text))
        found = [each for query in _queries(program) for each in _parsed(query)]
    except (ParseError, ValueError, LookupError):
        return Body(unseen=_UNREAD)  # said in the plan; whether it is valid, PostgreSQL says
    unseen = _MADE_UP if any(each is None for each in found) else None
    return Body(tuple(each for each in found if each is not None), unseen)


_DECLARATIONS = re.compile(r"\bdeclare\b.*?\bbegin\b", re.IGNORECASE | re.DOTALL)
_QUALIFIED = r'(?:[\w$]+|"[^"]+")(?:\s*\.\s*(?:[\w$]+|"[^"]+"))'
_OWN_TYPE = re.compile(
    rf"((?:\bdeclare|;)\s*[\w$]+\s+(?:constant\s+)?)"
    rf"(?:{_QUALIFIED}+(?:\s*%\s*(?:row)?type)?(?:\s*\[\s*\])*|[\w$]+\s*(?:%\s*rowtype|\[\s*\]))"
    rf"(?=\s*(?:;|:=|=|\bnot\b|\bdefault\b))",
    re.IGNORECASE,
)


def _with_plain_types(statement: SyntaxNode, text: str) -> str:
    """The same program as the parser of PL/pgSQL can read it, which has no catalogue.

    Which type a variable has does not matter here; `record` stands for each that it cannot know.
    """
    plain = _DECLARATIONS.sub(lambda found: _OWN_TYPE.sub(r"\1record", found[0]), text)
    body = "'" + plain.replace("'", "''") + "'"
    if isinstance(statement, ast.DoStmt):
        return f"DO {body}"
    arguments = ", ".join(
        f"{_MODES.get(given.mode.name, 'IN')} {quote(given.name) if given.name else ''} record"
        for given in statement.parameters or ()
    )
    if statement.is_procedure:
        return f"CREATE PROCEDURE it({arguments}) LANGUAGE plpgsql AS {body}"
    return f"CREATE FUNCTION it({arguments}) {_returns(statement)} LANGUAGE plpgsql AS {body}"


_MODES = {
    "FUNC_PARAM_OUT": "OUT",
    "FUNC_PARAM_INOUT": "INOUT",
    "FUNC_PARAM_TABLE": "OUT",
}


def _returns(statement: SyntaxNode) -> str:
    if statement.returnType is None:
        return ""
    if statement.returnType.setof:
        return "RETURNS SETOF record"
    name = qualified(statement.returnType.names).name
    return f"RETURNS {name if name in ('trigger', 'event_trigger', 'void') else 'record'}"


class _Query(NamedTuple):
    """A piece of SQL in a program; `made_up`: an expression whose value is run as SQL."""

    text: str
    mode: int
    made_up: bool


_STATEMENT, _ASSIGNMENTS = 0, (3, 4, 5)
_RUN_AS_SQL = ("dynquery",)
_RUNNERS = ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")


def _queries(node: Any, made_up: bool = False) -> Iterator[_Query]:
    """Every piece of SQL in a parsed program (dicts and lists, as its parser gives it)."""
    if isinstance(node, list):
        for each in node:
            yield from _queries(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "PLpgSQL_expr":
                yield _Query(value["query"], value.get("parseMode", _STATEMENT), made_up)
            elif key in _RUNNERS:
                yield from _queries(value.pop("query"), made_up=True)
                yield from _queries(value)
            else:
                yield from _queries(value, made_up=key in _RUN_AS_SQL)


def _parsed(query: _Query) -> Iterator[SyntaxNode | None]:
    """The statements that a piece of SQL is; None for SQL that is known to be made up."""
    text = query.text
    if query.mode in _ASSIGNMENTS:
        text = re.split(":?=", text, maxsplit=1)[1]
    parsed = parse(text if query.mode == _STATEMENT else f"SELECT {text}")
    if not query.made_up:
        yield from (statement.stmt for statement in parsed)
        return
    (value,) = (each.val for each in parsed[0].stmt.targetList)
    constant = getattr(getattr(value, "val", None), "sval", None)
    if constant is None:
        yield from (parsed[0].stmt, None)
    else:
        yield from (each.stmt for each in parse(constant))
