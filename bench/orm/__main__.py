"""Four questions at 100,000 orders: the read model beside an ORM on the write tables, in one run.

    python -m bench.orm [--orders N] [--rounds R] [--check]

Every way gives exactly the same rows, which is checked before any clock runs; the read model is
asked by `query.ask()`, without the cache unless a column says so. The ORM has the same server, pool
and connection settings, a session for each question, and two indexes more than the write tables
need. Its revenue and lifetime figures are of this moment; ours are as of the views' last refresh.
With --check the exit code says whether every bar over the lazy ORM is reached. The bars are meant
for 100,000 orders: in a small shop few orders are open, and counting them is little work.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bench.orm.comparison import Compared, compare
from bench.orm.loading import PROJECTED, VIEWS, Loaded, load
from bench.orm.questions import BY_HAND, CACHE, EAGER, LAZY, READ_MODEL, questions
from bench.orm.trade import Size
from bench.system import system

WAYS = (READ_MODEL, CACHE, LAZY, EAGER, BY_HAND)


def times(found: Sequence[Compared]) -> Table:
    """Milliseconds of each way."""
    table = Table("median ms", "rows", *WAYS)
    for one in found:
        medians = map(one.median, WAYS)
        shown = (f"{median:,.2f}" if median < 100 else f"{median:,.0f}" for median in medians)
        table.add_row(one.question.name, str(one.rows), *shown)
    return table


def ratios(found: Sequence[Compared]) -> Table:
    """How many times as long as the read model the others take."""
    table = Table("x read model", LAZY, "bar", "", EAGER, BY_HAND)
    for one in found:
        lazy, eager, by_hand = (f"{one.ratio(way):,.1f}" for way in (LAZY, EAGER, BY_HAND))
        verdict = "ok" if one.holds else "below"
        table.add_row(one.question.name, lazy, f"{one.question.bar:g}", verdict, eager, by_hand)
    return table


def told(loaded: Loaded) -> str:
    """What is in the database, and what the read side took."""
    return (
        f"{loaded.orders:,} orders, {loaded.events:,} events: {len(PROJECTED)} projections caught"
        f" up in {loaded.catching_up:.0f} s, {len(VIEWS)} views were refreshed in"
        f" {loaded.refreshing:.1f} s, and every row of them is what the write tables say"
    )


def main() -> int:
    """Run the measurement and print its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="fail unless every bar is reached")
    options = parser.parse_args()
    console = Console()
    with system():
        console.print(told(load(Size.of(options.orders))))
        found = [compare(question, options.rounds) for question in questions()]
    console.print(times(found), ratios(found))
    return int(options.check and not all(one.holds for one in found))


if __name__ == "__main__":
    sys.exit(main())
