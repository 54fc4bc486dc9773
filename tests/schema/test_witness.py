"""Whatever a statement changes, its plan has named: PostgreSQL's own event triggers are witness.

Each statement is planned, then run in a transaction that is rolled back. What the server says was
created, altered, dropped, written or rewritten is held against the plan, and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from tests.schema.test_locks import STANDING
from worker.schema.change.change import SchemaChange
from worker.schema.plan.plan import SchemaPlan
from worker.schema.plan.planning import plan
from worker.schema.statements.effects import Effects

Connection = psycopg.Connection[Any]
NOTHING_HANGS = SmallReadSide(connect=psycopg.connect)
STATEMENTS = [
    line
    for line in Path(__file__).with_name("witnessed.sql").read_text().splitlines()
    if not line.startswith("--")
]
MORE = """
    CREATE TYPE command.pair AS (a int, b text);
    CREATE TABLE command.typed OF command.pair;
    CREATE TABLE command.pairs (p command.pair, s command.state, m command.money);
    CREATE TABLE command.rest PARTITION OF command.parts DEFAULT;
    CREATE INDEX parts_id ON ONLY command.parts (id);
    CREATE INDEX part_1_id ON command.part_1 (id);
    CREATE FUNCTION command.f(int) RETURNS int RETURN $1;
    CREATE FUNCTION command.f(text) RETURNS int RETURN 1;
    CREATE VIEW command.called AS SELECT command.f(id) FROM command.users;
    CREATE FUNCTION command.wipe() RETURNS void BEGIN ATOMIC DELETE FROM command.loose; END;
    CREATE FUNCTION command.wipe_by_text() RETURNS void LANGUAGE sql
        AS 'DELETE FROM command.loose';
    CREATE PROCEDURE command.clean() LANGUAGE sql AS 'DELETE FROM command.loose';
    CREATE STATISTICS command.stats ON name, age FROM command.users;
    CREATE SCHEMA spare;
    CREATE TABLE spare.things (id int);
    CREATE VIEW query.names AS SELECT name FROM command.users;
    CREATE VIEW query.spare AS SELECT * FROM spare.things;
    CREATE MATERIALIZED VIEW query.named AS SELECT count(*) FROM query.names;
    CREATE AGGREGATE command.total (int) (SFUNC = int4pl, STYPE = int);
    CREATE COLLATION command.german (provider = libc, locale = 'C');
    CREATE OPERATOR command.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE TEXT SEARCH CONFIGURATION command.search (COPY = simple);
    INSERT INTO command.users VALUES (7, 'x', 20);
    INSERT INTO command.loose VALUES (11);
    INSERT INTO command.orders VALUES (1, 7, 5);
"""
WITNESS = """
    CREATE TEMP TABLE noted (kind text, identity text);
    CREATE FUNCTION pg_temp.note_end() RETURNS event_trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO pg_temp.noted SELECT object_type, object_identity
                 FROM pg_event_trigger_ddl_commands(); END';
    CREATE FUNCTION pg_temp.note_drop() RETURNS event_trigger LANGUAGE plpgsql AS
        'BEGIN INSERT INTO pg_temp.noted SELECT object_type, object_identity
                 FROM pg_event_trigger_dropped_objects(); END';
    CREATE EVENT TRIGGER note_end ON ddl_command_end EXECUTE FUNCTION pg_temp.note_end();
    CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION pg_temp.note_drop()
"""
ROWS = """
    SELECT c.oid::regclass::text, concat_ws(' ', pg_relation_filenode(c.oid), s.n_tup_ins,
                                            s.n_tup_upd, s.n_tup_del)
      FROM pg_class AS c JOIN pg_stat_xact_user_tables AS s ON s.relid = c.oid
     WHERE c.relkind IN ('r', 'm') AND c.relnamespace::regnamespace::text !~ '^(pg_|cqrs)'
