"""Runs tests in a copy of the tree, with and without a bug planted in it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.mutants.plants import ROOT, DoesNotFit, Plant

TIME_LIMIT = 150.0
"""Seconds for one plant's tests; beyond, the plant counts as noticed."""
GRACE = 30.0
"""Seconds that interrupted tests have for stopping their servers."""
FAILED, INTERRUPTED = 1, 2
"""Exit codes of pytest: a test failed; a module could not even be collected."""
_ticks = count(int(time.time()) + 1)


@dataclass(frozen=True, slots=True)
class Ran:
    """How tests ended: `failed` is None when none of them could be run at all."""

    failed: bool | None
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a plant: killed, survived, does-not-fit or broken (no test could run)."""

    plant: Plant
    word: str
    why: str
    seconds: float = 0.0


class Copy:
    """The tree, as git sees it and with what is new in it, in a temporary folder."""

    def __init__(self, home: Path) -> None:
        self.root = home / "tree"
        self.scratch = home / "tmp"  # short: sockets live in it
        self.scratch.mkdir()
        self.process: subprocess.Popen[str] | None = None
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.root / name)

    def judge(self, plant: Plant) -> Verdict:
        """Plant it, run its tests, take it out again."""
        try:
            with self._planted(plant):
                ran = self.run(plant.tests)
        except DoesNotFit as fault:
            return Verdict(plant, "does-not-fit", str(fault))
        word = {True: "killed", False: "survived", None: "broken"}[ran.failed]
        return Verdict(plant, word, ran.why, ran.seconds)

    def run(self, tests: Sequence[str]) -> Ran:
        """Run these tests here until the first that fails."""
        plugins = ["-p", "no:cacheprovider", "-p", "tests.mutants.within"]
        options = ["-x", "-q", "--tb=line", "-o", "console_output_style=classic"]
        began = time.monotonic()
        process = self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *plugins, *options, *tests],
            cwd=self.root,
            env={
                **os.environ,
                "PYTHONPATH": str(self.root),
                "TMPDIR": str(self.scratch),
                "COLUMNS": "400",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            self._end(process)
            return Ran(True, f"timed out after {TIME_LIMIT:g} s", time.monotonic() - began)
        except BaseException:
            self._end(process)
            raise
        return _ran(process.returncode, said, time.monotonic() - began)

    def interrupt(self) -> None:
        """Ask the tests that run here to stop, and their servers with them."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    @contextmanager
    def _planted(self, plant: Plant) -> Iterator[None]:
        path = self.root / plant.file
        bug, healthy = plant.planted(self.root), path.read_text()
        _write(path, bug)
        try:
            yield
        finally:
            _write(path, healthy)

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Interrupt the tests, so that they stop their servers; what is left is stopped here."""
        self.interrupt()
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        self.stop_servers()

    def stop_servers(self) -> None:
        """Stop what servers the tests left behind, by the folders that they run in."""
        from worker import embedded

        for home in self.scratch.glob("cqrs-tests-*"):
            embedded.remove(home)


@contextmanager
def copied() -> Iterator[Copy]:
    """A copy of the tree for as long as it is needed."""
    home = Path(tempfile.mkdtemp(prefix="cqm"))
    home.chmod(0o755)  # embedded PostgreSQL may run as another user
    try:
        yield Copy(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    """Write a file with a time of its own: compiled modules are told apart by time and size."""
    path.write_text(text)
    tick = next(_ticks)
    os.utime(path, (tick, tick))


def _ran(code: int, said: str, seconds: float) -> Ran:
    lines = [line for line in said.splitlines() if line.strip()]
    if code == 0:
        return Ran(False, lines[-1], seconds)
    marks = [line for line in lines if re.match(r"(FAILED|ERROR) ", line)]
    why = marks[0] if marks else lines[-1] if lines else "it said nothing"
    return Ran(True if code in (FAILED, INTERRUPTED) else None, why, seconds)
