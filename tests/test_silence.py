"""Who waits for a receipt in vain is told whether anybody would have given it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.conftest import Database
from tests.support.things.commands import add_thing
from tests.support.workers import Workers
from worker import uuid7
from worker.commands.errors import ReceiptTimeout

pytestmark = pytest.mark.usefixtures("things")


def test_no_worker_answers(database: Database) -> None:
    handle = add_thing.delay(price=Decimal("1.00"))
    with pytest.raises(ReceiptTimeout, match="no worker answers that takes the queue commands"):
        handle.receipt(1)


def test_a_worker_is_there_and_has_given_none(workers: Workers) -> None:
    workers.start(["commands"])
    nobodys = add_thing.AsyncResult(str(uuid7()))
    with pytest.raises(ReceiptTimeout, match="1 worker takes the queue commands; `cqrs status`"):
        nobodys.receipt(1)


def test_who_has_hardly_waited_is_told_at_once(database: Database) -> None:
    with pytest.raises(ReceiptTimeout, match=r"no receipt after 0\.1 s \(command"):
        add_thing.AsyncResult(str(uuid7())).receipt(0.1)
