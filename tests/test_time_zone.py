"""Days are those of `CQRS_TIME_ZONE`: one nightly run on each, also where the clocks change."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from redbeat.decoder import RedBeatJSONEncoder

from tests.conftest import Database
from worker.base import settings, slots
from worker.base.app import app
from worker.base.beat import Daily
from worker.base.errors import BadSettings
from worker.base.settings import DAY, Settings, get_settings, read_settings
from worker.base.shared_beat import Entry
from worker.base.sql import statement
from worker.base.time_zone import today
from worker.ops.schedule import ScheduleEntry, engine_entries

BERLIN, HOWE, BEIRUT = "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut"
CHANGES = [
    (BERLIN, datetime(2026, 3, 29, 1, tzinfo=UTC)),  # 02:00 is followed by 03:00
    (BERLIN, datetime(2026, 10, 25, 1, tzinfo=UTC)),  # 03:00 by 02:00
    (HOWE, datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),  # 02:00 by 02:30
    (HOWE, datetime(2026, 4, 4, 15, tzinfo=UTC)),  # 02:00 by 01:30
    (BEIRUT, datetime(2026, 3, 28, 22, tzinfo=UTC)),  # 00:00 by 01:00
]


@contextmanager
def living_in(name: str, **changes: Any) -> Iterator[Settings]:
    """The settings of a place."""
    with settings.using(settings.changed(get_settings(), time_zone=name, **changes)) as chosen:
        yield chosen


def runs(daily: Daily, around: datetime) -> list[datetime]:
    """When beat would run it, looking every ten minutes, in the days around a moment."""
    now = around - timedelta(days=2)
    last, ran = now, []
    daily.app, daily.nowfun = app, lambda: now
    while now < around + timedelta(days=3):
        if daily.is_due(last).is_due:
            ran.append(now)
            last = now
        now += timedelta(minutes=10)
    return ran


@pytest.mark.parametrize(("place", "change"), CHANGES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3])
def test_the_nightly_hour_comes_once_on_each_day(place: str, change: datetime, hour: int) -> None:
    with living_in(place, rebuild_hour=hour) as chosen:
        nightly = engine_entries(chosen)["rebuild-read-models"].to_celery()["schedule"]
        there = [at.astimezone(ZoneInfo(place)) for at in runs(nightly, change)]
    days = [at.date() for at in there]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert len(days) >= 4
    assert days[0] < change.astimezone(ZoneInfo(place)).date() < days[-1]
    usual = [at for at in there if (at.hour, at.minute) == (hour, 0)]
    assert len(usual) >= len(days) - 1
    for at in there:
        if at not in usual:  # the hour was left out: it ran when the clocks had gone forward
            assert at.astimezone(UTC) == change
        assert at.fold == 0


def test_each_day_has_one_slot(database: Database) -> None:
    with database.connect() as connection:
        for (place, change), hour in product(CHANGES, (0, 1, 3, 23)):
            when = nights(place, change, hour)
            numbers = [slot_at(connection, place, at) for at in when]
            assert numbers == [numbers[0] + n for n in range(len(numbers))], (place, change, hour)
            early = [slot_at(connection, place, at - timedelta(minutes=5)) for at in when]
            assert early == numbers, "a beat whose clock is ahead"


def nights(place: str, change: datetime, hour: int) -> list[datetime]:
    """The hour on the days around a change of the clock."""
    first = change.astimezone(ZoneInfo(place)).date() - timedelta(days=2)
    days = [first + timedelta(days=n) for n in range(5)]
    local = [datetime(d.year, d.month, d.day, hour, tzinfo=ZoneInfo(place)) for d in days]
    return [at.astimezone(UTC) for at in local]


def slot_at(connection: psycopg.Connection, place: str, at: datetime) -> int:
    """The number of the day at an instant, as the statement counts it."""
    text = statement("worker.base", "take_slot").replace("clock_timestamp()", "%(at)s")
    connection.execute("DELETE FROM cqrs.slots")
    what = {"task": "nightly", "every": DAY, "holder": "x", "zone": place, "at": at}
    connection.execute(text, what)
    ((slot,),) = connection.execute("SELECT slot FROM cqrs.slots").fetchall()
    return int(slot)


def test_a_slot_of_a_day_is_taken_once(database: Database) -> None:
    far = "Pacific/Kiritimati" if datetime.now(UTC).hour >= 9 else "Pacific/Pago_Pago"
    with living_in(far):
        assert slots.take("nightly", DAY)
        assert not slots.take("nightly", DAY)
        with database.connect() as connection:
            ((slot,),) = connection.execute("SELECT slot FROM cqrs.slots").fetchall()
        there = datetime.now(ZoneInfo(far)) + timedelta(minutes=30)
        assert slot == (there.date() - date(1970, 1, 1)).days
        with database.connect() as connection:
            connection.execute("UPDATE cqrs.slots SET slot = slot - 1")
        assert slots.take("nightly", DAY)


def test_the_hour_survives_the_schedules_file_and_redis() -> None:
    with living_in(HOWE):
        daily = ScheduleEntry.daily("t", 4, "why").to_celery()["schedule"]
        stored = json.dumps({"name": "t", "schedule": daily}, cls=RedBeatJSONEncoder)
        for again in (
            pickle.loads(pickle.dumps(daily)),
            Entry.decode_definition(stored)["schedule"],
        ):
            assert again == daily
            assert again.tz == ZoneInfo(HOWE)
        assert ScheduleEntry.daily("t", 4, "why").when == f"daily at 04:00 {HOWE}"
    assert app.conf.timezone == "UTC"


def test_today_is_the_day_of_the_place() -> None:
    late = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    assert today(late) == date(2026, 3, 28)
    with living_in(BERLIN):
        assert today(late) == date(2026, 3, 29)
        assert today() == datetime.now(ZoneInfo(BERLIN)).date()


def test_a_place_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(BadSettings, match=r"(?s)CQRS_TIME_ZONE.*Europe/Berlim"):
        read_settings({"CQRS_TIME_ZONE": "Europe/Berlim"})
    for wrong in ("../../etc/passwd", "/etc/passwd", "", "Europe"):
        with pytest.raises(BadSettings, match="CQRS_TIME_ZONE"):
            read_settings({"CQRS_TIME_ZONE": wrong})
