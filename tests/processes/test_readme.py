"""The README says what the code says; its commands, its code and the examples run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from tasks.orders.commands import create_order
from tasks.orders.queries import orders_summary
from tests.conftest import Database
from tests.support.shop import customer, product
from tests.support.workers import ROOT, Workers, environment
from worker.base.settings import PREFIX, Settings, get_settings

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line.partition("#")[0].strip()
    for language, block in BLOCKS
    for line in block.splitlines()
    if not language and re.match(r"make |\.venv/", line)
]
TO_THE_END = [command for command in COMMANDS if command.startswith(".venv/bin/")]


def settings_table() -> str:
    """The table of settings, made from the code."""
    lines = ["| variable | default | what it is |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = None if field.default is PydanticUndefined else field.default
        shown = ",".join(default) if isinstance(default, tuple) else default
        text = "" if shown is None else f"`{shown}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {text} | {field.description} |")
    return "\n".join(lines)


def test_the_settings_table_is_the_settings() -> None:
    page = ROOT / "docs" / "settings.md"
    table = settings_table()
    assert table in page.read_text(encoding="utf-8"), f"put this into {page}:\n{table}"


REJECTED = 3
"""Exit code of `cqrs submit` when a rule refused a line."""


def run(*command: str, code: int = 0) -> str:
    """Run a command of the README in this tree, as this test's settings have it; its output.

    Its exit `code` is looked at.
    """
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(get_settings()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == code, f"{command}\n{result.stdout}\n{result.stderr}"
    return result.stdout


def test_every_command_of_the_readme_runs(database: Database, workers: Workers) -> None:
    workers.start()
    said = {}
    for command in TO_THE_END:
        program, *arguments = command.split()
        wanted = REJECTED if "submit" in arguments else 0
        path = str(Path(sys.executable).parent / Path(program).name)
        said[command] = run(path, *arguments, code=wanted)

    assert len(said) == 4
    outcomes = said[".venv/bin/cqrs submit examples/commands.jsonl"]
    assert re.search(r"succeeded\W+5\b", outcomes), outcomes
    assert re.search(r"rejected\W+1\b", outcomes), outcomes


@pytest.mark.parametrize("target", [c.split()[1] for c in COMMANDS if c.startswith("make ")])
def test_every_make_target_of_the_readme_is_there(target: str) -> None:
    """`make demo` and `make test` are what `.ci/run` runs, `make up` is test_up.py's."""
    assert target in run("make", "help").split()


def test_every_example_runs(database: Database, workers: Workers) -> None:
    workers.start()
    examples = sorted((ROOT / "examples").glob("*.py"))
    assert [int(example.name[:2]) for example in examples] == list(range(1, len(examples) + 1))
    for example in examples:
        assert "succeeded" in run(sys.executable, str(example)), example.name


def python_blocks() -> list[str]:
    """The README's Python, block by block."""
    return [block for language, block in BLOCKS if language == "python"]


def test_the_first_lines_of_python_do_what_they_say(database: Database, workers: Workers) -> None:
    workers.start()
    names = {"customer": customer(), "tea": product(5, price="4.20")}
    first = ast.parse(python_blocks()[0])
    *statements, status, answer = first.body
    assert isinstance(status, ast.Expr)
    assert isinstance(answer, ast.Expr)

    exec(compile(ast.Module(statements, []), "README", "exec"), names)

    assert _value(status, names) == ("succeeded", "19.24")
    (order,) = _value(answer, names)
    assert str(order.total) == "19.24"


def _value(expression: ast.Expr, names: dict[str, str]) -> tuple[Any, ...]:
    return tuple(eval(compile(ast.Expression(expression.value), "README", "eval"), names))


def test_whatever_else_the_readme_calls_is_there() -> None:
    known = {"create_order": create_order, "orders_summary": orders_summary}
    called = {
        (node.value.id, node.attr)
        for block in python_blocks()
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    ours = {(name, attribute) for name, attribute in called if name in known}
    assert len(ours) > 5
    assert [pair for pair in sorted(ours) if not hasattr(known[pair[0]], pair[1])] == []
