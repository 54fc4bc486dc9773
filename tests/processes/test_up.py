"""`cqrs up`: the system in the foreground, one to a home, ended cleanly."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support.workers import ROOT, environment, until
from worker import embedded
from worker.base.settings import get_settings, using
from worker.embedded.folders import Folders
from worker.embedded.programs import valkey_server
from worker.embedded.watchdog import watch_group, watching
from worker.ops import status
from worker.ops.troubles import Kind, troubles

UP = [sys.executable, "-m", "worker.cli", "up", "--concurrency", "1"]


def ignore_interrupts() -> None:
    """As a shell does for what a script starts with `&`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Program:
    """A `cqrs up` that runs."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        self._said = folder / "said"
        with self._said.open("wb") as output:
            self.process = subprocess.Popen(
                UP,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=ignore_interrupts,
            )
        watch_group(self.process.pid, grace=30)

    @property
    def said(self) -> str:
        """What it has printed so far, its lines joined."""
        return " ".join(self._said.read_text().split())

    def says(self, text: str, seconds: float = 40) -> None:
        """Wait until it has printed this."""
        until(lambda: text in self.said or self.process.poll() is not None, seconds, self.said)
        assert text in self.said

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, by default as a service manager does; its exit code."""
        self.process.send_signal(how)
        return self.process.wait(40)


