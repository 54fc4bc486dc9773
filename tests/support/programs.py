"""Programs of ours, started as people start them."""

from __future__ import annotations

import subprocess
import sys

from tests.support.workers import environment
from worker.base.settings import get_settings


def cqrs(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the `cqrs` program with the settings of this test."""
    return subprocess.run(
        [sys.executable, "-m", "worker.cli", *arguments],
        env=environment(get_settings()) | environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
