"""`worker.testing`: what tests of an application stand on runs and fails as the engine does."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from models.banking.events import AccountOpened
from tasks.banking.commands import open_account, transfer_money, withdraw
from tests.conftest import Database
from tests.processes.test_docs import DOCS, Application
from tests.sagas.conftest import Parcels
from tests.sagas.conftest import parcels as parcels
from tests.support.things.commands import add_thing, bump_thing, drop_thing
from tests.support.things.history import Things
from tests.support.things.models import ThingAdded, ThingBumped, thing_id, things
from worker import Event, Refusal, State, Work, acting_as, command, lock
from worker.commands.decoding import commands
from worker.commands.errors import CommandDead, InvalidCommand
from worker.commands.state import Insert, Update
from worker.contracts import Command, uuid7
from worker.embedded import Servers
from worker.subscriptions.projection import Projection
from worker.testing import System, Unsettled, decide

KEY = thing_id(1)
THERE = {things: [{"thing_id": KEY, "n": 98}]}


# ------------------------------------------------------------------------------- without a server
def test_a_handler_decides_on_the_rows_that_it_is_given() -> None:
    decided = decide(bump_thing, thing_id=KEY, by=2, rows=THERE)
    assert decided.refusal is None
    assert decided.events == [ThingBumped(thing_id=KEY, by=2)]
    assert decided.streams == [f"thing-{KEY}"]
    assert decided.changes == [Update(things, UUID(str(KEY)), {"n": 100})]
    assert decided.data == {"n": 100}


def test_a_refusal_is_told_and_nothing_else() -> None:
    decided = decide(bump_thing, thing_id=KEY, by=3, rows=THERE)
    assert isinstance(decided.refusal, Refusal)
    assert str(decided.refusal).startswith("a thing holds no more")
    assert not decided.events
    assert not decided.changes


def test_a_new_row_and_its_event_are_told() -> None:
    decided = decide(add_thing, thing_id=KEY, price=Decimal("2.50"))
    assert [type(event) for event in decided.events] == [ThingAdded]
    assert [type(change) for change in decided.changes] == [Insert]


def test_who_may_not_send_is_refused() -> None:
    with acting_as("user:1"):
        refused = decide(drop_thing, thing_id=KEY, rows=THERE).refusal
    assert "may not send things.drop" in str(refused)
    with acting_as("user:1", roles=["admin"]):
        assert decide(drop_thing, thing_id=KEY, rows=THERE).refusal is None


def test_a_wrong_payload_is_answered_as_delay_answers_it() -> None:
    with pytest.raises(InvalidCommand, match="by:"):
        decide(bump_thing, thing_id=KEY, by="many", rows=THERE)


class Peek(Command):
    """Looks at one thing, or changes it."""

    thing_id: UUID
    change: bool = False


@pytest.fixture
def careless(monkeypatch: pytest.MonkeyPatch) -> object:
    """A command whose handler looks at, and changes, what it does not declare."""
    monkeypatch.setattr(commands, "_items", dict(commands._items))

    @command("testing.peek", Peek, needs=lambda c: (lock(things, uuid7()),))
    def peek(c: Peek, state: State, work: Work) -> bool:
        if c.change:
            work.update(things, c.thing_id, n=1)
        return state.get(things, c.thing_id) is not None

    return peek


def test_a_row_that_was_not_declared_is_not_there(careless: object) -> None:
    decided = decide(careless, thing_id=KEY, rows=THERE)  # type: ignore[arg-type]
    assert decided.data is False
    with pytest.raises(LookupError, match="declares no such row"):
        decide(careless, thing_id=KEY, change=True, rows=THERE)  # type: ignore[arg-type]


def test_an_aggregate_is_folded_from_the_events_that_it_is_given() -> None:
    account = uuid7()
    opened: list[Event] = [
        AccountOpened(account_id=account, owner="Ada", currency="EUR", balance=Decimal("5.00"))
    ]
    history = {f"account-{account}": opened}
    done = decide(withdraw, account_id=account, amount="2.00", history=history)
    assert done.refusal is None
    assert done.events[0].payload()["balance"] == "3.00"
    assert decide(withdraw, account_id=account, amount="6.00", history=history).refusal
    assert decide(withdraw, account_id=account, amount="2.00").refusal


# ------------------------------------------------------------------------------- on the database
@pytest.fixture
def system(database: Database) -> System:
    """The engine with this repository's domains."""
    return System(database.name, database.url)


def test_commands_run_and_a_saga_takes_its_course_in_the_tests_own_process(system: System) -> None:
    ada, bob = uuid7(), uuid7()
    for account, balance in ((ada, "10.00"), (bob, "0.00")):
        assert system.run(
            open_account, account_id=account, owner="x", opening_balance=balance
        ).succeeded

    asked = system.run(transfer_money, from_account_id=ada, to_account_id=bob, amount="4.00")
    system.catch_up()

    assert asked.succeeded
    assert system.events()[-1][0] == "cqrs.SagaCommandSettled"
    assert "banking.TransferCompleted" in [type_ for type_, _ in system.events()]


