"""`cqrs demo` on a machine that is slow, or where nothing runs: no verdict on half a run."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
from rich.console import Console

from tasks import demo
from tasks.demo import show
from tests.conftest import Database
from worker.ops.supervisor import Supervisor


def test_without_progress_it_gives_up_and_says_how_far_it_came(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "PATIENCE", 0.2)
    screen = show.Show(Console(file=io.StringIO()), Supervisor([], tmp_path, {}), orders=10)

    sent = screen.play()

    assert not screen.finished
    told = demo._unfinished(screen, tmp_path)
    assert f"no verdict: 0 of {len(sent)} commands have a receipt" in told
    assert str(tmp_path / "log") in told


def test_patience_counts_from_the_last_progress(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    states = iter([(9, 0), (9, 0), (8, 0), (8, 0), (8, 3), (8, 3), (8, 3)])
    monkeypatch.setattr(show, "_state", lambda _open: next(states))
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    screen = show.Show(Console(file=io.StringIO()), Supervisor([], tmp_path, {}), orders=10)
    moves = []
    for _ in range(6):
        clock[0] += show.PATIENCE - 1
        moves.append(screen._moves())
    assert moves == [True, True, True, True, True, False]
