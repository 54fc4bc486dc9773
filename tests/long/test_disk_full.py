"""A disk that is full for a while: commands are late, and none is lost."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from tests.support.things.commands import add_thing
from tests.support.things.history import Things
from tests.support.workers import Workers, until
from worker.base import db
from worker.contracts import Status
from worker.embedded import Servers
from worker.embedded.processes import server_account

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted: this takes root"),
    pytest.mark.settings(task_soft_time_limit=30, task_time_limit=40, visibility_timeout=50),
]


@pytest.fixture
def small_disk(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A disk of 64 MB that PostgreSQL knows as the tablespace `small`."""
    folder = tmp_path_factory.mktemp("disk")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
    space = folder / "space"
    space.mkdir()
    if (account := server_account()) is not None:
        os.chown(space, account.uid, account.gid)
        for above in (folder, *folder.parents[:3]):
            above.chmod(0o755)
    try:
        with psycopg.connect(servers.database_url, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{space}'".encode())
            yield folder
            connection.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_is_full_for_a_while_loses_no_command(
    small_disk: Path, servers: Servers, things: Things, workers: Workers
) -> None:
    db.close()
    things.close()
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {things.name} SET TABLESPACE small".encode())
    workers.start(["commands"], concurrency=2)
    assert add_thing.delay(price=Decimal("1.00")).receipt(20).succeeded

    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            pass  # there is no more room
    handles = [add_thing.delay(price=Decimal("2.00"), note="x" * 100) for _ in range(400)]
    until(lambda: sum(handle.state == "RETRY" for handle in handles) > 20)
    ballast.unlink()

    def all_there() -> bool:
        receipts = [handle.stored_receipt() for handle in handles]
        return all(receipt and receipt.status is Status.SUCCEEDED for receipt in receipts)

    until(all_there, 60)
    with things.connect() as connection:
        row = connection.execute("SELECT count(*) FROM command.things").fetchone()
    assert row == (401,)