def test_the_same_id_has_effect_once(system: System) -> None:
    account, again = uuid7(), uuid7()
    both = [
        system.run(open_account, account_id=account, owner="Ada", command_id=again)
        for _ in range(2)
    ]
    assert both[0] == both[1]
    assert len(system.events()) == 1


def test_a_refusal_is_a_receipt_and_a_bug_is_an_error(things: Things) -> None:
    system = System(things.name, things.url)
    assert not system.run(bump_thing, thing_id=KEY, by=1).succeeded
    with pytest.raises(CommandDead, match="KeyError"):
        system.run(bump_thing, thing_id=KEY, by=1, mishap="bug")


def test_a_command_that_waits_for_another_is_waited_for(things: Things) -> None:
    system = System(things.name, things.url)
    with system.connect() as connection, connection.transaction():
        first = uuid7()
        bump_thing.enqueue(connection, thing_id=KEY, by=1, after=[first])
        add_thing.enqueue(connection, thing_id=KEY, price=Decimal("1.00"), command_id=first)
    system.catch_up()
    assert [type_ for type_, _ in system.events()] == ["things.ThingAdded", "things.ThingBumped"]


def test_event_tasks_are_done_here_and_their_errors_are_raised(parcels: Parcels) -> None:
    system = System(parcels.database.name, parcels.database.url)
    parcels.post(letters=2)
    system.catch_up()
    assert len(parcels.letters()) == 2
    parcels.post(letters=1, mishap="fail")
    with pytest.raises(RuntimeError, match="the post office is closed"):
        system.catch_up()


def test_a_fold_that_fails_fails_the_test(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    system = System(things.name, things.url)
    things.append(1, things.added(1))

    def broken(self: Projection, *_: object) -> None:
        raise ZeroDivisionError("a bug of the fold")

    monkeypatch.setattr(Projection, "fold", broken)
    with pytest.raises(Unsettled, match=r"things\.list.*a bug of the fold"):
        system.catch_up()


# ------------------------------------------------------------------------------- as a pytest plugin
PLUGIN = """
pytest_plugins = ["worker.testing.fixtures"]
"""
TESTS = """
import pytest
from notes.commands import write_note
from notes.queries import notes_of
from worker.testing import System, Workers

@pytest.mark.parametrize("n", [1, 2])
def test_every_test_has_a_database_of_its_own(cqrs: System, n: int) -> None:
    assert notes_of.ask(author="ada").data == []
    assert cqrs.run(write_note, author="ada", text="hello").succeeded
    cqrs.catch_up()
    assert [note.text for note in notes_of.ask(author="ada").data] == ["hello"]
    assert not notes_of.ask(author="ada").data == []

@pytest.mark.cqrs(batch_size=7)
def test_settings_are_chosen_by_a_marker(cqrs: System) -> None:
    from worker import get_settings
    assert get_settings().batch_size == 7
    assert get_settings().task_time_limit == 90

def test_a_real_worker_runs_what_is_sent(cqrs: System, cqrs_workers: Workers) -> None:
    cqrs_workers.start(concurrency=1)
    receipt = write_note.delay(author="ada", text="sent").receipt(timeout=30)
    answer = notes_of.ask(author="ada", after=receipt, timeout=30)
    assert [note.text for note in answer.data] == ["sent"]
"""
CHANGED = """
import pytest

@pytest.fixture(scope="session")
def cqrs_settings():
    return {"task_time_limit": 90, "task_soft_time_limit": 80}
"""


def serve_an_application(tmp_path: Path, servers: Servers, named: bool) -> None:
    """The plugin in a project of somebody's; tests/wheel looks."""
    application = Application(tmp_path)
    application.put_page(DOCS / "adding-a-domain.md")
    application.put("tests/conftest.py", PLUGIN + CHANGED)
    # what the plugin has when nobody overrides anything: the tests of a new domain
    application.put("tests/test_notes.py", TESTS)
    for name in [name for name in application.environ if name.startswith("CQRS_")]:
        del application.environ[name]
    if named:
        application.environ["CQRS_DATABASE_URL"] = servers.database_url
    before = databases(servers)

    said = application.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")

    assert "4 passed" in said
    assert databases(servers) == before


def databases(servers: Servers) -> set[str]:
    """The databases of a server."""
    with psycopg.connect(servers.database_url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database")}


def test_the_engine_does_not_need_pytest() -> None:
    code = "import sys; sys.modules['pytest'] = None; import worker.testing; print('fine')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("fine\n", "")
