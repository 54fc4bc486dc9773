"""No bytes in a queue stop a worker, hold it up, or make it grow.

A seed is drawn for each run and printed; `FUZZ_SEED=… make fuzz` repeats one. The long form is
`make fuzz` (tests/long/test_fuzz.py).
"""

from __future__ import annotations

import os
import random
from decimal import Decimal
from typing import Any

import pytest
import redis as redis_py

from tests.support.domains import import_like_a_worker
from tests.support.fuzzing import Fuzzer
from tests.support.processes import children_of, resident
from tests.support.things.commands import add_thing
from tests.support.things.history import Things
from tests.support.workers import Worker, Workers, until
from worker.base.app import QUEUES, app
from worker.base.settings import get_settings
from worker.commands.command_result import CommandResult
from worker.commands.refused_messages import refused_messages
from worker.contracts import Status

LARGEST = 600_000
GOOD = 100
ROUNDS = 10
WARM = 2
"""The round after which a worker has everything loaded that it needs."""
PATIENCE = 150.0
"""Seconds; a message whose process was ended over it comes back after 30, and more than once."""
RECYCLED = 20_000
"""Messages after which a pool process may have been replaced by Celery: it has had enough tasks."""
MB = 1 << 20
MOST_GROWN = 40 * MB


@pytest.fixture
def number() -> int:
    """How many messages that nobody should send."""
    return 800


@pytest.fixture
def seed() -> int:
    """Of which seed they are made."""
    return int(os.environ.get("FUZZ_SEED") or random.randrange(2**32))


@pytest.mark.settings(max_message_bytes=LARGEST, task_soft_time_limit=20, task_time_limit=25,
                      visibility_timeout=30)  # fmt: skip
def test_no_bytes_in_a_queue_stop_a_worker(
    things: Things, workers: Workers, redis: redis_py.Redis, number: int, seed: int
) -> None:
    print(f"FUZZ_SEED={seed}")
    import_like_a_worker()
    tasks = sorted(task for task in app.tasks if not task.startswith("pytest"))
    fuzzer = Fuzzer(seed, tasks, LARGEST * 2)
    worker = workers.start()
    processes = children_of(worker.process.pid)
    handles, memory = [], []
    for _ in range(ROUNDS):
        handles += _feed(fuzzer, number // ROUNDS, worker)
        assert not worker.ended(), worker.log.read_text(errors="replace")[-20_000:]
        memory.append(_memory(worker))
        print([size // MB for size in memory[-1].values()])

    receipts = [handle.receipt(60) for handle in handles]
    assert [one.status for one in receipts] == [Status.SUCCEEDED] * GOOD
    if number < RECYCLED:
        assert children_of(worker.process.pid) == processes
    assert "exited with 'signal" not in worker.log.read_text(errors="replace")
    assert sum(one.count for one in refused_messages()) > number / 10
    grown = [memory[-1][pid] - memory[WARM][pid] for pid in memory[-1].keys() & memory[WARM]]
    assert max(grown) < MOST_GROWN, memory


def _feed(fuzzer: Fuzzer, number: int, worker: Worker) -> list[CommandResult]:
    """Push so many messages, with good commands among them, until all of them are taken."""
    handles = []
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        for part in range(GOOD // ROUNDS):
            with broker.pipeline() as pipeline:
                for _ in range(part, number, GOOD // ROUNDS):
                    queue = fuzzer.random.choices(QUEUES, (90, 4, 3, 3))[0]
                    pipeline.lpush(queue, fuzzer.item())
                pipeline.execute()
            handles.append(add_thing.delay(price=Decimal("1.00")))
            until(lambda: worker.ended() or broker.llen("commands") < 500, 120)
        try:
            until(lambda: worker.ended() or not _waiting(broker), PATIENCE)
        except TimeoutError:
            pytest.fail(f"the queues are not empty: {_left(broker)}")
    return handles


def _waiting(broker: redis_py.Redis) -> int:
    return sum(broker.llen(queue) for queue in QUEUES) + broker.hlen("cqrs.unacked")


def _left(broker: redis_py.Redis) -> dict[str, Any]:
    left: dict[str, Any] = {queue: broker.llen(queue) for queue in QUEUES}
    return left | {"taken": broker.hvals("cqrs.unacked")[:5]}


def _memory(worker: Worker) -> dict[int, int]:
    pid = worker.process.pid
    return {one: resident(one) for one in (pid, *children_of(pid))}
