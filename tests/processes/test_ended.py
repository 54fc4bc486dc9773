"""Whatever ends a program that has started servers and workers, nothing of it is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.workers import ROOT, until
from worker import embedded
from worker.embedded.watchdog import watch_group, watching

CQRS = [sys.executable, "-m", "worker.cli"]
ENDLESS = [sys.executable, "-m", "pytest", "-n", "1", "-q", "tests/support/endless.py"]

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for a program's servers; should the program leave them, they are ended here."""
    folder = tmp_path / "home"
    with watching(folder, remove=True):
        yield folder
        embedded.remove(folder)


@pytest.fixture
def start(tmp_path: Path, home: Path) -> Iterator[Start]:
    """Starts a program in a home of its own."""
    running: list[subprocess.Popen[bytes]] = []
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environ = clean | {
        "PYTHONPATH": str(ROOT),
        "CQRS_HOME": str(home),
        "ENDLESS_STARTED": str(tmp_path / "started"),
    }

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "said").open("wb") as output:
            process = subprocess.Popen(
                arguments,
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        watch_group(process.pid, grace=30)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def processes_of(pid: int) -> dict[int, str]:
    """A process and all below it, each with the time at which it began."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=3) for line in listed.stdout.splitlines()]
    born = {int(row[0]): row[3] for row in rows if not row[2].startswith("Z")}
    parents = {int(row[0]): int(row[1]) for row in rows}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return {one: born[one] for one in found if one in born}


def left_of(processes: dict[int, str]) -> dict[int, str]:
    """Those of the processes that still run."""
    return dict(processes_of(1).items() & processes.items())


def all_gone(processes: dict[int, str]) -> bool:
    return not left_of(processes)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_pytest_that_is_ended_leaves_nothing(
    number: signal.Signals, start: Start, tmp_path: Path
) -> None:
    pytest_itself = start(*ENDLESS)
    until((tmp_path / "started").exists, 60)
    processes = processes_of(pytest_itself.pid)
    assert len(processes) >= 10, "two pytest processes, two servers and theirs, a worker, beat"
    pytest_itself.send_signal(number)
    pytest_itself.wait(100)
    until(lambda: all_gone(processes), 30, f"left: {left_of(processes)}")


def test_one_of_several_pytest_processes_that_is_killed_leaves_nothing(
    start: Start, tmp_path: Path
) -> None:
    start(*ENDLESS, "--maxfail=1", "--max-worker-restart=0")
    until((tmp_path / "started").exists, 60)
    its_pid = int((tmp_path / "started").read_text())
    processes = processes_of(its_pid)
    os.kill(its_pid, signal.SIGKILL)
    until(lambda: all_gone(processes), 30, f"left: {left_of(processes)}")


@pytest.mark.parametrize(
    ("command", "says", "number"),
    [
        ("up", "Ctrl-C stops everything", signal.SIGKILL),
        ("demo", "worker, beat and Flower start", signal.SIGTERM),
    ],
)
def test_a_system_that_is_ended_leaves_nothing_but_its_data(
    command: str, says: str, number: signal.Signals, start: Start, tmp_path: Path, home: Path
) -> None:
    system = start(*CQRS, command)
    said = tmp_path / "said"
    until(lambda: says in said.read_text(), 60, said.read_text())
    until(lambda: len(processes_of(system.pid)) >= 12)
    processes = processes_of(system.pid)
    system.send_signal(number)
    system.wait(30)
    until(lambda: all_gone(processes), 40, f"left: {left_of(processes)}")
    data = home / "demo" / "data" if command == "demo" else home / "data"
    assert (data / "postgres" / "PG_VERSION").exists()
    if command == "demo":
        embedded.remove(home / "demo")
