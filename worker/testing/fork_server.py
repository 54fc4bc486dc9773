"""Celery processes out of a warm one: a fork costs milliseconds where an import costs 1.5 s of CPU.

    test process --socket: arguments, environment, log, a pipe--> fork server (everything imported)
                                                                        | fork, a session of its own
    test process <--the pipe: its exit code, once it has ended------ worker or beat

The fork server holds no thread, no connection and no setting: what it has imported is what every
`celery -A worker` imports before it reads one. Where forking after imports is not safe (macOS) a
process is started in the ordinary way. When the test process ends, however it ends, the socket
closes, and the fork server kills what it has started and ends too.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Protocol

from worker.base import settings
from worker.embedded import watchdog
from worker.ops.celery_app import load_tasks

PRELOADED = (
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.prefork",
    "kombu.transport.redis",
    "structlog",
    "worker.base.command_request",
    "worker.base.queues",
    "worker.base.redis_results",
)
LONGEST_REQUEST = 1 << 20


class Process(Protocol):
    """What tests need of a process; `subprocess.Popen` has it."""

    @property
    def pid(self) -> int:
        """Its id, and its group's."""

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""

    def terminate(self) -> None:
        """Send SIGTERM."""

    def kill(self) -> None:
        """Send SIGKILL."""

    def send_signal(self, sig: int, /) -> None:
        """Send any signal."""


class Forked:
    """A process that the fork server has started."""

    def __init__(self, pid: int, ending: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending = ending

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired."""
        if self.returncode is None:
            ready, _, _ = select.select([self._ending], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self.returncode = int(os.read(self._ending, 16) or b"-9")
            os.close(self._ending)
        return self.returncode

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, sig: int) -> None:
        """Send any signal, if it runs: its id may be another's afterwards."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def start_celery(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], output: int
) -> Process:
    """Start `celery ARGUMENTS` in a session of its own, its output going to a descriptor."""
    if sys.platform != "linux":
        return _started(arguments, folder, environ, output)
    return _server().fork(arguments, folder, environ, output)


def _started(
    arguments: Sequence[str], folder: Path, environ: Mapping[str, str], output: int
) -> Process:
    process = subprocess.Popen(
        [sys.executable, "-m", "celery", *arguments],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    watchdog.watch_group(process.pid)
    return process


class _Client:
    """Our end of a fork server."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LONGEST_REQUEST)
        self._socket = ours
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    f"from {__name__} import main; main()",
                    str(theirs.fileno()),
                ],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fork(
        self, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], output: int
    ) -> Forked:
        """Ask for a process."""
        reading, writing = os.pipe()
        request = [list(arguments), str(folder), dict(environ)]
        try:
            socket.send_fds(self._socket, [json.dumps(request).encode()], [output, writing])
        finally:
            os.close(writing)
        pid = self._socket.recv(16)
        if not pid:
            raise RuntimeError("the fork server has ended")
        return Forked(int(pid), reading)

    def close_in_child(self) -> None:
        """A fork of this process has no part in it: it must not hold the server up."""
        self._socket.close()


_client: _Client | None = None


def _server() -> _Client:
    global _client
    if _client is None:
        _client = _Client()
        os.register_at_fork(after_in_child=_forget)
    return _client


def _forget() -> None:
    global _client
    if _client is not None:
        _client.close_in_child()
        _client = None


# The server's side


def _serve(requests: socket.socket) -> list[str]:
    """Fork as asked, until nobody can ask any more. Returns in each child: what it is to run."""
    running: dict[int, int] = {}
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    while True:
        ready, _, _ = select.select([requests.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        _report_ended(running)
        if requests.fileno() not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, 2)
        if not message:
            _end_all(running)
            raise SystemExit
        output, ending = descriptors
        if (pid := os.fork()) == 0:
            requests.close()
            _forget_serving((woken, wake, ending, *running.values()))
            return _become(json.loads(message), output)
        os.close(output)
        running[pid] = ending
        requests.send(str(pid).encode())


def _forget_serving(descriptors: Iterable[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in descriptors:
        os.close(descriptor)


def _report_ended(running: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            pid, status = ended
            ending = running.pop(pid)
            with suppress(BrokenPipeError):
                os.write(ending, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(ending)


def _end_all(running: Mapping[int, int]) -> None:
    for pid in running:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _become(request: tuple[list[str], str, dict[str, str]], output: int) -> list[str]:
    """Be the process that was asked for, as if it had been started by itself."""
    arguments, folder, environ = request
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    named = filter(None, environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[1:1] = [each for each in named if each not in sys.path]
    time.tzset()
    return arguments


def main() -> None:
    """Import everything, then serve."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    requests.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LONGEST_REQUEST)
    for name in PRELOADED:
        import_module(name)
    load_tasks()
    assert settings._current is None, (
        "an import has read the settings, of which every child has own"
    )
    gc.collect()
    gc.freeze()
    arguments = _serve(requests)
    sys.argv = [str(import_module("celery.__main__").__file__), *arguments]
    import_module("celery.__main__").main()