def processes(parent: int | None = None) -> set[int]:
    """The ids of all processes; or of the children of one."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = (map(int, line.split()) for line in listed.stdout.splitlines())
    return {pid for pid, ppid in pairs if parent is None or ppid == parent}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Program]]:
    """Starts `cqrs up` in an environment; whatever still runs is ended."""
    started: list[Program] = []

    def start(environ: dict[str, str]) -> Program:
        folder = tmp_path / f"up{len(started)}"
        folder.mkdir()
        started.append(Program(environ, folder))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end()


def test_it_says_what_runs_and_ends_everything_when_asked(
    database: Database, redis: redis_py.Redis, up: Callable[[dict[str, str]], Program]
) -> None:
    environ = environment(get_settings())
    one = up(environ)
    one.says("Ctrl-C stops everything")
    for told in ("orders.create_order", "orders.payments at 0", "sweep every 1 s", "Flower"):
        assert told in one.said
    assert "…" not in one.said
    second = up(environ)
    assert second.process.wait(40) == 1
    assert "it is up already" in second.said
    programs = processes(parent=one.process.pid)
    assert len(programs) == 5, "two workers, beat, Flower and the watchdog"
    assert one.end() == 0
    assert one.said.endswith("stopping")
    assert not programs & processes()


def test_where_the_database_is_named_no_other_is_started(
    database: Database, up: Callable[[dict[str, str]], Program]
) -> None:
    chosen = get_settings().model_copy(
        update={"broker_url": None, "result_url": None, "cache_url": None}
    )
    one = up(environment(chosen))
    one.says("Ctrl-C stops everything")
    found = embedded.find(chosen.home)
    assert found is not None
    assert (found.postgres_pid, found.database_url) == (0, "")
    assert found.valkey_pid
    assert not (chosen.home / "postgres.log").exists()
    assert one.end() == 0


def test_it_says_that_no_domain_runs(
    up: Callable[[dict[str, str]], Program], database: Database
) -> None:
    program = up(environment(get_settings()) | {"CQRS_DOMAINS": ""})
    program.says("Ctrl-C stops everything")
    assert "no domain runs here: name packages in CQRS_DOMAINS" in program.said
    assert program.end(signal.SIGINT) == 0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The URL of a Valkey in cluster mode."""
    (tmp_path / "cluster").mkdir()
    folders = Folders.make(tmp_path / "cluster")
    with socket.socket() as probe, socket.socket() as other:
        probe.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, bus = probe.getsockname()[1], other.getsockname()[1]
    options = ["--port", str(port), "--cluster-enabled", "yes", "--cluster-port", str(bus)]
    options += ["--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen([valkey_server(folders), *options], cwd=tmp_path)
    url = f"redis://127.0.0.1:{port}"
    try:
        with redis_py.Redis.from_url(url) as client:
            until(lambda: answers(client), 20, "no cluster")
        yield url
    finally:
        server.kill()
        server.wait()
        Folders.remove(tmp_path / "cluster")


def answers(client: redis_py.Redis) -> bool:
    with suppress(redis_py.ConnectionError):
        return bool(client.ping())
    return False


CLUSTER = "a Redis Cluster cannot be used"


def test_a_cluster_is_named_and_nothing_starts_on_it(
    up: Callable[[dict[str, str]], Program], database: Database, cluster: str
) -> None:
    program = up(environment(get_settings()) | {"CQRS_CACHE_URL": f"{cluster}/0"})
    assert program.process.wait(40) == 1
    assert f"cqrs: {CLUSTER}" in program.said
    assert "Ctrl-C" not in program.said, "no banner"


def test_no_worker_starts_on_a_cluster(database: Database, cluster: str) -> None:
    started = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker", "worker", "-c", "1"],
        env=environment(get_settings()) | {"CQRS_CACHE_URL": f"{cluster}/0"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert CLUSTER in started.stderr


def test_the_status_says_that_a_server_is_a_cluster(database: Database, cluster: str) -> None:
    urls = get_settings().model_copy(update={"cache_url": f"{cluster}/0"})
    with using(urls):
        found = status.gather(timeout=0.01)
    assert found.servers[-1].problem is not None
    assert found.servers[-1].problem.startswith(CLUSTER)
    assert Kind.SERVERS in {one.kind for one in troubles(found)}


def test_a_server_that_does_not_answer_is_named_and_no_banner_is_printed(
    up: Callable[[dict[str, str]], Program], database: Database
) -> None:
    program = up(environment(get_settings()) | {"CQRS_CACHE_URL": "redis://127.0.0.1:1/0"})
    assert program.process.wait(40) == 1
    assert "cqrs: cache is not reachable at redis://127.0.0.1:1/0" in program.said
    assert "Ctrl-C" not in program.said


def test_a_folder_that_cannot_be_written_is_named(
    up: Callable[[dict[str, str]], Program], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    program = up(environment(get_settings()) | {"CQRS_HOME": str(tmp_path / "file" / "home")})
    assert program.process.wait(40) == 1
    assert "cqrs: its folder cannot be written: name another in CQRS_HOME" in program.said
    assert "Traceback" not in program.said


def test_it_ends_with_a_sentence_when_its_embedded_servers_do(
    tmp_path: Path, up: Callable[[dict[str, str]], Program]
) -> None:
    home = tmp_path / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CQRS_")}
    with watching(home, remove=True):
        ends_with_its_servers(up(clean | {"PYTHONPATH": str(ROOT), "CQRS_HOME": str(home)}), home)


def test_it_says_that_the_port_of_last_time_is_taken(
    tmp_path: Path, up: Callable[[dict[str, str]], Program]
) -> None:
    home = tmp_path / "home"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CQRS_")}
    with watching(home, remove=True):
        port = int(embedded.start(home).broker_url.rpartition(":")[2].partition("/")[0])
        embedded.stop(home)
        with socket.create_server(("127.0.0.1", port)):
            one = up(clean | {"PYTHONPATH": str(ROOT), "CQRS_HOME": str(home)})
            one.says("Ctrl-C stops everything", 60)
            assert f"port {port}, where broker, results and cache were the last time" in one.said
            assert "settings that name it have to follow" in one.said
        assert one.end() == 0
        embedded.remove(home)


def ends_with_its_servers(one: Program, home: Path) -> None:
    """Kill one of its servers, and read what it says."""
    try:
        one.says("Ctrl-C stops everything", 60)
        pids = json.loads((home / "servers.json").read_text())
        os.kill(pids["valkey_pid"], signal.SIGKILL)
        assert one.process.wait(60) == 1
        assert "the embedded servers ended: run `cqrs up` again, nothing is lost" in one.said
        assert embedded.find(home) is None
    finally:
        embedded.remove(home)
