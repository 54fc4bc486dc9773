"""The house: packages in layers, one face, and nothing else at the top of the wheel."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import worker
from bench import structure

ROOT = Path(__file__).parents[1]


def test_no_import_goes_up_and_no_circle_is_closed() -> None:
    assert structure.main() == 0


def test_a_circle_would_be_found() -> None:
    arrows = Counter({("a", "b"): 1, ("b", "c"): 1, ("c", "a"): 1, ("c", "d"): 1})

    assert structure.circles(arrows) == [["a", "b", "c"]]


def test_every_package_has_its_layer() -> None:
    packages = {path.parent.name for path in (ROOT / "worker").glob("*/__init__.py")}

    assert packages == set(structure.layers()) - {structure.FACE}


def test_nobody_inside_the_engine_imports_its_face() -> None:
    known = structure.modules()
    names = set(worker._HOME)

    taken = {
        f"{module}: {alias.name}"
        for module, file in known.items()
        if module != "worker"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "worker"
        for alias in node.names
        if alias.name in names
    }

    assert taken == set()


def test_the_face_says_the_same_to_python_and_to_type_checkers() -> None:
    tree = ast.parse(Path(worker.__file__).read_text())
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: node.module
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert typed == worker._HOME


@pytest.mark.parametrize("name", worker.__all__)
def test_every_name_of_the_face_is_there(name: str) -> None:
    assert getattr(worker, name) is getattr(import_module(worker._HOME[name]), name)


def test_a_name_that_the_face_does_not_have_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'comand'"):
        _ = worker.comand  # type: ignore[attr-defined]


def test_importing_the_contracts_imports_no_celery_and_no_database() -> None:
    code = "import sys, worker.contracts; print(*sorted(m for m in sys.modules if '.' not in m))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not {"celery", "kombu", "redis", "psycopg", "sqlalchemy"} & set(said.stdout.split())


def test_an_upward_import_is_refused(tmp_path: Path) -> None:
    for name in ("worker", "models", "tasks", "bench"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    module = tmp_path / "worker" / "event_log" / "log.py"
    module.write_text(module.read_text() + "\nfrom worker.commands import executor  # noqa\n")

    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert "worker.event_log.log -> worker.commands.executor" in said.stdout
