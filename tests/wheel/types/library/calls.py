"""Calls as they are meant: their types are what they say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, assert_type
from uuid import UUID

import psycopg
import sqlalchemy as sa
from library.commands import buy_book, lend_book
from library.models import Book, BuyBook
from library.queries import book, books_of, has_books
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import Session

from worker import Answer, CommandResult, Receipt, acting_as, ask

PRICE = Decimal("9.90")
THIS = UUID(int=1)


def sent() -> None:
    handle = buy_book.delay(BuyBook(title="Emma", price=PRICE))
    assert_type(handle, CommandResult)
    assert_type(buy_book.delay(title="Emma", price=PRICE, copies=2), CommandResult)
    assert_type(handle.receipt(timeout=5), Receipt)
    assert_type(buy_book.delay_many([BuyBook(title="Emma", price=PRICE)]), list[CommandResult])
    buy_book.delay_many([{"title": "Emma", "price": "9.90"}])
    buy_book.apply_async(kwargs={"title": "Emma", "price": "9.90"}, after=[handle, THIS])
    with acting_as("user:1", roles=["librarian"]):
        lend_book.delay(book_id=THIS, reader="Ada")
    raw: dict[str, Any] = {"book_id": str(THIS), "reader": "Ada"}
    lend_book.delay(**raw)
    buy_book.s(title="Emma", price=PRICE) | lend_book.si(book_id=THIS, reader="Ada")
    lend_book.s(**raw)


def enqueued(
    connection: sa.Connection, session: Session, raw: psycopg.Connection[dict[str, Any]]
) -> None:
    handle = buy_book.enqueue(connection, title="Emma", price=PRICE)
    assert_type(handle, CommandResult)
    buy_book.enqueue(session, BuyBook(title="Emma", price=PRICE), key="Emma", after=[handle])
    buy_book.enqueue(raw, title="Emma", price=PRICE, key="Emma")
    buy_book.enqueue(raw, title="Emma", price=PRICE, after=[handle], command_id=THIS)
    assert_type(
        buy_book.enqueue_many(raw, [BuyBook(title="Emma", price=PRICE)]), list[CommandResult]
    )


async def awaited(
    session: AsyncSession, connection: AsyncConnection, raw: psycopg.AsyncConnection
) -> None:
    handle = await buy_book.adelay(title="Emma", price=PRICE)
    assert_type(handle, CommandResult)
    assert_type(await handle.areceipt(timeout=5), Receipt)
    assert_type(await buy_book.adelay_many([{"title": "Emma"}]), list[CommandResult])
    assert_type(await buy_book.aenqueue(session, title="Emma", price=PRICE), CommandResult)
    await buy_book.aenqueue(connection, BuyBook(title="Emma", price=PRICE), key="Emma")
    await buy_book.aenqueue(raw, title="Emma", price=PRICE, after=[handle])
    await connection.run_sync(lambda sync: buy_book.enqueue(sync, title="Emma", price=PRICE))
    await session.run_sync(lambda sync: buy_book.enqueue(sync, title="Emma", price=PRICE))
    await buy_book.aenqueue_many(raw, [BuyBook(title="Emma", price=PRICE)])
    assert_type(await books_of.aask(reader="Ada"), Answer[list[Book]])
    assert_type((await book.aask(book_id=THIS, after=3)).data, Book | None)


def asked(receipt: Receipt) -> None:
    assert_type(book.ask(book_id=THIS), Answer[Book | None])
    assert_type(books_of.ask(reader="Ada", limit=5).data, list[Book])
    assert_type(books_of.ask(reader="Ada", after=receipt, timeout=2), Answer[list[Book]])
    assert_type(has_books.ask(reader="Ada", consistency="strong").data, bool)
    assert_type(ask("library.book", book_id=THIS), Answer[Any])
