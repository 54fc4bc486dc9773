"""Changeset files: `.sql` with marked sections, and `.toml`; problems have their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.schema import Operation, SchemaChange, read_file
from worker.schema.change.change import DEFAULT_SCHEMAS
from worker.schema.errors import InvalidChange
from worker.schema.plan.operations import read_operations

SQL = """\
--! description: Grüße: orders
--! version: 1.2.3
-- an ordinary comment

--! command
CREATE TABLE command.orders (id int, note text DEFAULT '--! query; not a marker');
--! undo
DROP TABLE command.orders;

CREATE FUNCTION command.f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    --! undo: not a marker either; it stands in a body
    RETURN 1;
END $$;
CREATE FUNCTION command.g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;
--! undo
DROP FUNCTION command.g();

--! query
CREATE VIEW query.v AS SELECT 1 AS n
"""

TOML = """\
description = "Orders"
version = "1.2.3"
query = ["CREATE VIEW query.v AS SELECT 1 AS n"]

[[command]]
sql = '''
CREATE TABLE command.orders (
    id int
)'''
undo = "DROP TABLE command.orders"
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def texts(operations: tuple[Operation, ...]) -> list[tuple[str, str | None]]:
    return [(" ".join(each.sql.split())[:30], each.undo) for each in operations]


def test_a_sql_file_is_statements_between_markers(tmp_path: Path) -> None:
    change = read_file(written(tmp_path, "a.sql", SQL))
    assert (change.description, str(change.version)) == ("Grüße: orders", "1.2.3")
    assert texts(change.command_operations) == [
        ("CREATE TABLE command.orders (i", "DROP TABLE command.orders"),
        ("CREATE FUNCTION command.f() RE", None),
        ("CREATE FUNCTION command.g() RE", "DROP FUNCTION command.g()"),
    ]
    assert texts(change.query_operations) == [("CREATE VIEW query.v AS SELECT ", None)]


def test_a_toml_file_says_the_same_as_data(tmp_path: Path) -> None:
    change = read_file(written(tmp_path, "a.toml", TOML))
    assert texts(change.command_operations) == [
        ("CREATE TABLE command.orders ( ", "DROP TABLE command.orders")
    ]
    assert texts(change.query_operations) == [("CREATE VIEW query.v AS SELECT ", None)]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        (SQL.replace("DROP TABLE", "DORP TABLE"), 8, 1, 'syntax error at or near "DORP"'),
        (SQL.replace("command\nCREATE", "comand\nCREATE"), 5, 1, "did you mean command?"),
        (SQL.replace("--! command\n", ""), 5, 1, "before the first statement"),
        (SQL + ";\n--! undo\n", 22, 1, "followed by no statement"),
        (SQL.replace("-- an ordinary", "--! version: 2.0.0 --"), 3, 1, "version stands twice"),
        (SQL.replace("SELECT 1 AS n", "SELECT 1\n--! command\nAS n"), 21, 1, "semicolon missing"),
        (SQL.replace("--! query\n", "--! undo\nSELECT 1;\n--! query\n"), 20, 1, "an undo already"),
        (
            SQL.replace("--! command\n", "--! command\n--! undo\nSELECT 1;"),
            7,
            1,
            "no operation before",
        ),
        (SQL + "\0", 21, 1, "NUL"),
    ],
)
def test_what_is_wrong_in_a_sql_file_has_its_line_and_column(
    tmp_path: Path, text: str, line: int, column: int, message: str
) -> None:
    path = written(tmp_path, "a.sql", text)
    with pytest.raises(InvalidChange) as refusal:
        read_file(path)
    found = [(each.line, each.column) for each in refusal.value.problems if message in each.message]
    assert found[0] == (line, column)


def test_a_problem_of_an_operation_has_its_place_in_the_file(tmp_path: Path) -> None:
    sql = SQL.replace("DROP FUNCTION command.g()", "SAVEPOINT here")
    toml = TOML.replace("    id int\n", "    id int,,\n")
    assert _problem(written(tmp_path, "a.sql", sql)) == (3, 17, 1)
    assert _problem(written(tmp_path, "a.toml", toml)) == (1, 8, 12)


