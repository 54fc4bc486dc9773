"""Worker processes in this repository's folder (the classes: `worker.testing.workers`)."""

from __future__ import annotations

from pathlib import Path

from worker.base.app import app
from worker.base.settings import Settings
from worker.testing import workers
from worker.testing.workers import QUICKLY, Worker, Workers, slowness, until

ROOT = Path(__file__).parents[2]


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child process finds these settings, and this repository."""
    return workers.environment(settings) | {"PYTHONPATH": str(ROOT)}


__all__ = ["QUICKLY", "ROOT", "Worker", "Workers", "app", "environment", "slowness", "until"]
