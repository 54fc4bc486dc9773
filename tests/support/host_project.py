"""An application that installs the engine: from its wheel, in a virtual environment of its own.

    build_wheel ─▶ one wheel of this checkout ─┐
    a folder of the tests, copied away ────────┴─▶ HostProject: its own Python, its own folder

Nothing of the checkout is on the path there, and no setting of the test run is seen but those that
a test hands over. Versions are those of `requirements-runtime.txt`.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.support.workers import ROOT, until
from worker.base.settings import Settings
from worker.ops.supervisor import variables_of

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PIP_INDEX_URL", "PIP_CONFIG_FILE")
_IN_THE_WHEEL = ("worker", "pyproject.toml", "README.md", "LICENSE")
_BUILD = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir")
_INSTALL = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")


@cache
def build_wheel() -> Path:
    """The wheel of this checkout; built once by each test process."""
    folder = Path(tempfile.mkdtemp(prefix="cqrs-wheel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    source = folder / "source"
    source.mkdir()
    for name in _IN_THE_WHEEL:
        _copy(ROOT / name, source / name)
    _checked([sys.executable, *_BUILD, str(folder), str(source)], folder, dict(os.environ))
    shutil.rmtree(source)
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class HostProject:
    """A copy of an application's folder, and the Python that has what it requires."""

    folder: Path
    python: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    """`CQRS_…` variables that its processes see, beside nothing else of ours."""

    def environ(self, **more: str) -> dict[str, str]:
        """The environment of its processes."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        programs = f"{self.python.parent}{os.pathsep}{inherited.get('PATH', '')}"
        return inherited | {"PATH": programs} | dict(self.settings) | more

    def run(self, *arguments: str, seconds: float = 120, **more: str) -> str:
        """Run its Python with these arguments; what was printed. Raises if it fails, with that."""
        command = [str(self.python), *arguments]
        return _checked(command, self.folder, self.environ(**more), seconds)

    @contextmanager
    def running(self, *arguments: str, log: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """A process of its Python until the block ends; what it prints is in file `log`."""
        with (self.folder / log).open("wb") as output:
            process = subprocess.Popen(
                [str(self.python), *arguments],
                cwd=self.folder,
                env=self.environ(**more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            _end(process)


def deliveries(project: HostProject, app: str, task: str, seconds: float) -> int:
    """How often the application's own worker is given a task of its that is due so much later.

    `app` is what `celery -A` takes, `task` a task in that module. Whoever brings back what that
    worker holds has it delivered again before it is due.
    """
    worker = ("-m", "celery", "-A", app, "worker", "-c", "1", "-l", "INFO", "-Q", "celery")
    log = project.folder / "host-worker.log"
    with project.running(*worker, "-n", "host@here", log=log.name):
        until(lambda: " ready." in log.read_text(), 60, f"see {log}")
        project.run("-c", f"from {app} import {task}; {task}.apply_async(countdown={seconds})")
        until(lambda: "succeeded in" in log.read_text(), seconds + 30, f"see {log}")
    return log.read_text().count("] received")


def host_project(
    source: Path, scratch: Path, *requirements: str, settings: Settings | None = None
) -> HostProject:
    """Copy an application's folder to `scratch` and install the wheel and `requirements` for it."""
    folder, home = scratch / source.name, scratch / "venv"
    _copy(source, folder)
    venv.create(home, with_pip=True, symlinks=True)
    python = home / "bin" / "python"
    pins = scratch / "pins.txt"
    pins.write_text("\n".join(_pinned()))
    project = HostProject(folder, python, variables_of(settings) if settings else {})
    project.run(
        *_INSTALL, "--constraint", str(pins), str(build_wheel()), *requirements, seconds=600
    )
    return project


def _pinned() -> Iterator[str]:
    """The versions of the runtime's requirements, without their hashes.

    With hashes pip would want one for the wheel and for each requirement of the host as well.
    """
    for line in (ROOT / "requirements-runtime.txt").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            yield line.rstrip(" \\")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    else:
        shutil.copy(source, target)


def _checked(
    command: list[str], folder: Path, environ: Mapping[str, str], seconds: float = 300
) -> str:
    finished = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=seconds
    )
    if finished.returncode:
        said = f"{finished.stdout}\n{finished.stderr}".strip()
        raise AssertionError(f"{' '.join(command)} ended with {finished.returncode}:\n{said}")
    return finished.stdout


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
