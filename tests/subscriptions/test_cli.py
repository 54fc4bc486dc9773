"""`cqrs dead-letters` and `cqrs subscriptions`: the same operations, for people and for scripts."""

from __future__ import annotations

import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.things.history import LIST, PLACES, Things
from tests.support.things.projections import mended
from worker.cli import dead_letters as dead_letters_cli
from worker.cli import subscriptions as subscriptions_cli
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.subscriptions import dead_letters


def call(app: typer.Typer, *arguments: str) -> Result:
    """Call a program in this process."""
    return CliRunner().invoke(app, arguments)


def letters(*arguments: str) -> Result:
    return call(dead_letters_cli.app, *arguments)


def subscriptions(*arguments: str) -> Result:
    return call(subscriptions_cli.app, *arguments)


def parsed(result: Result) -> Any:
    """What a program that succeeded printed as JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def letter(things: Things) -> str:
    """The number of a letter with one event parked behind it."""
    things.move(2, "kiel", "nowhere", "ulm")
    things.project()
    return str(dead_letters.find()[0].id)


def test_nothing_dead_is_said_in_words_and_as_empty_lists(things: Things) -> None:
    assert parsed(letters("list", "--json")) == {"events": [], "commands": []}
    assert "no parked events" in letters("list").stdout


@pytest.mark.parametrize("verb", ["list", "retry"])
def test_dead_letters_of_nobody_are_no_good_news(things: Things, verb: str) -> None:
    result = letters(verb, "--subscription", "things.lst")
    assert result.exit_code == 1
    assert "no such subscription; did you mean things.list?" in result.stderr


def test_a_command_that_is_not_dead_is_named_as_what_it_is(things: Things) -> None:
    command_id = uuid7()
    execute([Envelope(command_id, "things.add", {"thing_id": str(uuid7()), "price": "1.00"})])
    for verb in ("show", "retry", "discard"):
        result = letters(verb, str(command_id))
        assert result.exit_code == 1
        assert "it is not dead: its receipt says succeeded" in " ".join(result.stderr.split())


def test_letters_are_listed_with_what_went_wrong(things: Things, letter: str) -> None:
    (event,) = parsed(letters("list", "--json"))["events"]
    assert (event["id"], event["subscription"], event["state"]) == (int(letter), LIST, "open")
    assert "thing-2" in letters("list").stdout
    other = parsed(letters("list", "--json", "--subscription", PLACES))
    assert other == {"events": [], "commands": []}


def test_a_letter_is_shown_with_what_is_parked_behind_it(things: Things, letter: str) -> None:
    shown = parsed(letters("show", letter, "--json"))
    assert [event["data"]["place"] for event in shown["events"]] == ["nowhere", "ulm"]
    assert "ulm" in letters("show", letter).stdout


def test_a_letter_is_retried_by_whom_it_says(things: Things, letter: str) -> None:
    failed = letters("retry", letter, "--by", "ada")
    assert failed.exit_code == 1
    assert "there is no such place" in failed.stderr
    with mended("nowhere"):
        repair = parsed(letters("retry", letter, "--by", "ada", "--json"))
    assert (repair["replayed"], repair["letter"]["closed_by"]) == (2, "ada")
    assert things.tracked() == {2: "kiel nowhere ulm"}


def test_all_letters_of_a_subscription_are_retried_at_once(things: Things, letter: str) -> None:
    failed = letters("retry", "--subscription", LIST)
    assert failed.exit_code == 1
    assert "0 of 1 dead letters repaired" in failed.stdout
    with mended("nowhere"):
        assert "1 of 1 dead letters repaired" in letters("retry", "--subscription", LIST).stdout


def test_a_letter_is_discarded(things: Things, letter: str) -> None:
    assert "1 events replayed" in letters("discard", letter).stdout
    assert things.tracked() == {2: "kiel ulm"}
    (event,) = parsed(letters("list", "--all", "--json"))["events"]
    assert event["state"] == "discarded"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "17"], "no such dead letter (letter 17)"),
        (["discard", "01a1fdcf-e83c-77ce-99f5-25d1036704f4"], "no such dead command"),
        (["show", "seventeen"], "a dead letter's number or a command's id"),
        (["retry"], "name either one dead letter, a --subscription or a --name"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    things: Things, arguments: list[str], said: str
) -> None:
    result = letters(*arguments)
    assert result.exit_code != 0
    assert said in " ".join(result.stderr.replace("│", " ").split())


def test_dead_commands_are_listed_shown_retried_and_discarded(
    things: Things,
) -> None:
    (thing, bump) = (str(uuid7()), uuid7())
    execute([Envelope(uuid7(), "things.add", {"thing_id": thing, "price": "1.00"})])
    run = execute([Envelope(bump, "things.bump", {"thing_id": thing, "mishap": "bug"})])
    assert isinstance(run.outcomes[0], Receipt)
    (listed,) = parsed(letters("list", "--json"))["commands"]
    assert listed["command_id"] == str(bump)
    assert parsed(letters("show", str(bump), "--json"))["payload"]["mishap"] == "bug"
    assert parsed(letters("retry", str(bump), "--by", "ada", "--json"))["closed_by"] == "ada"
    again = letters("discard", str(bump))
    assert again.exit_code == 1
    assert "retried by ada" in again.stderr


def test_a_subscription_is_paused_and_resumed(things: Things) -> None:
    assert parsed(subscriptions("pause", LIST, "--json"))["paused"] is True
    things.move(1, "kiel")
    things.project()
    assert things.tracked() == {}
    assert "goes on" in subscriptions("resume", LIST).stdout
    things.project()
    assert things.tracked() == {1: "kiel"}


def test_an_unsafe_reset_says_what_to_do_instead(things: Things) -> None:
    things.move(1, "kiel", "ulm")
    things.project()
    refused = subscriptions("reset", LIST, "0")
    assert refused.exit_code == 1
    assert "cqrs rebuild" in " ".join(refused.stderr.split())
    assert parsed(subscriptions("reset", LIST, "0", "--force", "--json"))["position"] == 0


def test_batch_sizes_and_partitions_are_set(things: Things) -> None:
    assert parsed(subscriptions("batch-size", LIST, "7", "--json"))["batch_size"] == 7
    assert parsed(subscriptions("batch-size", LIST, "0", "--json"))["batch_size"] is None
    assert parsed(subscriptions("partition", LIST, "3", "--json"))["partitions"] == 3
    refused = subscriptions("partition", PLACES, "3")
    assert "collect from many streams" in " ".join(refused.stderr.split())


def test_subscriptions_are_listed(things: Things, letter: str) -> None:
    listed = {one["name"]: one for one in parsed(subscriptions("list", "--json"))}
    assert listed[LIST]["dead_letters"] == 1
    assert listed[LIST]["position"] == things.last()
    assert LIST in subscriptions("list").stdout


def test_all_of_one_name_are_retried_from_the_command_line(things: Things) -> None:
    told = parsed(letters("retry", "--name", "things.bump", "--json"))
    assert told == {"name": "things.bump", "retried": [], "of_sagas": 0}
    assert "0 dead letters of things.bump wait" in letters("retry", "--name", "things.bump").stdout
    assert letters("retry", "--name", "things.bumb").exit_code == 1
    assert letters("retry", "7", "--name", "things.bump").exit_code == 2
