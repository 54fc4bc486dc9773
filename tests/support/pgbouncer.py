"""A real PgBouncer before a test's PostgreSQL, in the mode that the test wants.

It is had, in this order: `pgbouncer` on PATH; else Debian's package, unpacked into a temporary
folder with its libraries (`apt-get download`, `dpkg -x`: nothing is installed). A test that finds
neither is skipped, and says so.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.support.workers import until
from worker.base.urls import psycopg_url
from worker.embedded.processes import server_account

PACKAGES = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
START = 10.0


@cache
def program() -> tuple[Path, Path | None] | None:
    """PgBouncer and the folder of its libraries, if it has one of its own; None: not to be had."""
    if found := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin"):
        return Path(found), None
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return None
    folder = Path(tempfile.mkdtemp(prefix="cqrs-pgbouncer-"))
    folder.chmod(0o755)
    asked = ["apt-get", "download", *PACKAGES]
    if subprocess.run(asked, cwd=folder, capture_output=True, check=False).returncode:
        return None
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder], check=True)
    (libraries,) = {path.parent for path in folder.rglob("libcares.so.2")}
    return folder / "usr/sbin/pgbouncer", libraries


@contextmanager
def pooler(server: str, **settings: str) -> Iterator[str]:
    """The URL of a PgBouncer before this server; the settings are those of its file."""
    found = program()
    assert found is not None, "ask program() first"
    binary, libraries = found
    with tempfile.TemporaryDirectory(prefix="cqrs-pooler-") as name:
        folder, port = Path(name), _free_port()
        _configure(folder, port, server, settings)
        environment = os.environ | ({"LD_LIBRARY_PATH": str(libraries)} if libraries else {})
        account = server_account()
        uid, gid = (account.uid, account.gid) if account else (None, None)
        asked = [binary, folder / "ini"]
        with subprocess.Popen(asked, env=environment, user=uid, group=gid) as process:
            try:
                url = f"postgresql://postgres@127.0.0.1:{port}/"
                until(lambda: _answers(url), START)
                yield url
            finally:
                process.terminate()


def _configure(folder: Path, port: int, server: str, settings: Mapping[str, str]) -> None:
    there = conninfo_to_dict(psycopg_url(server))
    folder.chmod(0o755)
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": str(port),
        "auth_type": "any",
        "unix_socket_dir": "",
        "logfile": "/dev/null",
        "admin_users": "postgres",
        **settings,
    }
    (folder / "ini").write_text(
        f"[databases]\n* = host={there['host']} port={there['port']} user=postgres\n[pgbouncer]\n"
        + "".join(f"{name} = {value}\n" for name, value in lines.items())
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(url: str) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(f"{url}pgbouncer", autocommit=True, connect_timeout=2).close()
        return True
    return False
