"""Beside another Celery app's workers on one Redis: what goes there, and what must not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import redis as redis_py
from celery import Celery, Signature, chain, chord, group, signature

from tests.conftest import Database
from tests.support.messages import sent
from tests.support.neighbours import Neighbour
from tests.support.things.commands import add_thing, bump_thing
from tests.support.workers import ROOT, Workers, environment, until
from worker.base import settings
from worker.base.app import QUEUES, app
from worker.base.settings import get_settings
from worker.commands.command_result import CommandResult
from worker.commands.errors import Unroutable
from worker.contracts import Status, uuid7

pytestmark = pytest.mark.usefixtures("things", "redis")
named = pytest.mark.settings(foreign_queues=("mine",))

shop = Celery("shop", set_as_current=False)


@shop.task(name="shop.print_label")
def print_label(before: object = None, text: str = "") -> None:
    """Runs in the shop's own worker alone."""


def rows(things: Database) -> int:
    """How many things there are."""
    with things.connect() as connection:
        ((found,),) = connection.execute("SELECT count(*) FROM command.things").fetchall()
    return int(found)


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Neighbour]:
    """The shop, and its worker on its queue."""
    folder = tmp_path / "shop"
    folder.mkdir()
    with Neighbour(folder, "mine") as running:
        yield running


@pytest.mark.slow
@named
def test_a_chain_goes_from_a_command_to_a_task_of_the_neighbours(
    workers: Workers, neighbour: Neighbour, redis: redis_py.Redis
) -> None:
    workers.start(["commands"])
    thing = uuid7()
    chain(
        add_thing.s(thing_id=thing, price=Decimal("1.00")),
        bump_thing.s(thing_id=thing, by=3),
        print_label.s(text="fragile").set(queue="mine"),
    ).apply_async()

    until(lambda: redis.llen("shop:labels"), 30)

    before, text = json.loads(redis.lindex("shop:labels", 0) or b"")
    assert (before["name"], before["data"], text) == ("things.bump", {"n": 3}, "fragile")


@named
def test_no_worker_of_ours_takes_from_a_neighbours_queue_unasked() -> None:
    app.send_task("shop.print_label", queue="mine")
    assert len(sent("mine")) == 1
    queues = app.amqp.Queues(app.conf.task_queues)  # not those that a worker in here has chosen
    assert queues["mine"].name == "mine"
    assert set(queues.consume_from) == set(QUEUES)


UNROUTABLE: dict[str, tuple[Callable[[], Signature], str]] = {
    "a queue that nobody has named": (
        lambda: print_label.s().set(queue="mien"),
        "no worker is known to take shop.print_label from the queue mien; did you mean mine?",
    ),
    "another app's task without a queue": (
        lambda: print_label.s(),
        "our workers do not know the task shop.print_label",
    ),
    "a command in a neighbour's queue": (
        lambda: add_thing.s(price=Decimal("1.00")).set(queue="mine"),
        "things.add is a command: no worker of the queue mine knows it",
    ),
    "one of a group": (
        lambda: group(add_thing.s(price=Decimal("1.00")), print_label.s().set(queue="mien")),
        "from the queue mien",
    ),
    "one of a chord": (
        lambda: chord([add_thing.s(price=Decimal("1.00"))], print_label.s().set(queue="mien")),
        "from the queue mien",
    ),
    "one that is linked to a link": (
        lambda: _linked(),
        "from the queue mien",
    ),
}


def _linked() -> Signature:
    last = add_thing.s(price=Decimal("1.00"))
    last.link(print_label.s().set(queue="mien"))
    return last


@named
@pytest.mark.parametrize("case", UNROUTABLE)
def test_what_nobody_would_take_is_refused_where_it_is_sent(case: str) -> None:
    link, why = UNROUTABLE[case]
    with pytest.raises(Unroutable, match=why.replace("?", r"\?")):
        chain(add_thing.s(price=Decimal("1.00")), link()).apply_async()
    assert sent("commands") == []


@named
def test_a_command_itself_is_not_sent_where_nobody_takes_it() -> None:
    payload = {"price": "1.00"}
    with pytest.raises(Unroutable, match="no worker of the queue mine knows it"):
        add_thing.apply_async(kwargs=payload, queue="mine")
    with pytest.raises(Unroutable, match=r"from the queue comands; did you mean commands\?"):
        add_thing.apply_async(kwargs=payload, queue="comands")
    add_thing.apply_async(kwargs=payload, queue="maintenance")
    assert len(sent("maintenance")) == 1


def from_elsewhere(link: dict[str, object]) -> CommandResult:
    """The handle of a command sent by a client that does not look at what follows it."""
    command_id = str(uuid7())
    app.send_task(
        "things.add",
        kwargs={"thing_id": str(UUID(int=7)), "price": "1.00"},
        task_id=command_id,
        chain=[link],
    )
    return CommandResult(command_id, app=app)


