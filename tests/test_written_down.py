"""What a worker's main process writes down of a message before it is done with it."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from billiard.einfo import ExceptionInfo
from celery.exceptions import Reject, SoftTimeLimitExceeded, WorkerLostError
from kombu.exceptions import OperationalError

from tests.support.messages import sent
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.models import BumpThing
from worker.base.app import app
from worker.base.celery_internals import chord_failed
from worker.base.command_request import CommandRequest
from worker.base.db import writer
from worker.base.errors import ServerUnavailable
from worker.commands import after_commit, put_off, set_aside, settling, task
from worker.commands.command_result import CommandResult
from worker.commands.enqueue import write_commands
from worker.commands.errors import DatabaseAway
from worker.commands.event_task import event_task, event_tasks
from worker.contracts import Envelope, Receipt, Status, uuid7
from worker.rebuild.tasks import rebuild_all

pytestmark = pytest.mark.usefixtures("things", "redis")


class Message:
    """A command's message in a worker's main process, and what became of it."""

    def __init__(self, **embed: Any) -> None:
        self.id, self.done = str(uuid7()), list[str]()
        headers = {"id": self.id, "task": bump_thing.name, "retries": 3, "lang": "py"}
        fields = {"delivery_info": {}, "properties": {}, "headers": headers, "delivery_tag": "x"}
        kwargs = {"thing_id": str(uuid7()), "by": 1, "mishap": ""}
        self.request = CommandRequest(
            type("Raw", (), {**fields, "body": b""})(),
            on_ack=lambda *_: self.done.append("done"),
            on_reject=lambda *rest: self.done.append(f"given back: {rest[-1]}"),
            app=app,
            task=bump_thing,
            headers=headers,
            body=((), kwargs, embed),
            decoded=True,
            connection_errors=(OSError,),
        )

    def process_dies(self) -> None:
        """The process that ran it has died, once too often."""
        try:
            raise WorkerLostError("signal 9 (SIGKILL)")
        except WorkerLostError:
            self.request.on_failure(ExceptionInfo())

    def takes_too_long(self) -> None:
        """Its hard time limit has passed."""
        self.request.on_timeout(soft=False, timeout=3)

    @property
    def receipt(self) -> Receipt | None:
        """Its receipt."""
        return CommandResult(self.id).stored_receipt()


def away(*_: Any, **__: Any) -> Any:
    raise ServerUnavailable("the broker", "redis://", "full", "wait", "is full")


ENDS = [Message.process_dies, Message.takes_too_long]


@pytest.mark.parametrize("end", ENDS)
def test_a_killed_command_is_dead_before_its_message_is_done(end: Any) -> None:
    message = Message()
    end(message)
    assert message.done == ["done"]
    assert message.receipt is not None
    assert message.receipt.status is Status.DEAD


@pytest.mark.parametrize("end", ENDS)
def test_the_message_stays_if_it_can_neither_be_buried_nor_put_off(
    end: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(put_off, "rest", lambda _: None)
    monkeypatch.setattr(task, "end", lambda _: DatabaseAway("it takes no writes"))
    monkeypatch.setattr(app.amqp, "send_task_message", away)
    message = Message()
    end(message)
    assert message.done == ["given back: True"]


def test_the_message_stays_if_its_chord_could_not_count_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes again, finds its receipt, and is counted then."""
    monkeypatch.setattr(after_commit, "count_member", away)
    message = Message(chord={"task": "things.add"})
    message.process_dies()
    assert message.done == ["given back: True"]
    assert message.receipt is not None


def test_who_dies_while_the_database_is_away_is_buried_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(task, "end", lambda _: DatabaseAway("it takes no writes"))
    message = Message()
    message.process_dies()
    assert message.done == ["done"]
    assert [one.task for one in sent("commands")] == ["things.bump"]


