"""The stack as pytest-celery sees it: broker, result backend and worker are nodes of its own.

Behind the nodes are processes, not containers; `tests/long/docker` has the same with an engine.
The client is a plain Celery app that knows nothing of ours.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_celery import (
    CeleryBackendCluster,
    CeleryBrokerCluster,
    CeleryTestSetup,
    CeleryTestWorker,
    CeleryWorkerCluster,
    CeleryWorkerContainer,
    RedisContainer,
    RedisTestBackend,
    RedisTestBroker,
)

from tests.conftest import Database
from tests.support.process_container import ProcessContainer
from tests.support.workers import QUICKLY, ROOT, environment, until
from worker.base.app import QUEUES, app
from worker.base.settings import get_settings
from worker.embedded.folders import Folders
from worker.embedded.programs import valkey_server
from worker.embedded.watchdog import watch_group
from worker.testing.fork_server import Process, start_celery


class ValkeyProcess(RedisContainer):
    """Valkey on a port of its own."""

    @property
    def port(self) -> int:
        """The port; pytest-celery asks Docker, which maps it."""
        return int(self.env["PORT"])

    @property
    def url(self) -> str:
        """Its address: nodes share one network, this machine's."""
        return str(self.host_url)


class WorkerProcess(CeleryWorkerContainer):
    """Our worker, on all queues."""

    @classmethod
    def worker_name(cls) -> str:
        return "all"

    @classmethod
    def worker_queue(cls) -> str:
        return "commands"


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[ValkeyProcess]:
    """A Valkey that runs; broker and result backend, each in a database of its own."""
    (tmp_path / "valkey").mkdir()
    folders = Folders.make(tmp_path / "valkey")
    program = valkey_server(folders)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [*ValkeyProcess.command("--port", str(port), "--bind", "127.0.0.1")[1:]]

    def start(output: int) -> Process:
        process = subprocess.Popen(
            [program, *arguments],
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        watch_group(process.pid)
        return process

    environ = {"PATH": os.environ["PATH"], "PORT": str(port)}
    process = ProcessContainer("valkey", start, tmp_path / "valkey.log", environ, [port])
    yield ValkeyProcess(process)
    process.kill()
    Folders.remove(tmp_path / "valkey")


@pytest.fixture
def celery_broker_cluster(valkey: ValkeyProcess) -> CeleryBrokerCluster:
    return CeleryBrokerCluster(RedisTestBroker(valkey))


@pytest.fixture
def celery_backend_cluster(valkey: ValkeyProcess) -> CeleryBackendCluster:
    return CeleryBackendCluster(RedisTestBackend(valkey))


@pytest.fixture
def celery_worker_cluster(
    things: Database, valkey: ValkeyProcess, tmp_path: Path
) -> Iterator[CeleryWorkerCluster]:
    """A worker of ours that finds its servers by the settings alone."""
    url = str(valkey.host_url)
    servers = {"broker_url": url, "result_url": url, "cache_url": url[:-1] + "1"}
    environ = environment(get_settings().model_copy(update=servers))
    name = f"{WorkerProcess.worker_name()}@stack"
    arguments = ["-A", "worker", "worker", "-n", name, "-Q", ",".join(QUEUES), "-c", "1"]
    arguments += ["-l", WorkerProcess.log_level(), *QUICKLY]

    def start(output: int) -> Process:
        return start_celery(arguments, ROOT, environ, output)

    process = ProcessContainer("worker", start, tmp_path / "worker.log", environ, [])
    yield CeleryWorkerCluster(CeleryTestWorker(WorkerProcess(process), app=None))
    process.kill()


@pytest.fixture
def celery_worker_cluster_config(valkey: ValkeyProcess) -> dict[str, Any]:
    """Where the client finds broker and result backend."""
    address = {"host_urls": [valkey.host_url]}
    return {
        "celery_broker_cluster_config": address,
        "celery_backend_cluster_config": address,
    }


@pytest.fixture
def stack(celery_setup: CeleryTestSetup) -> Iterator[CeleryTestSetup]:
    """All of it, ready; afterwards our own app is the current one again."""
    assert celery_setup.ready(control=True)
    yield celery_setup
    celery_setup.app.close()
    app.set_current()


def send(stack: CeleryTestSetup, name: str, **fields: object) -> Any:
    """Send a command as any Celery client does."""
    return stack.app.send_task(name, kwargs=fields, task_id=str(uuid4()), queue="commands")


def test_a_plain_client_sends_a_command_and_gets_its_receipt(stack: CeleryTestSetup) -> None:
    receipt = send(stack, "things.add", price="1.00").get(timeout=30)
    assert receipt["status"] == "succeeded"
    stack.worker.assert_log_exists("things.add")


def test_the_worker_answers_the_healthcheck_of_the_compose_file(stack: CeleryTestSetup) -> None:
    ping = [sys.executable, "-m", "celery", "-A", "worker", "inspect", "ping", "--timeout", "10"]
    code, output = stack.worker.container.exec_run([*ping, "-d", "all@stack"])
    assert (code, b"pong" in output) == (0, True), output


def test_a_worker_that_was_killed_runs_what_was_sent_meanwhile(stack: CeleryTestSetup) -> None:
    stack.worker.kill()
    assert stack.worker.container.status == "exited"
    sent = send(stack, "things.add", price="1.00")
    stack.worker.restart()
    assert sent.get(timeout=30)["status"] == "succeeded"


def test_a_worker_finds_its_broker_again(stack: CeleryTestSetup) -> None:
    stack.broker.kill()
    stack.broker.restart()
    receipts = []

    def answered() -> bool:
        """A broker that keeps nothing loses what came before its worker was back: say it again."""
        receipts.append(send(stack, "things.add", price="1.00"))
        return any(sent.ready() for sent in receipts)

    until(answered, 60)
    assert any(sent.ready() and sent.get()["status"] == "succeeded" for sent in receipts)
