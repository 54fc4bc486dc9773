"""Whatever goes wrong on the way, each stream is handled whole and in order once it is mended."""

from __future__ import annotations

from random import Random

import pytest

from tests.conftest import Database
from tests.subscriptions.test_deaths import die
from tests.support.things.history import LIST, Things
from tests.support.things.projections import mended
from worker.ops import subscription_admin
from worker.subscriptions import dead_letters, runner
from worker.subscriptions.dead_letters import DeadLetter

PLACES = ["kiel", "ulm", "bonn", "jena", "nowhere"]


class Course:
    """A random course of events: arrivals, runs, deaths, repairs, other batches and partitions."""

    def __init__(self, things: Things, database: Database, seed: int) -> None:
        self.things, self.database, self.random = things, database, Random(seed)
        self.expected: dict[int, list[str]] = {}
        self.dropped: set[int] = set()
        self.at: dict[int, tuple[int, int]] = {}

    def step(self) -> None:
        """Let something happen."""
        what = self.random.choices(
            [self.arrive, self.run, self.die, self.retry, self.discard, self.divide, self.resize],
            [40, 20, 3, 8, 4, 3, 3],
        )
        what[0]()

    def arrive(self) -> None:
        """Some things come to some places."""
        for _ in range(self.random.randint(1, 12)):
            thing = self.random.randrange(8)
            place = self.random.choices(PLACES, [6, 6, 6, 6, 1])[0]
            (position,) = self.things.move(thing, place)
            self.at[position] = (thing, len(self.expected.setdefault(thing, [])))
            self.expected[thing].append(place)

    def run(self) -> None:
        """A runner gets some way."""
        runner.catch_up([LIST], seconds=self.random.choice([0, 60]))

    def die(self) -> None:
        """A runner takes a batch, and dies."""
        if self.things.checkpoint():
            die(self.database)

    def retry(self) -> None:
        """Somebody mends the cause, and retries a letter."""
        for letter in self._letter():
            with mended("nowhere"):
                dead_letters.retry(letter.id, by="ada")

    def discard(self) -> None:
        """Somebody drops a bad event."""
        for letter in self._letter():
            dead_letters.discard(letter.id, by="ada")
            self.dropped.add(letter.position)

    def divide(self) -> None:
        """Somebody changes the number of partitions."""
        subscription_admin.set_partitions(LIST, self.random.randint(1, 4))

    def resize(self) -> None:
        """Somebody changes the size of batches."""
        subscription_admin.set_batch_size(LIST, self.random.choice([1, 2, 5, 17, None]))

    def _letter(self) -> list[DeadLetter]:
        found = dead_letters.find()
        return [self.random.choice(found)] if found else []

    def tracked(self) -> dict[int, str]:
        """What the read model must be when all that is mended has been handled."""
        dropped = {self.at[position] for position in self.dropped}
        kept = {
            thing: [place for n, place in enumerate(places) if (thing, n) not in dropped]
            for thing, places in self.expected.items()
        }
        return {thing: " ".join(places) for thing, places in sorted(kept.items()) if places}


@pytest.mark.parametrize("seed", range(6))
def test_every_event_is_handled_once_in_order_or_dropped_by_hand(
    things: Things, database: Database, seed: int
) -> None:
    course = Course(things, database, seed)
    for _ in range(60):
        course.step()
        assert_no_parked_stream_has_moved(things, course)
    with mended("nowhere"):
        runner.catch_up([LIST])
        dead_letters.retry_all(LIST, by="ada")
    assert dead_letters.find() == []
    assert things.tracked() == course.tracked()


def assert_no_parked_stream_has_moved(things: Things, course: Course) -> None:
    """Nothing after an open letter's event has been handled."""
    tracked = things.tracked()
    for letter in dead_letters.find():
        thing, before = course.at[letter.position]
        assert len(tracked.get(thing, "").split()) <= before