def test_a_chords_body_is_told_later_if_nothing_can_be_written_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    id_ = str(uuid7())
    body = {"task": "things.add", "kwargs": {}, "options": {"task_id": id_}}

    def lost(*_: Any) -> None:
        raise psycopg.OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(after_commit, "refuse", lost)
        chord_failed.send(sender=None, body=body, error=RuntimeError("it is dead"))
    (told,) = sent("commands")
    assert told.task == "cqrs.skip"
    set_aside.skip.run({"chain": [body], "link": []}, "a member of its chord is dead")
    receipt = CommandResult(id_).stored_receipt()
    assert receipt is not None
    assert receipt.status is Status.REJECTED


@pytest.mark.parametrize(
    ("error", "given_back"), [(OperationalError(), True), (TypeError(), False)]
)
def test_a_task_that_cannot_be_sent_again_is_given_back(
    error: Exception, given_back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebuild's next slice, say, while the broker is full. What nobody could send is not."""
    monkeypatch.setattr("worker.base.celery_internals.rest", lambda _: None)

    def refuses(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(app.amqp, "send_task_message", refuses)
    rebuild_all.push_request(
        id=str(uuid7()), retries=0, args=(), kwargs={}, called_directly=False, headers={}
    )
    try:
        with pytest.raises(Reject) as rejected:
            rebuild_all.retry(countdown=1)
    finally:
        rebuild_all.pop_request()
    assert rejected.value.requeue is given_back


@pytest.mark.parametrize("waits", [0, 5, 6, 7, 2_000])
def test_a_command_may_wait_as_long_as_one_likes(waits: int) -> None:
    assert task._waited(waits) == pytest.approx(sum(map(task._pause, range(waits))))
    assert task._pause(waits) <= 0.5


def test_a_note_is_kept_by_the_servers_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """However wrong the clock is of whoever writes or reads it."""
    command = Envelope(uuid7(), "things.bump", {})
    monkeypatch.setattr(time, "time", lambda: 0.0)
    put_off.note([(command, DatabaseAway("it is away"))], 5)
    monkeypatch.undo()
    assert [one.name for one in put_off.noted()] == ["things.bump"]


ODD = [object(), "a\0b", {"n": float("nan")}, {"n": 2**64}, "\ud800"]


def test_an_event_task_is_not_done_again_for_what_it_returns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = []
    monkeypatch.setattr(event_tasks, "_items", dict(event_tasks._items))

    @event_task("tests.says_something_odd", BumpThing)
    def says(c: BumpThing, task_id: object) -> Any:
        done.append(task_id)
        return ODD[c.by - 1]

    tasks = [
        Envelope(uuid7(), says.name, {"thing_id": str(uuid7()), "by": place + 1})
        for place in range(len(ODD))
    ]
    with writer() as connection:
        write_commands(connection, tasks)
    for each in [*tasks, *tasks]:
        says.push_request(id=str(each.id), retries=0, headers={"cqrs": {"attempts": 0}})
        try:
            says.run(**each.payload)
        finally:
            says.pop_request()
    receipts = [CommandResult(str(each.id)).stored_receipt() for each in tasks]
    assert [receipt and receipt.status for receipt in receipts] == [Status.SUCCEEDED] * len(ODD)
    assert done == [each.id for each in tasks]


def test_what_its_time_ends_after_its_commit_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that hangs while the chain goes on, say: the rest of it is not lost."""
    monkeypatch.setattr(put_off, "rest", lambda _: None)

    def hangs(*_: Any) -> None:
        raise SoftTimeLimitExceeded

    monkeypatch.setattr(task, "go_on", hangs)
    add_thing.push_request(id=str(uuid7()), retries=0, headers={}, called_directly=False)
    try:
        with pytest.raises(Reject) as rejected:
            add_thing.run(price="1.00")
    finally:
        add_thing.pop_request()
    assert rejected.value.requeue


def test_what_is_written_down_at_once_is_no_trouble() -> None:
    """`settle` finds a receipt that somebody else was faster to write."""
    message = Message()
    first = settling.refuse(Envelope(*_of(message)), "it was revoked")
    message.process_dies()
    assert message.receipt == first


def _of(message: Message) -> tuple[Any, str, dict[str, Any]]:
    return CommandResult(message.id).command_id, bump_thing.name, {}
