"""The supervisor of `cqrs up`: a child that has ended, killed again, is started all the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from worker.ops.supervisor import Child, Supervisor


def test_a_child_that_has_ended_by_itself_can_be_killed_and_is_started(tmp_path: Path) -> None:
    child = Child("short", [sys.executable, "-c", "pass"])
    supervisor = Supervisor([child], tmp_path, dict(os.environ))
    supervisor.start()
    assert child.process is not None
    first = child.process
    first.wait()

    supervisor.kill("short")

    assert child.process is not first
    assert child.process.wait() == 0
