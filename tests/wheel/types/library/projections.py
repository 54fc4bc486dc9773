"""What can be seen of books."""

from __future__ import annotations

from library.models import BookBought, BookLent, ShelfClosed, book_list

from worker import Row, StoredEvent, projection, row_from

listed = projection("library.book_list", book_list, tags=lambda row: (f"book:{row['book_id']}",))


@listed.on(BookBought)
def _bought(row: Row | None, event: StoredEvent) -> Row:
    return row_from(book_list, event, reader=None)


@listed.on(BookLent)
def _lent(row: Row | None, event: StoredEvent) -> Row | None:
    return None if row is None else {**row, "reader": event.data["reader"]}


@listed.on_each(ShelfClosed, lambda event: dict.fromkeys(event.data["books"]))
def _closed(row: Row | None, event: StoredEvent, part: object) -> Row | None:
    return None
