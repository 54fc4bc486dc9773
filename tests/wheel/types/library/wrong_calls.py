"""Calls that a type checker refuses. `# E:` names the errors of a line."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import psycopg
from library.commands import buy_book, lend_book
from library.models import BuyBook, LendBook, Notice
from library.queries import book, books_of
from library.reactions import notify

import worker
from worker import Receipt, State, Then, Work, command

PRICE = Decimal("9.90")
THIS = UUID(int=1)
BOOK = BuyBook(title="Emma", price=PRICE)
LOAN = LendBook(book_id=THIS, reader="Ada")


def sent() -> None:
    print(worker.comand)  # E: attr-defined
    buy_book.delay(titel="Emma", price=PRICE)  # E: call-overload call-overload
    buy_book.delay(title="Emma")  # E: call-overload
    buy_book.delay(title="Emma", price="9.90")  # E: call-overload
    buy_book.delay(title=7, price=PRICE)  # E: call-overload
    buy_book.delay(BOOK, copies=2)  # E: call-overload
    lend_book.delay(BOOK)  # E: call-overload
    print(lend_book.delay(LOAN).receipt().succeded)  # E: attr-defined
    lend_book.delay(LOAN).receipt(timeout="5")  # E: arg-type
    lend_book.delay_many([BOOK])  # E: list-item
    lend_book.s(reader="Ada")  # E: call-overload
    lend_book.si(BOOK)  # E: call-overload
    lend_book.apply_async(kwargs={}, after=[7])  # E: list-item


def enqueued(connection: psycopg.Connection) -> None:
    lend_book.enqueue("postgresql://", book_id=THIS, reader="Ada")  # E: call-overload
    lend_book.enqueue(connection, book=THIS, reader="Ada")  # E: call-overload
    lend_book.enqueue(connection, book_id="1", reader="Ada")  # E: call-overload
    lend_book.enqueue(connection, BOOK)  # E: call-overload
    lend_book.enqueue(connection, LOAN, keys="x")  # E: call-overload
    lend_book.enqueue(connection, book_id=THIS, reader="Ada", key=7)  # E: call-overload
    lend_book.enqueue_many(connection, [BOOK])  # E: list-item


async def known_to_the_plugin(
    connection: psycopg.Connection, later: psycopg.AsyncConnection, receipt: Receipt
) -> None:
    lend_book.enqueue(connection, book_id=THIS, reeder="Ada", key="x")  # P: call-overload
    lend_book.enqueue(connection, book_id="1", reader="Ada", after=[THIS])  # P: call-overload
    lend_book.enqueue(connection, reader="Ada", command_id=THIS)  # P: call-overload
    await lend_book.aenqueue(later, book_id=THIS, key="x")  # P: call-overload
    books_of.ask(readr="Ada", after=receipt)  # P: call-overload
    books_of.ask(reader=7, consistency="strong")  # P: call-overload


async def awaited(connection: psycopg.Connection, later: psycopg.AsyncConnection) -> None:
    await buy_book.adelay(title="Emma")  # E: call-overload
    await buy_book.adelay(LOAN)  # E: call-overload
    await lend_book.adelay_many([BOOK])  # E: list-item
    await lend_book.aenqueue(connection, LOAN)  # E: call-overload
    await lend_book.aenqueue(later, book_id=THIS, reeder="Ada")  # E: call-overload
    await lend_book.aenqueue(later, BOOK, key="x")  # E: call-overload
    lend_book.enqueue(later, LOAN)  # E: call-overload
    await books_of.aask(reader=7)  # E: call-overload
    print((await books_of.aask(reader="Ada")).data.title)  # E: attr-defined
    print((await lend_book.adelay(LOAN)).receipt().succeded)  # E: attr-defined
    books_of.aask(reader="Ada")  # E: unused-coroutine


def asked(receipt: Receipt) -> None:
    books_of.ask(readr="Ada")  # E: call-overload
    books_of.ask(reader=7)  # E: call-overload
    books_of.ask()  # E: call-overload
    books_of.ask(reader="Ada", after="3")  # E: call-overload
    print(books_of.ask(reader="Ada").data.title)  # E: attr-defined
    print(book.ask(book_id=THIS).data.title)  # E: union-attr
    len(book.ask(book_id=THIS))  # E: arg-type


def reacted(then: Then) -> None:
    then.start(notify, reeder="Ada")  # E: call-overload
    then.start(notify, BOOK)  # E: misc
    then.start(notify, Notice(reader="Ada"), text="yours")  # E: call-arg arg-type
    then.run(lend_book, BOOK)  # E: misc


@command("library.wrong_needs", LendBook, needs=lambda c: (c.reeder,))  # E: attr-defined
def wrong_needs(c: LendBook, state: State, work: Work) -> None: ...


@command("library.wrong_handler", LendBook, needs=lambda c: ())  # E: arg-type
def wrong_handler(c: BuyBook, state: State, work: Work) -> None: ...