"""
OWNERS = """
    SELECT i.indexrelid::regclass::text, i.indrelid::regclass::text FROM pg_index AS i
    UNION ALL
    SELECT format('%I.%I', s.stxnamespace::regnamespace, s.stxname), s.stxrelid::regclass::text
      FROM pg_statistic_ext AS s
    UNION ALL
    SELECT d.objid::regclass::text, d.refobjid::regclass::text
      FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S'
     WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
       AND d.deptype IN ('a', 'i')
"""


class Noted(NamedTuple):
    """A thing that the server changed, and the names under which a plan may have it."""

    kind: str
    identity: str
    names: frozenset[str]


@pytest.fixture
def standing(db: Connection) -> None:
    """A schema with one of everything."""
    db.execute(STANDING.encode())
    db.execute(MORE.encode())


def witnessed(db: Connection, text: str) -> list[Noted]:
    """What the server says a statement has changed; nothing of it is kept."""
    with db.transaction(force_rollback=True):
        db.execute(WITNESS)
        rows, owners = dict(db.execute(ROWS).fetchall()), dict(db.execute(OWNERS).fetchall())
        db.execute(text.encode())
        owners |= dict(db.execute(OWNERS).fetchall())
        noted = db.execute("SELECT DISTINCT kind, identity FROM noted").fetchall()
        after = dict(db.execute(ROWS).fetchall())
    noted += [("rows", name) for name in rows if after.get(name, rows[name]) != rows[name]]
    return [
        Noted(kind, identity, frozenset(_names(kind, identity, owners)))
        for kind, identity in noted
        if identity and not re.search(r"pg_toast|pg_temp|RI_ConstraintTrigger|\[\]", identity)
    ]


def _names(kind: str, identity: str, owners: dict[str, str]) -> Iterator[str]:
    """An object's own name, its table's, and a function's with its types as people write them."""
    tied = re.search(r" (?:on|of|for) (\S+)$", f" {identity}")
    name = tied.group(1) if tied else identity.replace("pg_catalog.", "")
    for each in (name, owners.get(name, name)):
        yield each
        yield each.partition("(")[0]
        if "column" in kind or kind == "default value":
            yield each.rpartition(".")[0]


def planned(found: SchemaPlan) -> set[str]:
    """Every name that the plan has, of what the statement does and of what it takes along."""
    effects = found.operations[0].effects
    groups = (effects.changes, effects.contents, effects.reaches, effects.becomes)
    names = {str(target.name) for group in groups for target in group}
    names |= {name.partition("(")[0] for name in names} | {name.replace('"', "") for name in names}
    # of a foreign key that goes with the key it rests on, the plan has its table's lock
    names |= {str(lock.name) for lock in found.locks if lock.mode.stops_readers}
    told = re.split(r"[ ,]+", " ".join(found.notes))
    return names | {each.name for each in found.dependents} | set(told)


def promised(effects: Effects) -> set[str]:
    """What the statement creates or drops, without the types of functions."""
    return {
        str(target.name).partition("(")[0].replace('"', "")
        for target in (*effects.creates, *effects.drops)
    }


@pytest.mark.usefixtures("standing")
def test_whatever_a_statement_changes_its_plan_has_named(db: Connection) -> None:
    wrong = []
    for text in STATEMENTS:
        found = plan(db, SchemaChange.of([text], [], "one", "1.0.0"), NOTHING_HANGS)
        noted, named = witnessed(db, text), planned(found)
        effects = found.operations[0].effects
        unsaid = [each for each in noted if not each.names & named]
        if unsaid and effects.opaque is None:
            wrong.append(f"{text}\n    changed, and not in the plan: {unsaid}")
        seen = {name for each in noted for name in each.names}
        undone = promised(effects) - seen if "EXISTS" not in text else set()
        if undone:
            wrong.append(f"{text}\n    in the plan, and not done: {undone}")
    assert not wrong, "\n".join(wrong)
