"""Dead commands in the middle of a chain: a retry takes up the chain where it broke."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from celery import chain, group

from tests.conftest import Database
from tests.support.crash_points import flag
from tests.support.messages import sent
from tests.support.things.commands import MENDED, add_thing, bump_thing, drop_thing
from tests.support.workers import Workers, until
from worker.base.actor import acting_as
from worker.base.settings import get_settings
from worker.commands import dead_commands
from worker.commands.chain_continuation import signatures
from worker.commands.command_result import CommandResult
from worker.contracts import Receipt, Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")


@dataclass
class Broken:
    """A chain of four: a thing is added, the second command dies, two bumps by 2 and by 3 wait."""

    second: CommandResult
    third: CommandResult
    last: CommandResult

    @property
    def ends(self) -> list[Receipt | None]:
        """The receipts of the links behind the dead one, as far as there are any."""
        return [self.third.stored_receipt(), self.last.stored_receipt()]


def break_a_chain(mishap: str = "bug until mended") -> Broken:
    thing = uuid7()
    with acting_as("user:42", roles=["clerk"]):
        links = chain(
            add_thing.s(thing_id=thing, price=Decimal("1.00")),
            bump_thing.s(thing_id=thing, by=1, mishap=mishap),
            bump_thing.s(thing_id=thing, by=2),
            bump_thing.s(thing_id=thing, by=3),
        )
        last = links.apply_async()
    made = Broken(last.parent.parent, last.parent, last)
    assert made.second.receipt(40).status is Status.DEAD
    until(lambda: dead_commands.commands(), 20)
    return made


def mend() -> None:
    """A new release, without the bug."""
    Path(get_settings().home, MENDED).touch()


def number(things: Database) -> int:
    """What all the bumps have come to."""
    with things.connect() as connection:
        ((found,),) = connection.execute("SELECT n FROM command.things").fetchall()
    return int(found)


def test_a_retried_command_takes_its_chain_up_again(things: Database, workers: Workers) -> None:
    workers.start(["commands"])
    broken = break_a_chain()
    assert dead_commands.show(broken.second.command_id).follows == ("things.bump", "things.bump")
    assert broken.ends == [None, None]
    mend()
    dead_commands.retry(broken.second.command_id, by="ada")
    until(lambda: all(broken.ends), 20)
    assert [one and one.data for one in broken.ends] == [{"n": 3}, {"n": 6}]
    assert broken.last.receipt(5).actor == "user:42"
    assert CommandResult(broken.second.id).receipt(5).succeeded
    assert dead_commands.commands() == []
    with things.connect() as connection:
        left = "SELECT count(*) FROM cqrs.enqueued_commands"
        assert connection.execute(left).fetchone() == (0,)


def test_what_follows_is_named_in_the_order_in_which_it_would_have_run() -> None:
    one: Any = {"thing_id": uuid7()}
    members = group(drop_thing.s(**one), add_thing.s(price=Decimal("2.00")))
    chain(bump_thing.s(**one), add_thing.s(price=Decimal("1.00")), bump_thing.s(**one), members)()
    (first,) = sent("commands")
    links = {"chain": first.embed["chain"], "link": first.embed["callbacks"] or ()}
    order = ["things.add", "things.bump", "things.drop", "things.add"]
    assert [one["task"] for one in signatures(links)] == order


def test_one_that_dies_again_keeps_its_chain(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    broken = break_a_chain()
    command_id = broken.second.command_id
    dead_commands.retry(command_id, by="ada")
    until(lambda: dead_commands.show(command_id).attempts == 2, 20)
    mend()
    dead_commands.retry(command_id, by="ada")
    until(lambda: all(broken.ends), 20)


def test_a_chain_goes_on_though_the_worker_dies_after_the_retried_command(
    things: Database, workers: Workers, redis: redis_py.Redis
) -> None:
    workers.start(["commands"], app_module="tests.support.crashing")
    broken = break_a_chain()
    mend()
    redis.set(flag("command", "after commit"), "child")
    dead_commands.retry(broken.second.command_id, by="ada")
    until(lambda: all(broken.ends), 40)
    assert not redis.exists(flag("command", "after commit")), "nobody died"
    assert number(things) == 6


def test_discarding_a_command_tells_those_who_wait_behind_it(workers: Workers) -> None:
    worker = workers.start(["commands"], concurrency=1)
    broken = break_a_chain()
    worker.stop()
    dead_commands.discard(broken.second.command_id, by="ada")
    reason = f"earlier command of its chain was given up (command {broken.second.command_id})"
    for receipt in broken.ends:
        assert receipt is not None
        assert receipt.status is Status.REJECTED
        assert reason in (receipt.error or "")


def test_what_was_linked_and_grouped_behind_it_is_kept_too(
    things: Database, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=1)
    thing = add_thing.delay(price=Decimal("1.00")).receipt(20).data["thing_id"]
    bug = {"thing_id": thing, "mishap": "bug until mended"}
    chain(bump_thing.s(**bug), group(bump_thing.s(thing_id=thing, by=n) for n in (10, 20)))()
    bump_thing.apply_async(kwargs=bug, link=bump_thing.s(thing_id=thing, by=40))
    until(lambda: len(dead_commands.commands()) == 2, 20)
    mend()
    for dead in dead_commands.commands():
        assert set(dead.follows) == {"things.bump"}
        dead_commands.retry(dead.command_id, by="ada")
    until(lambda: number(things) == 1 + 10 + 20 + 1 + 40, 20)


@pytest.mark.settings(task_soft_time_limit=1, task_time_limit=2, visibility_timeout=60)
def test_a_command_killed_by_its_time_limit_keeps_its_sender_and_its_chain(
    workers: Workers,
) -> None:
    workers.start(["commands"], concurrency=1)
    broken = break_a_chain("deaf")
    dead = dead_commands.show(broken.second.command_id)
    assert (dead.actor, dead.roles) == ("user:42", ("clerk",))
    assert dead.follows == ("things.bump", "things.bump")
    assert "TimeLimitExceeded" in dead.error
