"""A test that never ends: `tests/processes/test_ended.py` starts it in a pytest, and kills that."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.support.workers import Workers


@pytest.mark.timeout(0)
def test_without_end(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    workers.start_beat()
    Path(os.environ["ENDLESS_STARTED"]).write_text(str(os.getpid()))
    time.sleep(600)
