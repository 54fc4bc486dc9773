"""What follows from what happens to books."""

from __future__ import annotations

from uuid import UUID

from library.commands import buy_book, close_shelf, lend_book
from library.models import BookBought, BookLent, LendBook, Notice

from worker import (
    SagaState,
    StoredEvent,
    Then,
    event_task,
    invalidation_rule,
    reaction,
    saga,
    send,
    step,
    wait,
)


@event_task("library.notify", Notice)
def notify(c: Notice, task_id: UUID) -> None:
    """Tells a reader."""


telling = reaction("library.telling", purpose="every reader is told")


@telling.on(BookLent)
def _(event: StoredEvent, then: Then) -> None:
    then.start(notify, reader=event.data["reader"], text="yours")
    then.start(notify, Notice(reader=event.data["reader"]))
    then.run(lend_book, LendBook(book_id=event.data["book_id"], reader="somebody"), key="books")
    then.run(close_shelf, {"shelf": "A"})


def _lend(s: SagaState) -> LendBook:
    return LendBook(book_id=s.start["book_id"], reader="the first")


wish = saga(
    "library.wish",
    BookBought,
    key="book_id",
    steps=(
        step("lend", send(lend_book, _lend), undo=send(close_shelf, lambda s: {"shelf": "A"})),
        step("lent", wait(BookLent, key="book_id"), within=60),
    ),
    completed=send(buy_book, lambda s: {"title": "another", "price": "1.00"}),
)

sums = invalidation_rule("library.sums", on=(BookLent,), refresh={"query.loans": 5.0})
