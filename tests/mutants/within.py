"""A pytest plugin: only what is imported from the copy may run; and it can be interrupted."""

from __future__ import annotations

import importlib
import signal
from pathlib import Path

import pytest

PACKAGES = ("worker", "models", "tasks", "tests")


def pytest_configure(config: pytest.Config) -> None:
    """A plant in one tree proves nothing about tests that import another."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs us may ignore it
    for name in PACKAGES:
        file = Path(str(importlib.import_module(name).__file__)).resolve()
        if not file.is_relative_to(config.rootpath.resolve()):
            raise pytest.UsageError(f"{name} comes from {file}, not from {config.rootpath}")
