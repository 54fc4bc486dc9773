"""What can be asked about books."""

from __future__ import annotations

from uuid import UUID

from library.models import Book

from worker import Filters, Reader, query


@query("library.book", reads=("library.book_list",), tags=lambda p: (f"book:{p.book_id}",))
def book(db: Reader, *, book_id: UUID) -> Book | None:
    """One book."""
    return db.find(Book, "book_list", book_id=book_id)


@query("library.books_of", reads=("library.book_list",), ttl=0)
def books_of(db: Reader, *, reader: str, limit: int = 100) -> list[Book]:
    """The books that a reader has."""
    page = Filters(Book).eq("reader", reader).order_by("title").limit(limit)
    return db.select(Book, "book_list", page)


@query("library.has_books")
def has_books(db: Reader, *, reader: str) -> bool:
    """Whether a reader has any: a query inside another, in its snapshot."""
    return bool(books_of(db, reader=reader, limit=1))
