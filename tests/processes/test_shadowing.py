"""Modules of the application's that have our names: told of, or harmless."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CQRS = Path(sys.executable).with_name("cqrs")


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program from the application's folder, as its owner does."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("CQRS_", "PYTHONPATH"))}
    return subprocess.run(
        list(command),
        cwd=folder,
        env=clean | {"CQRS_DOMAINS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("name", ["worker.py", "worker/__init__.py"])
@pytest.mark.parametrize("command", ["map", "up", "status"])
def test_an_applications_own_worker_is_named_before_anything_runs_it(
    tmp_path: Path, name: str, command: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("raise SystemExit('the host ran')")
    done = run(tmp_path, CQRS, command)
    said = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert f"{file} has the name of the engine's package" in said
    assert "Rename it" in said
    assert "the host ran" not in said + done.stdout


def test_a_folder_of_that_name_without_python_in_it_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "worker").mkdir()
    done = run(tmp_path, CQRS, "map")
    assert done.returncode == 0, done.stderr


def test_modules_that_are_called_as_ours_in_this_repository_are_harmless(tmp_path: Path) -> None:
    for name in ("tasks", "models", "beat_schedule", "commands", "queries", "schedule", "settings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the host ran')")
    load = (
        "from worker.ops.celery_app import beat_schedule, load_tasks; load_tasks(); beat_schedule()"
    )
    for command in ((CQRS, "map"), (sys.executable, "-c", load)):
        done = run(tmp_path, *command)
        assert done.returncode == 0, done.stderr
        assert "the host ran" not in done.stdout + done.stderr
