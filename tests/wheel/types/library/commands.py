"""What can be done with books."""

from __future__ import annotations

from typing import Any

from library.models import (
    BookBought,
    BookLent,
    BuyBook,
    CloseShelf,
    LendBook,
    Shelf,
    ShelfClosed,
    books,
    lend,
)

from worker import Refusal, State, Work, aggregate, command, fold, lock, only


@command(
    "library.buy_book", BuyBook, emits=(BookBought,), needs=lambda c: (lock(books, c.book_id),)
)
def buy_book(c: BuyBook, state: State, work: Work) -> dict[str, object]:
    """Buys a book."""
    work.insert(books, {"book_id": c.book_id, "title": c.title})
    event = BookBought(book_id=c.book_id, title=c.title, price=c.price)
    work.emit(f"book-{c.book_id}", event)
    return {"book_id": c.book_id}


@command(
    "library.lend_book",
    LendBook,
    emits=(BookLent,),
    needs=lambda c: (lock(books, c.book_id),),
    may_send=only("librarian"),
    secret=("reader",),
)
def lend_book(c: LendBook, state: State, work: Work) -> None:
    """Lends a book."""
    row = state.get(books, c.book_id)
    event = lend(c, row["lent_to"] if row else None)
    work.update(books, c.book_id, lent_to=c.reader)
    work.emit(f"book-{c.book_id}", event)


def evolve(state: Shelf | None, event: Any) -> Shelf:
    """A shelf after an event."""
    return Shelf(closed=isinstance(event, ShelfClosed))


shelves = aggregate("library.shelf", Shelf, evolve, (ShelfClosed,), category="shelf")


@command("library.close_shelf", CloseShelf, needs=lambda c: (fold(shelves, c.shelf),))
def close_shelf(c: CloseShelf, state: State, work: Work) -> None:
    """Closes a shelf."""
    shelf = state.folded(shelves, c.shelf)
    if shelf is not None and shelf.closed:
        raise Refusal("this shelf is closed", shelf=c.shelf)
    work.emit(shelves.stream(c.shelf), ShelfClosed(shelf=c.shelf))