@pytest.mark.slow
@named
@pytest.mark.parametrize("options", [{"queue": "mien"}, {}], ids=["unnamed queue", "unknown task"])
def test_what_nobody_would_take_is_refused_before_the_command_runs(
    options: dict[str, str], things: Database, workers: Workers
) -> None:
    workers.start(["commands"], concurrency=1)
    last = str(uuid7())
    link = signature("shop.print_label", app=app, options=options | {"task_id": last})

    receipt = from_elsewhere(link).receipt(20)

    assert receipt.status is Status.REJECTED
    assert "shop.print_label" in (receipt.error or "")
    assert rows(things) == 0
    with pytest.raises(Exception, match="an earlier command of its chain was refused"):
        app.AsyncResult(last).get(timeout=20)


@pytest.mark.slow
@named
def test_a_refused_commands_chord_gives_each_of_its_commands_a_receipt(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1)
    thing, first, last = (uuid7() for _ in range(3))
    add_thing.delay(thing_id=thing, price=Decimal("1.00")).receipt(20)
    chain(
        add_thing.s(thing_id=thing, price=Decimal("1.00")),  # is there already
        chord(
            [bump_thing.s(thing_id=thing, by=1).set(task_id=str(first))],
            bump_thing.si(thing_id=thing, by=1).set(task_id=str(last)),
        ),
    ).apply_async()
    for command_id in (first, last):
        receipt = CommandResult(str(command_id), app=app).receipt(20)
        assert receipt.status is Status.REJECTED


SEND_FROM_THE_SHOP = """
import shop
from celery import chain
from tests.support.things.commands import add_thing
shop.greet.apply_async(queue="mine")
chain(add_thing.s(price="1.00"), shop.greet.s().set(queue="commands")).apply_async()
"""


@pytest.mark.slow
@named
def test_our_workers_run_the_neighbours_tasks_if_they_load_them(
    tmp_path: Path, workers: Workers, redis: redis_py.Redis
) -> None:
    shop_folder = Neighbour(tmp_path, "mine")  # its own worker does not run
    worker = workers.start(
        ["commands", "mine"],
        extra=["-I", "shop"],
        environ=shop_folder.environ() | {"GREETER": "our worker"},
    )

    shop_folder.run(SEND_FROM_THE_SHOP)

    until(lambda: redis.llen("shop:greeted_by") == 2, 30)
    assert redis.lrange("shop:greeted_by", 0, -1) == [b"our worker"] * 2
    assert b"shop.greet" in worker.log.read_bytes()


def status() -> tuple[int, str]:
    """The exit code of `cqrs status`, and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "worker.cli", "status"],
        env=environment(get_settings()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join(done.stdout.split())


@pytest.mark.slow
def test_status_names_a_foreign_worker_on_a_queue_of_ours(
    workers: Workers, neighbour: Neighbour, tmp_path: Path
) -> None:
    workers.start(concurrency=1)
    assert status()[0] == 0, "a neighbour on a queue of its own is nobody's business"
    folder = tmp_path / "another"
    folder.mkdir()
    with Neighbour(folder, "celery", "commands") as intruder:
        code, said = status()
    assert f"{intruder.name} is another app's worker: it throws away what it takes" in said
    assert "Take commands from its `-Q`" in said
    assert neighbour.name not in said
    assert code == 1


@pytest.mark.slow
def test_status_says_that_two_workers_have_one_name(workers: Workers, tmp_path: Path) -> None:
    """As two have that are started without `-n` on one machine: `celery@` and its name. Which of
    them takes our queues, and which knows our tasks, cannot be told: nobody is accused."""
    ours = workers.start(concurrency=1)
    twin = Neighbour(tmp_path, "mine")
    twin.name = ours.name
    with twin:
        code, said = status()
    assert f"{ours.name} is the name of 2 workers" in said
    assert "give each its own with `-n`" in said
    assert "another app's worker" not in said
    assert "no worker answers" not in said
    assert code == 1


@pytest.mark.slow
def test_status_names_a_worker_of_ours_that_lacks_a_domain(workers: Workers) -> None:
    workers.start(["commands"], concurrency=1, environ={"CQRS_DOMAINS": "tasks.orders"})
    code, said = status()
    assert "does not know banking." in said
    assert "and throws those away" in said
    assert code == 1


def test_a_foreign_queue_is_named_in_the_settings_comma_separated() -> None:
    read = settings.read_settings({"CQRS_FOREIGN_QUEUES": "mine, celery"})
    assert read.foreign_queues == ("mine", "celery")
    assert get_settings().foreign_queues == ()
