"""What the domains declare names what exists: `cqrs map` says what does not, and nobody starts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest

from tests.conftest import Database
from tests.support.domains import REGISTRIES
from tests.support.things import commands as things_commands
from tests.support.things.history import Things
from tests.support.things.models import ThingAdded
from tests.support.things.models import things as table
from worker import (
    Command,
    Event,
    Message,
    Reader,
    Row,
    State,
    StoredEvent,
    Work,
    command,
    event_task,
    invalidation_rule,
    projection,
    query,
    reaction,
    saga,
    send,
    wait,
)
from worker import step as saga_step
from worker.base.errors import BadDeclarations, ServerUnavailable
from worker.base.settings import get_settings, using
from worker.commands.decoding import commands
from worker.event_log.sources import queries
from worker.event_log.subscribers import subscriptions
from worker.ops import declarations, schedule
from worker.ops.celery_app import app, load_everything, load_tasks
from worker.ops.schedule import ScheduleEntry
from worker.reactions.reaction import Then

VIEWS = {"query.thing_totals"}


class Look(Command):
    """Looks at a thing."""

    thing_id: UUID


class Seen(Event):
    """A thing was seen."""

    type: ClassVar[str] = "look.Seen"
    thing_id: UUID


class Note(Message):
    """Says that a thing was seen."""

    thing_id: UUID


@pytest.fixture(autouse=True)
def _own_declarations(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test declares is gone when it ends; what is there is right."""
    load_tasks()
    for registry in REGISTRIES:
        monkeypatch.setattr(registry, "_items", dict(registry._items))
    assert declarations.problems(declarations.known_views()) == []


def look(name: str = "look.look") -> Any:
    """Declare a command."""

    @command(name, Look, needs=lambda c: (), emits=(Seen,))
    def handle(c: Look, state: State, work: Work) -> None:
        """Look."""

    return handle


def a_query_that_reads(*names: str, **more: Any) -> None:
    """Declare a query."""

    @query("look.seen", reads=names, **more)
    def seen(db: Reader, *, author: str = "") -> list[Seen]:
        """What was seen."""
        return []


def a_misspelt_reads() -> str:
    projection("look.list", table)
    a_query_that_reads("look.lst")
    return "no projection is called 'look.lst'; did you mean look.list? (query look.seen)"


def a_misspelt_view_of_a_query() -> str:
    a_query_that_reads(views=["query.thing_totls"])
    return (
        "no materialized view is called 'query.thing_totls'; did you mean query.thing_totals?"
        " (query look.seen)"
    )


def a_misspelt_view_of_a_rule() -> str:
    invalidation_rule("look.rule", on=[Seen], refresh={"query.thing_total": 1})
    return (
        "no materialized view is called 'query.thing_total'; did you mean query.thing_totals?"
        " (rule look.rule)"
    )


def a_misspelt_query_of_a_rule() -> str:
    a_query_that_reads()
    invalidation_rule("look.rule", on=[Seen], affects=["look.sen"])
    return "no query is called 'look.sen'; did you mean look.seen? (rule look.rule)"


def a_group_that_is_no_queue() -> str:
    projection("look.list", table, group="projection")
    return (
        "no queue is called 'projection'; did you mean projections?"
        " (group of subscription look.list)"
    )


def a_misspelt_command_in_a_reaction() -> str:
    answer = reaction("look.answer")

    @answer.on(ThingAdded)
    def _(event: StoredEvent, then: Then) -> None:
        then.run(lok_again, {"thing_id": event.data["thing_id"]})  # type: ignore[name-defined]  # noqa: F821

    globals()["look_again"] = look()
    return "nothing is called 'lok_again'; did you mean look_again? (reaction look.answer)"


def a_misspelt_command_of_a_module_in_a_reaction() -> str:
    answer = reaction("look.answer")

    @answer.on(ThingAdded)
    def _(event: StoredEvent, then: Then) -> None:
        then.run(things_commands.ad_thing, {})  # type: ignore[attr-defined]

    return (
        "nothing in things_commands is called 'ad_thing'; did you mean add_thing?"
        " (reaction look.answer)"
    )


def a_saga_with_a_command_that_no_domain_has() -> str:
    known = look()
    del commands._items["look.look"]
    saga("look.saga", Seen, key="thing_id", steps=[saga_step("one", send(known, lambda s: {}))])
    return "no command is called 'look.look'"


def a_saga_with_a_key_that_is_no_field() -> str:
    steps = [saga_step("one", wait(ThingAdded, key="thing"))]
    saga("look.saga", Seen, key="thing_id", steps=steps)
    return "no field of things.ThingAdded is called 'thing'; did you mean"


def one_name_for_a_command_and_a_task() -> str:
    look("look.note")

    @event_task("look.other", Note)
    def note(message: Note, task_id: UUID) -> None:
        """Note it."""

    note.name = "look.note"  # Celery would only warn, and keep one of them
    return "a command and an event task are both called 'look.note': take another name for one"


