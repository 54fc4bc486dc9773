"""What the logs say in an outage: enough, and no more."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from celery.contrib.testing.mocks import TaskMessage

from worker.base import log_limit, logs
from worker.base.app import app
from worker.base.command_request import CommandRequest, EngineRequest
from worker.base.log_limit import BURST, MOST_KINDS, WINDOW


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set."""
    now = [1_000.0]
    monkeypatch.setattr(log_limit.time, "monotonic", lambda: now[0])  # type: ignore[attr-defined]
    return now


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What a worker of ours would write on standard error; the process's own logging afterwards."""
    written = StringIO()
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    monkeypatch.setattr("sys.stderr", written)
    logs.configure(logging.INFO)
    yield written
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def test_one_kind_of_line_is_let_through_a_few_times_and_then_counted(
    lines: StringIO, clock: list[float]
) -> None:
    log = logging.getLogger("somebody.else")
    for number in range(BURST + 30):
        log.error("cannot reach %s", f"redis://{number}")
    log.error("something else")
    assert lines.getvalue().count("cannot reach") == BURST
    assert "something else" in lines.getvalue()

    clock[0] += WINDOW
    log.error("cannot reach %s", "redis://again")
    assert "cannot reach redis://again (30 more like it were left out)" in lines.getvalue()


def test_our_own_lines_are_counted_by_what_happened(lines: StringIO, clock: list[float]) -> None:
    log = logs.get_logger("ours")
    for number in range(BURST + 2):
        log.warning("the cache does not answer", reason=f"error {number}")
    assert lines.getvalue().count("the cache does not answer") == BURST
    clock[0] += WINDOW
    log.warning("the cache does not answer", reason="again")
    assert "left_out=2" in lines.getvalue()


def test_progress_and_other_levels_are_not_held_back(lines: StringIO, clock: list[float]) -> None:
    log = logging.getLogger("somebody.else")
    for _ in range(BURST + 5):
        log.info("done")
    log.warning("done")
    assert lines.getvalue().count("done") == BURST + 6


def test_its_memory_is_bounded(clock: list[float]) -> None:
    limit = log_limit.LogLimit()
    for number in range(2 * MOST_KINDS):
        record = logging.LogRecord("x", logging.ERROR, "", 0, f"kind {number}", None, None)
        assert limit.filter(record)
    assert len(limit._kinds) <= MOST_KINDS


def test_a_message_in_a_log_line_shows_no_payload() -> None:
    """Celery quotes a request where it fails to cancel one, say."""
    payload = {"email": "ada@example.org"}
    message = TaskMessage("orders.register_customer", id="x", kwargs=payload)
    body: tuple[list[Any], dict[str, str], dict[str, Any]] = ([], payload, {})
    for kind in (EngineRequest, CommandRequest):
        request = kind(message, body=body, decoded=True, app=app, task=app.tasks["cqrs.drain"])
        assert repr(request) == f"<{kind.__name__}: orders.register_customer[x]>"
