"""A deployment groups what belongs together; one is open at a time."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from worker.schema import (
    Context,
    begin_deployment,
    deployment,
    deployments,
    end_deployment,
    history,
    open_deployment,
    refresh_query_side,
    track_change,
)
from worker.schema.errors import ChangeFailed, DeploymentOpen, InvalidChange, NoDeploymentOpen

Connection = psycopg.Connection[Any]


def test_changesets_and_refreshes_belong_to_the_deployment_that_is_open(
    context: Context, db: Connection
) -> None:
    begin_deployment(context, "Orders go live")
    track_change(
        context,
        ["CREATE TABLE command.t (id int)"],
        ["CREATE MATERIALIZED VIEW query.m AS SELECT count(*) FROM command.t"],
        "Add",
        "1.0.0",
    )
    refresh_query_side(context, "query.m")
    ended = end_deployment(context, "All well")
    track_change(context, ["CREATE TABLE command.u (id int)"], [], "Later", "1.1.0")
    assert (ended.changesets, ended.failed, ended.outcome) == (2, 0, "succeeded")
    assert ended.message == "All well"
    assert [(line.kind, line.deployment) for line in history(db)] == [
        ("change", None),
        ("refresh", "Orders go live"),
        ("change", "Orders go live"),
    ]


def test_a_second_deployment_is_refused_while_one_is_open(context: Context) -> None:
    begin_deployment(context, "First")
    with pytest.raises(DeploymentOpen, match=r"'First', begun .* by tester"):
        begin_deployment(context, "Second")
    end_deployment(context)
    assert begin_deployment(context, "Second").name == "Second"


def test_ending_without_beginning_is_refused(context: Context) -> None:
    with pytest.raises(NoDeploymentOpen, match="cqrs deployment begin"):
        end_deployment(context, "Nothing")


@pytest.mark.parametrize("name", ["", "  ", "a\0b"])
def test_a_deployment_needs_a_name(context: Context, name: str) -> None:
    with pytest.raises(InvalidChange, match="needs a name"):
        begin_deployment(context, name)


def test_one_that_never_ended_is_found(context: Context, db: Connection) -> None:
    assert open_deployment(db) is None
    begin_deployment(context, "Forgotten")
    found = open_deployment(db)
    assert found is not None
    assert (found.name, found.ended_at) == ("Forgotten", None)


def test_a_block_that_raises_ends_its_deployment_as_failed(
    context: Context, db: Connection
) -> None:
    with pytest.raises(ChangeFailed), deployment(context, "Breaks"):
        track_change(context, ["SELECT 1 / 0"], [], "Fails", "1.0.0")
    (ended,) = deployments(db)
    assert (ended.outcome, ended.failed) == ("failed", 1)
    assert ended.message is not None
    assert "division by zero" in ended.message


def test_deployments_are_listed_newest_first_and_the_open_one_on_top(
    context: Context, db: Connection
) -> None:
    for name in ("a", "b"):
        with deployment(context, name):
            pass
    begin_deployment(context, "c")
    assert [each.name for each in deployments(db)] == ["c", "b", "a"]


def test_a_block_may_end_its_deployment_itself(context: Context, db: Connection) -> None:
    with deployment(context, "Own words", "unused"):
        end_deployment(context, "Done early")
        begin_deployment(context, "Somebody else's")
    ours, theirs = sorted(deployments(db), key=lambda each: each.begun_at)
    assert (ours.message, ours.outcome) == ("Done early", "succeeded")
    assert (theirs.name, theirs.ended_at) == ("Somebody else's", None)


def test_the_error_of_a_block_is_not_hidden_by_a_deployment_that_ended(context: Context) -> None:
    def end_and_break() -> float:
        end_deployment(context, "Done")
        return 1 / 0

    with pytest.raises(ZeroDivisionError), deployment(context, "Breaks"):
        end_and_break()
