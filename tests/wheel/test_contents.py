"""What the wheel holds."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.support.workers import ROOT


def test_the_wheel_holds_the_engine_and_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "source"
    copy.mkdir()
    for name in ("worker", "models", "tasks"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "beat_schedule.py"):
        shutil.copy(ROOT / name, copy)
    build = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path)]

    subprocess.run([sys.executable, *build, str(copy)], check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"worker"}
    assert {"worker/py.typed", "worker/store/sql/events.sql"} <= set(names)
