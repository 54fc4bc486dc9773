"""The fence against every interleaving of two and three appenders and a reader.

The real algorithm survives, over a million states together with those of `tests/long`. Then each
of its rules is broken, one at a time, and the model has to find the interleaving that this rule is
there to prevent: so it is able to fail.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from tests.fence_model import (
    DRAW,
    END,
    EVERY_KIND,
    FENCE,
    INSERT,
    READ,
    READ_WRITERS,
    Program,
    Violation,
    appends,
    explore,
)


def test_two_appenders_of_any_kind_never_make_a_reader_skip() -> None:
    pairs = list(combinations_with_replacement(EVERY_KIND, 2))
    assert sum(explore(pair, READ * 2) for pair in pairs) == 274_263


def test_three_appenders_never_make_a_reader_skip() -> None:
    """Those of which some draw twice: `tests/long`."""
    assert explore([appends(1)] * 3, READ * 2) == 16_855


WRITES = (*FENCE, *INSERT, *END)
WRITES_AFTER_SAVEPOINT = (*FENCE, *INSERT, "roll back to savepoint", *WRITES)
WRITES_TWICE = (*FENCE, *INSERT, *FENCE, *INSERT, *END)
BYSTANDER = (*FENCE, "end", "unlock")


@pytest.mark.parametrize(
    "appenders",
    [
        [WRITES, WRITES_TWICE],
        [WRITES, WRITES_AFTER_SAVEPOINT],
        [WRITES, WRITES, BYSTANDER],
    ],
    ids=["twice", "after a savepoint", "beside a lock of one who appends nothing"],
)
def test_fences_of_those_alone_who_write_never_make_a_reader_skip(appenders: list[Program]) -> None:
    assert explore(appenders, READ_WRITERS * 2) > 10_000


# --- each rule broken ---------------------------------------------------------------------------

WITHOUT_FENCE = DRAW + END
LOCK_AFTER_DRAW = ("read sequence", *DRAW, "lock", *END)
READ_AFTER_DRAW = (*DRAW, *FENCE, *END)
UNLOCK_BEFORE_VISIBLE = (*FENCE, *DRAW, "unlock", "end")
PEEK = ("peek at sequence", "lock", *DRAW, *END)
SECOND_FENCE_ALONE = (*FENCE, *DRAW, "read sequence", "move lock", *DRAW, *END)
KEEPS_NUMBERS = (*FENCE, "draw two, use one", *END, *FENCE, "use kept number", *END)

BROKEN: dict[str, tuple[list[Program], Program]] = {
    "the appender puts up no fence": ([WITHOUT_FENCE] * 2, READ * 2),
    "the reader takes all it sees": ([appends(1)] * 2, ("take snapshot", "select all") * 2),
    "the lock comes after the draw": ([LOCK_AFTER_DRAW] * 2, READ * 2),
    "sequence and lock come after the draw": ([READ_AFTER_DRAW] * 2, READ * 2),
    "the lock goes before the commit shows": ([UNLOCK_BEFORE_VISIBLE] * 2, READ * 2),
    "a second append moves the fence up": ([SECOND_FENCE_ALONE, appends(1)], READ * 2),
    "the reader scans the locks first": (
        [appends(1)] * 2,
        ("scan locks", "read horizon", "take snapshot", "select") * 2,
    ),
    "the snapshot is older than the horizon": (
        [appends(1)] * 2,
        ("take snapshot", "read horizon", "scan locks", "select") * 2,
    ),
    "the appender reads the sequence without its buffer's lock": ([PEEK] * 3, READ * 2),
    "the reader reads the sequence without its buffer's lock": (
        [appends(1)] * 2,
        ("peek at horizon", "scan locks", "take snapshot", "select") * 2,
    ),
    "the sequence hands out numbers in advance": ([KEEPS_NUMBERS, appends(1)], READ * 2),
    "the table is locked after the draw": (
        [(*FENCE, *DRAW, "lock table", *END)] * 2,
        READ_WRITERS * 2,
    ),
    "who writes is listed before the sequence is read": (
        [WRITES] * 2,
        ("list writers", "read horizon", "scan locks of writers", "take snapshot", "select") * 2,
    ),
    "the locks are scanned before who writes is listed": (
        [WRITES] * 2,
        ("read horizon", "scan locks of writers", "list writers", "take snapshot", "select") * 2,
    ),
    "the checkpoint follows the horizon down": (
        [appends(1)] * 3,
        ("read horizon", "scan locks", "take snapshot", "select and step back") * 2,
    ),
}


@pytest.mark.parametrize("rule", BROKEN)
def test_the_model_finds_what_goes_wrong_when(rule: str) -> None:
    appenders, reader = BROKEN[rule]
    with pytest.raises(Violation, match=r"skipped|twice"):
        explore(appenders, reader)
