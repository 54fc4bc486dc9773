"""The image as it is deployed: PostgreSQL, Valkey and a worker in containers of their own.

Runs where a Docker engine answers; elsewhere `tests/test_compose.py` checks what can be checked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_celery import (
    CeleryTestContainer,
    CeleryTestWorker,
    CeleryWorkerContainer,
    RedisContainer,
)
from pytest_docker_tools import build, container, fetch, fxtr

ROOT = Path(__file__).parents[3]
QUEUES = "commands,projections,reactions,maintenance"
PASSWORD = "for-this-test-alone"


def engine_answers() -> bool:
    if (program := shutil.which("docker")) is None:
        return False
    ask = [program, "version", "--format", "{{.Server.Version}}"]
    return subprocess.run(ask, capture_output=True, check=False, timeout=30).returncode == 0


pytestmark = [
    pytest.mark.skipif(not engine_answers(), reason="no Docker engine answers on this machine"),
    pytest.mark.timeout(900),  # the first run fetches and builds images
]


class PostgresContainer(CeleryTestContainer):
    @property
    def ready_prompt(self) -> str:
        """Only the last server listens on IPv4; the one that runs the init scripts does not."""
        return "listening on IPv4 address"


class ValkeyContainer(RedisContainer):
    @classmethod
    def image(cls) -> str:
        return "valkey/valkey:9"

    @classmethod
    def command(cls, *args: str, **_: object) -> list[str]:
        return ["valkey-server", *super().command(*args)[1:]]


class CqrsContainer(CeleryWorkerContainer):
    @classmethod
    def worker_name(cls) -> str:
        return "all"

    @classmethod
    def command(cls, *_: str, **__: object) -> list[str]:
        worker = f"celery -A worker worker -Q {QUEUES} -n {cls.worker_name()}@%h --loglevel INFO"
        return ["sh", "-c", f"cqrs migrate && exec {worker}"]


@pytest.fixture
def default_redis_broker_cls() -> type[RedisContainer]:
    return ValkeyContainer


postgres_image = fetch(repository="postgres:18")
postgres = container(
    image="{postgres_image.id}",
    environment={"POSTGRES_USER": "cqrs", "POSTGRES_PASSWORD": PASSWORD},
    network="{default_pytest_celery_network.name}",
    wrapper_class=PostgresContainer,
    timeout=60,
)

cqrs_image = build(path=str(ROOT), tag="cqrs-worker:test")
cqrs_worker = container(
    image="{cqrs_image.id}",
    environment=fxtr("addresses"),
    network="{default_pytest_celery_network.name}",
    wrapper_class=CqrsContainer,
    timeout=120,
    command=CqrsContainer.command(),
)


@pytest.fixture
def addresses(postgres: PostgresContainer, default_redis_broker: ValkeyContainer) -> dict[str, str]:
    database = postgres.attrs["Config"]["Hostname"]
    valkey = f"redis://{default_redis_broker.hostname}:6379"
    return {
        "CQRS_DATABASE_URL": f"postgresql://cqrs:{PASSWORD}@{database}:5432/cqrs",
        "CQRS_BROKER_URL": f"{valkey}/0",
        "CQRS_RESULT_URL": f"{valkey}/1",
        "CQRS_CACHE_URL": f"{valkey}/2",
    }


@pytest.fixture
def worker(cqrs_worker: CqrsContainer) -> Iterator[CeleryTestWorker]:
    node = CeleryTestWorker(container=cqrs_worker, app=None)
    yield node
    node.teardown()


def in_the_container(worker: CeleryTestWorker, script: str) -> str:
    """What a shell script prints inside the worker's container; it must succeed."""
    code, output = worker.container.exec_run(["sh", "-c", script])
    assert code == 0, output.decode()
    return str(output.decode())


def test_the_worker_answers_the_healthcheck_of_the_compose_file(worker: CeleryTestWorker) -> None:
    asked = "celery -A worker inspect ping --timeout 10 -d all@$HOSTNAME"

    assert "pong" in in_the_container(worker, asked)


def test_a_command_submitted_in_the_stack_succeeds(worker: CeleryTestWorker) -> None:
    line = json.dumps(
        {
            "id": str(uuid4()),
            "command": "orders.register_customer",
            "key": "customer",
            "payload": {
                "customer_id": str(uuid4()),
                "email": "ada@example.com",
                "name": "Ada Lovelace",
            },
        }
    )

    printed = in_the_container(
        worker, f"echo '{line}' > /tmp/in.jsonl && cqrs submit /tmp/in.jsonl"
    )

    assert "succeeded" in printed


def test_the_image_runs_as_an_ordinary_account(worker: CeleryTestWorker) -> None:
    assert in_the_container(worker, "id -u").strip() != "0"