def a_name_of_the_engine() -> str:
    projection("cqrs.list", table)
    return "names that begin with cqrs. are the engine's (cqrs.list)"


@pytest.mark.parametrize(
    "misspell",
    [
        a_misspelt_reads,
        a_misspelt_view_of_a_query,
        a_misspelt_view_of_a_rule,
        a_misspelt_query_of_a_rule,
        a_group_that_is_no_queue,
        a_misspelt_command_in_a_reaction,
        a_misspelt_command_of_a_module_in_a_reaction,
        a_saga_with_a_command_that_no_domain_has,
        a_saga_with_a_key_that_is_no_field,
        one_name_for_a_command_and_a_task,
        a_name_of_the_engine,
    ],
)
def test_what_is_misspelt_is_told_with_what_was_meant(misspell: Callable[[], str]) -> None:
    expected = misspell()
    (said,) = declarations.problems(VIEWS | declarations.known_views())
    assert said.startswith(expected)


def test_tags_that_name_what_is_not_there_are_refused_when_declared() -> None:
    with pytest.raises(BadDeclarations, match=r"no column is called 'pric'; did you mean price\?"):
        projection("look.list", table, tags=lambda row: (f"price:{row['pric']}",))
    with pytest.raises(BadDeclarations, match=r"no parameter is called 'autor'; .* author\?"):
        a_query_that_reads(tags=lambda p: (f"author:{p.autor}",))
    assert "look.list" not in subscriptions
    assert "look.seen" not in queries


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"reads": "look.list"}, r"write reads=\('look.list',\)"),
        ({"reads": ("",)}, "takes names"),
        ({"views": "query.sums"}, r"write views=\('query.sums',\)"),
        ({"views": ("sums",)}, "'query.sums'"),
    ],
)
def test_sources_that_cannot_be_names_are_refused_when_declared(
    wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadDeclarations, match=why):
        query("look.seen", **wrong)(seen)


@pytest.mark.parametrize(
    "wrong",
    [
        {"affects": "look.seen"},
        {"refresh": {"sums": 1}},
        {"refresh": {"query.sums": float("nan")}},
        {"refresh": {"query.sums": float("inf")}},
    ],
)
def test_a_rule_that_cannot_be_is_refused_when_declared(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"rule look\.rule"):
        invalidation_rule("look.rule", on=[Seen], **wrong)


def seen(db: Reader) -> list[Seen]:
    """What was seen."""
    return []


def test_a_task_of_the_schedule_that_nobody_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"tidy": ScheduleEntry("cqrs.swep", 60.0, "tidies up")}
    monkeypatch.setattr(schedule, "entries", lambda: entries)
    (said,) = declarations.problems(None)
    assert said == "no task is called 'cqrs.swep'; did you mean cqrs.sweep? (schedule tidy)"


def test_a_module_that_is_almost_called_as_one_of_ours_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it declares would be nowhere, and nobody would say so."""
    package = tmp_path / "almost_a_domain"
    package.mkdir()
    for name in ("__init__", "models", "query_helpers", "queries", "reaction", "migration"):
        (package / f"{name}.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with using(get_settings().model_copy(update={"domains": ("almost_a_domain",)})):
        said = list(declarations._modules())
    assert said == [
        f"no module that is looked for is called {one!r}; did you mean {one}s?"
        " (domain almost_a_domain)"
        for one in ("migration", "reaction")
    ]


def test_two_of_one_name_are_told_in_a_sentence() -> None:
    look()
    with pytest.raises(BadDeclarations, match=r"two of one name \(command look\.look\)"):
        look()


def test_tags_that_cannot_do_without_values_say_nothing() -> None:
    def tags(row: Row) -> list[str]:
        return [row["price"].upper()]

    projection("look.list", table, tags=tags)
    assert declarations.problems(VIEWS | declarations.known_views()) == []


def test_a_view_of_the_database_alone_is_one(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE MATERIALIZED VIEW query.by_hand AS SELECT 1 AS one")
    a_query_that_reads(views=["query.by_hand"])
    declarations.require()
    a_database_that_does_not_answer_holds_nobody_up()


def a_database_that_does_not_answer_holds_nobody_up() -> None:
    with pytest.MonkeyPatch.context() as patch:

        def away() -> set[str]:
            raise ServerUnavailable("PostgreSQL", "nowhere", "away", "")

        patch.setattr(declarations, "_views_of_database", away)
        declarations.require()
        found = declarations.problems(declarations.views_of_files_and_database())
        assert [said.partition("'")[0] for said in found] == ["no materialized view is called "]


# ---------------------------------------------------------------------------- nobody starts
def test_a_worker_ends_with_the_lines_of_the_map() -> None:
    said = a_misspelt_reads()
    with pytest.raises(SystemExit) as ended:
        load_everything(sender=app)
    assert ended.value.code == said
