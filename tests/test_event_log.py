"""The event log's functions: what may go in, what comes out, who may do it, who holds it up."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import errors as pg
from psycopg.rows import dict_row

from tests.conftest import Database, in_database
from worker.event_log import NewEvent, StoredEvent, WrongStreamVersion, append, horizon, read

OUR_LOCKS = 25457 << 48
FAR = 1 << 40


@pytest.fixture
def log(database: Database) -> Iterator[psycopg.Connection]:
    """A connection to an empty log, in autocommit."""
    with database.connect() as connection:
        yield connection


@pytest.fixture
def other(database: Database) -> Iterator[psycopg.Connection]:
    """A second session on the same log."""
    with database.connect() as connection:
        yield connection


def event(stream: str = "order-1", **fields: Any) -> NewEvent:
    return NewEvent(stream, **{"type": "orders.order_created", "data": {"n": 1}, **fields})


def everything(connection: psycopg.Connection[Any]) -> list[StoredEvent]:
    return read(connection, after=0, upto=FAR, limit=10_000)


def holders(connection: psycopg.Connection) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute("SELECT * FROM cqrs.horizon_holders()").fetchall()


# --- appending ----------------------------------------------------------------------------------


def test_events_get_positions_and_versions_in_the_order_of_their_batch(
    log: psycopg.Connection,
) -> None:
    streams = random.Random(1).choices([f"order-{n}" for n in range(40)], k=500)
    places = append(log, [event(name, data={"n": n}) for n, name in enumerate(streams)])
    assert [place.stream for place in places] == streams
    assert [place.position for place in places] == list(range(1, 501))
    assert [place.version for place in places] == [
        streams[: n + 1].count(name) for n, name in enumerate(streams)
    ]
    assert [one.data["n"] for one in everything(log)] == list(range(500))


def test_a_stream_goes_on_where_it_was_in_a_later_batch_and_a_later_transaction(
    log: psycopg.Connection,
) -> None:
    with log.transaction():
        append(log, [event("a"), event("b")])
        append(log, [event("b")])
    append(log, [event("b"), event("c")])
    stored = [(one.stream, one.version, one.position) for one in everything(log)]
    assert stored == [("a", 1, 1), ("b", 1, 2), ("b", 2, 3), ("b", 3, 4), ("c", 1, 5)]


def test_an_event_comes_back_as_it_went_in(log: psycopg.Connection) -> None:
    data = {"total": "73.20", "text": "naïve ☃ \\u0000 'quoted'", "list": [1, None, {"x": True}]}
    append(log, [event(data=data, metadata={"actor": "user:42"}, schema_version=3)])
    [stored] = everything(log)
    assert (stored.type, stored.schema_version) == ("orders.order_created", 3)
    assert (stored.data, stored.metadata) == (data, {"actor": "user:42"})
    assert abs(stored.recorded_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_empty_batch_stores_nothing_and_holds_nothing_up(log: psycopg.Connection) -> None:
    with log.transaction():
        assert append(log, []) == []
        assert holders(log) == []


def test_a_stream_at_another_version_than_expected_refuses_the_whole_batch(
    log: psycopg.Connection,
) -> None:
    append(log, [event("a"), event("a")])
    with pytest.raises(WrongStreamVersion) as refused:
        append(log, [event("b"), event("a", expected_version=1)])
    assert (refused.value.stream, refused.value.expected, refused.value.current) == ("a", 1, 2)
    assert len(everything(log)) == 2


def test_expected_versions_mean_the_stream_before_the_batch(log: psycopg.Connection) -> None:
    append(log, [event("a", expected_version=0), event("a"), event("a", expected_version=0)])
    append(log, [event("a", expected_version=3), event("b", expected_version=0)])
    with pytest.raises(WrongStreamVersion) as refused:
        append(log, [event("a", expected_version=4), event("a", expected_version=5)])
    assert (refused.value.expected, refused.value.current) == (5, 4)


def test_of_two_that_create_one_stream_at_once_the_later_is_refused(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    new = [event("a", expected_version=0)]
    with ThreadPoolExecutor(1) as pool:
        with log.transaction():
            append(log, new)
            later = pool.submit(append, other, new)
        with pytest.raises(WrongStreamVersion):
            later.result(10)
    assert len(everything(log)) == 1


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        (None, "a batch of events is a JSON array, not NULL"),
        ("{}", "a batch of events is a JSON array, not object"),
        ("[3]", "must be an array of objects"),
        ('[{"type": "t", "data": {}, "metadata": {}}]', 'null value in column "stream"'),
        ('[{"stream": "a", "data": {}, "metadata": {}}]', 'null value in column "type"'),
        ('[{"stream": "a", "type": "t", "metadata": {}}]', 'null value in column "data"'),
        ('[{"stream": "a", "type": "t", "data": 1, "metadata": {}}]', "events_data_check"),
        ('[{"stream": "", "type": "t", "data": {}, "metadata": {}}]', "streams_stream_check"),
    ],
)
def test_what_is_not_a_batch_of_events_is_refused(
    log: psycopg.Connection, batch: str | None, error: str
) -> None:
    with pytest.raises(psycopg.DatabaseError, match=error):
        log.execute("SELECT * FROM cqrs.append(%s::jsonb)", [batch])
    assert everything(log) == []


def test_text_with_nul_is_refused_by_name(log: psycopg.Connection) -> None:
    with pytest.raises(ValueError, match="contains NUL"):
        append(log, [event(data={"text": "a\0b"})])


# --- reading ------------------------------------------------------------------------------------


def test_reading_keeps_to_its_bounds_its_types_and_its_limit(log: psycopg.Connection) -> None:
    append(log, [event(type=f"t{n % 3}") for n in range(30)])

    def positions(**wanted: Any) -> list[int]:
        asked = {"after": 0, "upto": 30, "limit": 100, **wanted}
        return [one.position for one in read(log, **asked)]

    assert positions(after=5, upto=9) == [6, 7, 8, 9]
    assert positions(types=["t0"], after=6, upto=20) == [7, 10, 13, 16, 19]
    assert positions(types=["t0", "t1"], limit=3) == [1, 2, 4]
    assert positions(types=[]) == []
    assert positions(after=9, upto=5) == []


def test_reading_takes_tuples_from_a_connection_that_gives_dictionaries(
    database: Database,
) -> None:
    with psycopg.connect(database.url, autocommit=True, row_factory=dict_row) as connection:
        append(connection, [event()])
        assert [one.position for one in everything(connection)] == [1]
        assert horizon(connection) == 1


# --- the horizon --------------------------------------------------------------------------------


def test_the_horizon_is_zero_until_the_first_event_has_committed(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    assert horizon(other) == 0
    with log.transaction():
        append(log, [event(), event()])
        assert horizon(other) == 0
    assert horizon(other) == 2


def test_a_rolled_back_append_never_blocks_the_horizon(log: psycopg.Connection) -> None:
    with log.transaction(force_rollback=True):
        append(log, [event(), event()])
    append(log, [event()])
    assert horizon(log) == 3
    assert [(one.position, one.version) for one in everything(log)] == [(3, 1)]


def test_the_horizon_stays_below_the_first_append_of_a_transaction_until_it_ends(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    append(other, [event("a")])
    with log.transaction():
        append(log, [event("b")])
        append(other, [event("c")])
        append(log, [event("d")])
        assert horizon(other) == 1
    assert horizon(other) == 4


def test_a_fence_says_where_it_stands_and_holds_the_horizon_there(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    append(log, [event(), event(), event()])
    with log.transaction():
        assert log.execute("SELECT cqrs.fence()").fetchone() == (3,)
        append(other, [event("another")])
        assert horizon(other) == 4, "it has drawn nothing"
        append(log, [event("its own")])
        assert horizon(other) == 3
    assert horizon(other) == 5


def test_rolling_back_to_a_savepoint_takes_the_fence_down_with_the_events(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    with log.transaction():
        with log.transaction(force_rollback=True):
            append(log, [event("a")])
            assert horizon(other) == 0
        assert horizon(other) == 1
        append(log, [event("b")])
        with log.transaction(force_rollback=True):
            append(log, [event("c")])
        append(other, [event("d")])
        assert horizon(other) == 1, "the first append still holds it"
    assert horizon(other) == 4
    assert [one.stream for one in everything(other)] == ["b", "d"]


def test_a_transaction_that_writes_and_never_appends_holds_nothing_up(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    log.execute("CREATE TABLE scratch (n int)")
    with log.transaction():
        log.execute("INSERT INTO scratch VALUES (1)")
        append(other, [event()])
        assert horizon(other) == 1


def test_positions_beyond_32_bits_pass_through_the_lock_unharmed(
    log: psycopg.Connection, other: psycopg.Connection
) -> None:
    for last in ((1 << 32) - 1, 1 << 32, (1 << 47) + (1 << 31)):
        log.execute("SELECT setval('cqrs.events_position_seq', %s)", [last])
        with log.transaction():
            [place] = append(log, [event()])
            assert place.position == last + 1
            assert horizon(other) == last
        assert horizon(other) == last + 1


def test_locks_that_are_not_ours_do_not_move_the_horizon(
    log: psycopg.Connection, other: psycopg.Connection, database: Database
) -> None:
    append(log, [event() for _ in range(9)])
    elsewhere = psycopg.connect(in_database(database.url, "postgres"))
    with log.transaction(), elsewhere:
        log.execute("SELECT pg_advisory_xact_lock_shared(%s)", [5])
        log.execute("SELECT pg_advisory_xact_lock_shared(%s)", [(25458 << 48) | 5])
        log.execute("SELECT pg_advisory_xact_lock(%s)", [OUR_LOCKS | 5])
        log.execute("SELECT pg_advisory_xact_lock_shared(%s, 5)", [25457 << 16])
        elsewhere.execute("SELECT pg_advisory_xact_lock_shared(%s)", [OUR_LOCKS | 5])
        assert horizon(other) == 9


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_the_horizon_is_refused_where_a_later_statement_would_see_an_older_snapshot(
    log: psycopg.Connection, isolation: str
) -> None:
    log.execute(f"BEGIN ISOLATION LEVEL {isolation}")
    with pytest.raises(pg.InvalidTransactionState, match="needs a read committed transaction"):
        horizon(log)


# --- who holds it up, who may write -------------------------------------------------------------


def test_a_hanging_appender_is_named_and_gone_with_its_process(
    database: Database, log: psycopg.Connection
) -> None:
    hanging = psycopg.connect(database.url, application_name="hanging worker")
    append(hanging, [event()])
    append(log, [event("order-2")])
    [holder] = holders(log)
    assert (holder["pid"], holder["application_name"], holder["fence"], holder["state"]) == (
        hanging.info.backend_pid, "hanging worker", 0, "idle in transaction",
    )  # fmt: skip
    assert 0 <= holder["seconds"] < 60
    assert holder["query_start"] <= datetime.now(UTC)

    log.execute("SELECT pg_terminate_backend(%s, 10000)", [holder["pid"]])
    assert (holders(log), horizon(log)) == ([], 2)
    hanging.close()


def test_a_prepared_transaction_holds_the_horizon_and_is_named(
    database: Database, log: psycopg.Connection
) -> None:
    row = log.execute("SELECT current_setting('max_prepared_transactions')::int").fetchone()
    if row == (0,):
        pytest.skip("this server prepares no transactions (max_prepared_transactions = 0)")
    with psycopg.connect(database.url) as connection:
        connection.tpc_begin("forgotten")
        append(connection, [event()])
        connection.tpc_prepare()
        [holder] = holders(log)
        assert (holder["pid"], holder["fence"], holder["prepared"]) == (None, 0, "forgotten")
        assert horizon(log) == 0
        connection.tpc_commit()
    assert (holders(log), horizon(log)) == ([], 1)


def test_a_writer_can_append_and_read_but_not_write_around_the_fence(
    log: psycopg.Connection,
) -> None:
    log.execute("SET ROLE cqrs_writer")
    append(log, [event()])
    assert (horizon(log), len(everything(log)), holders(log)) == (1, 1, [])
    for forbidden in (
        "INSERT INTO cqrs.streams VALUES ('x', 1)",
        "INSERT INTO cqrs.events (stream, version, type, data) VALUES ('x', 1, 't', '{}')",
        "UPDATE cqrs.events SET data = '{}'",
        "DELETE FROM cqrs.events",
        "TRUNCATE cqrs.streams",
        "SELECT nextval('cqrs.events_position_seq')",
        "SELECT setval('cqrs.events_position_seq', 1)",
    ):
        with pytest.raises(pg.InsufficientPrivilege):
            log.execute(forbidden)


def test_a_reader_sees_nothing_of_the_log(log: psycopg.Connection) -> None:
    log.execute("SET ROLE cqrs_reader")
    for forbidden in (
        "SELECT * FROM cqrs.events",
        "SELECT * FROM cqrs.append('[]')",
        "SELECT cqrs.horizon()",
        "SELECT cqrs.fence()",
        "SELECT * FROM cqrs.horizon_holders()",
    ):
        with pytest.raises(pg.InsufficientPrivilege):
            log.execute(forbidden)


def test_the_sequence_hands_out_one_number_at_a_time_and_fits_into_a_lock(
    log: psycopg.Connection,
) -> None:
    row = log.execute(
        "SELECT seqcache, seqmax, seqcycle FROM pg_sequence"
        " WHERE seqrelid = pg_get_serial_sequence('cqrs.events', 'position')::regclass"
        "   AND seqrelid = 'cqrs.events_position_seq'::regclass"
    ).fetchone()
    assert row == (1, (1 << 48) - 1, False)
