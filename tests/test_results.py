"""Results in Redis: a receipt is stored by one call, and no failure is put over it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import redis as redis_py
from celery import states

from tests.conftest import Database
from worker.base.app import app
from worker.base.redis_results import ResultBackend
from worker.base.settings import get_settings
from worker.commands import after_commit
from worker.commands.command_result import CommandResult
from worker.commands.errors import CommandIdReused, NotReady
from worker.commands.receipts import Outcome
from worker.contracts import Receipt, Status, uuid7


@pytest.fixture
def results(database: Database, redis: redis_py.Redis) -> redis_py.Redis:
    """The database of the results, empty; the server knows our script and has counted nothing."""
    client = redis_py.Redis.from_url(get_settings().servers.result)
    after_commit.publish_results([(uuid7(), receipt())])
    client.flushdb()
    client.config_resetstat()
    return client


def test_a_batch_of_results_is_one_call_and_whoever_waits_has_his(
    results: redis_py.Redis,
) -> None:
    receipts = [receipt() for _ in range(20)]
    reused = CommandIdReused(uuid7(), "orders.create_order")
    outcomes: list[tuple[UUID, Outcome]] = [(one.command_id, one) for one in receipts] + [
        (reused.command_id, reused),
        (uuid7(), NotReady((uuid7(),))),
    ]
    after_commit.publish_results(outcomes)
    assert calls(results, "evalsha") == 1
    for one in receipts:
        assert CommandResult(str(one.command_id), app=app).receipt(5) == one
    with pytest.raises(CommandIdReused, match="another payload"):
        CommandResult(str(reused.command_id), app=app).get(timeout=5)
    kept = results.ttl(f"celery-task-meta-{receipts[0].command_id}")
    assert 0 < kept <= get_settings().result_expires
    assert results.dbsize() == len(receipts) + 1


def test_a_receipt_is_stored_without_a_look_and_no_failure_replaces_it(
    results: redis_py.Redis,
) -> None:
    one = receipt()
    backend = app.backend
    assert isinstance(backend, ResultBackend)
    backend.store_result(str(one.command_id), one.to_json(), states.SUCCESS)
    assert calls(results, "get") == 0
    failure = CommandIdReused(one.command_id, one.name)
    backend.store_result(str(one.command_id), failure, states.FAILURE)
    assert CommandResult(str(one.command_id), app=app).receipt(5) == one


def receipt() -> Receipt:
    """The receipt of a command that succeeded."""
    return Receipt(uuid7(), "orders.create_order", Status.SUCCEEDED, {"total": "1.50"}, position=7)


def calls(client: redis_py.Redis, command: str) -> int:
    """How often the server was called with a command."""
    counts: Any = client.info("commandstats")
    return int(counts.get(f"cmdstat_{command}", {"calls": 0})["calls"])
