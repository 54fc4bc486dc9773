"""What the library says and stores."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, Field

from worker.contracts import Command, Event, Message, Money, Name, ReadRow, Refusal, uuid7
from worker.contracts.tables import read_table


class BuyBook(Command):
    book_id: UUID = Field(default_factory=uuid7)
    title: Name
    price: Money
    copies: Annotated[int, Field(ge=1)] = 1


class LendBook(Command):
    book_id: UUID
    reader: Name


class CloseShelf(Command):
    shelf: str


class BookBought(Event):
    type: ClassVar[str] = "library.BookBought"
    book_id: UUID
    title: str
    price: Money


class BookLent(Event):
    type: ClassVar[str] = "library.BookLent"
    book_id: UUID
    reader: str


class ShelfClosed(Event):
    type: ClassVar[str] = "library.ShelfClosed"
    shelf: str


class Shelf(BaseModel):
    closed: bool = False


class Notice(Message):
    reader: str
    text: str = ""


def lend(c: LendBook, lent_to: str | None) -> BookLent:
    """The rule: pure, tried without a database and without a broker."""
    if lent_to is not None:
        raise Refusal("this book is out", reader=lent_to)
    return BookLent(book_id=c.book_id, reader=c.reader)


books = sa.Table(
    "books",
    sa.MetaData(schema="command", info={"domain": "library"}),
    sa.Column("book_id", sa.Uuid, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("lent_to", sa.Text),
)


class Book(ReadRow):
    book_id: UUID
    title: str
    reader: str | None


read = sa.MetaData(schema="query", info={"domain": "library"})
book_list = read_table(Book, read, "book_list", key="book_id")
