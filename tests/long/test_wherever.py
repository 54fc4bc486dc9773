"""Wherever a checkout lies, whoever starts it: an ordinary user, odd paths, odd surroundings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.workers import ROOT

CHECKOUT = ("worker", "models", "tasks", "beat_schedule.py", "pyproject.toml")
ORDINARY_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""Root as somebody who is not root: files stay readable, and no capability is left."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy where every path has a space, a quote, a letter beyond ASCII, and too many of them."""
    folder = tmp_path / "a folder" / 'it\'s "ä"' / ("x" * 90)
    folder.mkdir(parents=True)
    for name in CHECKOUT:
        if (ROOT / name).is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def cqrs(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `cqrs` there as an ordinary user, with nothing else in the environment."""
    user = ORDINARY_USER if os.geteuid() == 0 else ()
    command = [*user, sys.executable, "-m", "worker.cli", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(folder), **environ},
        umask=0o077,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_the_demo_runs_there(checkout: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    proxies = {"HTTP_PROXY": nowhere, "http_proxy": nowhere, "ALL_PROXY": "socks5://127.0.0.1:9"}

    finished = cqrs(checkout, "demo", LANG="C", TZ="Pacific/Chatham", **proxies)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "376 commands" in finished.stdout
    assert "NO" not in finished.stdout


@pytest.mark.parametrize("command", ["up", "demo"])
def test_a_checkout_that_cannot_be_written_is_named(checkout: Path, command: str) -> None:
    checkout.chmod(0o555)

    finished = cqrs(checkout, command)

    assert finished.returncode == 1
    assert "Permission denied" in finished.stderr
    assert "CQRS_HOME" in finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