def _problem(path: Path) -> tuple[int | None, int | None, int | None]:
    with pytest.raises(InvalidChange) as refusal:
        read_operations(read_file(path), DEFAULT_SCHEMAS)
    (problem,) = refusal.value.problems
    return problem.operation, problem.line, problem.column


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("description = ", "this is no TOML"),
        (TOML.replace("query", "qeury"), "unknown key 'qeury'; did you mean query?"),
        (TOML.replace("undo", "und"), "unknown key 'und'; did you mean undo?"),
        (TOML.replace('"1.2.3"', "1.2"), "version is a string"),
        (TOML.replace("sql", "undo_"), "needs sql"),
        (TOML.replace('["CREATE VIEW query.v AS SELECT 1 AS n"]', "[1]"), "needs sql"),
        (TOML.replace('["CREATE VIEW query.v AS SELECT 1 AS n"]', '"x"'), "is a list"),
        (TOML.replace('"DROP TABLE command.orders"', "3"), "undo of command operation 1 is a"),
        ('version = "1.0.0"\ndescription = "x"', "at least one operation"),
    ],
)
def test_what_is_wrong_in_a_toml_file_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidChange) as refusal:
        read_file(written(tmp_path, "a.toml", text))
    assert message in str(refusal.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.sql").write_bytes("--! description: Grüße".encode("latin-1"))
    for name, message in [
        ("none.sql", "cannot read"),
        ("latin.sql", "no UTF-8"),
        ("a.txt", "a .toml or a .sql file"),
    ]:
        if name == "a.txt":
            (tmp_path / name).write_text("x")
        with pytest.raises(InvalidChange, match=message):
            read_file(tmp_path / name)


def test_both_forms_of_one_change_are_the_same(tmp_path: Path) -> None:
    sql = written(
        tmp_path,
        "a.sql",
        """--! description: Orders
--! version: 1.2.3
--! command
CREATE TABLE command.orders (
    id int
);
--! undo
DROP TABLE command.orders;
--! query
CREATE VIEW query.v AS SELECT 1 AS n;
""",
    )

    def bare(change: SchemaChange) -> list[tuple[str, str, str | None]]:
        return [(side.value, each.sql.strip(), each.undo) for side, each in change]

    assert bare(read_file(sql)) == bare(read_file(written(tmp_path, "a.toml", TOML)))


@pytest.mark.parametrize("name", ["a.sql", "a.toml"])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, name: str) -> None:
    text = SQL if name == "a.sql" else TOML
    marked = written(tmp_path, f"marked_{name}", "\ufeff" + text)
    assert read_file(marked) == read_file(written(tmp_path, name, text))


TANGLED = """\
description = "it's \\"DROP TABLE command.a\\"" # and 'DROP TABLE command.a' in a comment
version = "1.2.0"
command = [
 "DROP TABLE command.ab CASCADE NOW",
 "DROP TABLE command.a",
 "DROP TABLE command.ab CASCADE NO",
 "DROP TABLE command.a",
]
[[query]]
sql = '''
DROP TABLE query.a'''
undo = 'DROP TABLE query.a'
"""


def test_each_text_of_a_toml_file_has_the_place_where_it_stands(tmp_path: Path) -> None:
    change = read_file(written(tmp_path, "a.toml", TANGLED))
    places = [(each.place.line, each.place.column) for _, each in change]
    assert places == [(4, 3), (5, 3), (6, 3), (7, 3), (11, 1)]
    assert (change.query_operations[0].undo_place.line) == 12
    with pytest.raises(InvalidChange) as refusal:
        read_operations(change, DEFAULT_SCHEMAS)
    wrong = [(each.operation, each.line, each.column) for each in refusal.value.problems]
    assert wrong == [(1, 4, 33), (3, 6, 33)]
