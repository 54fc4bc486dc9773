"""The README says what the code says, and its examples run."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from pydantic_core import PydanticUndefined

from tests.conftest import Database
from tests.support.workers import ROOT, Workers, environment
from worker.base.settings import PREFIX, Settings, get_settings

README = (ROOT / "README.md").read_text(encoding="utf-8")


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
    assert settings_table() in README, f"put this into the README:\n{settings_table()}"


def test_every_path_that_the_readme_names_is_there() -> None:
    named = set(re.findall(r"`((?:models|worker|tasks|tests|bench|examples)/[\w./]*)`", README))
    assert named
    missing = [path for path in named if not (ROOT / path).exists() and "shop" not in path]
    assert missing == []


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_every_example_runs(database: Database, workers: Workers, example: str) -> None:
    workers.start()
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples" / example)],
        env=environment(get_settings()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "succeeded" in result.stdout
