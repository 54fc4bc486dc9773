"""Deployments: a name over the changesets and refreshes that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from worker.base.db import Connection
from worker.schema.catalogue.context import Context
from worker.schema.errors import DeploymentOpen, InvalidChange, NoDeploymentOpen, Problem
from worker.schema.history import SQL


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment, and how many changesets (tracked refreshes included) it holds.

    `outcome` is None while it is open, then "succeeded" or "failed".
    """

    id: UUID
    name: str
    begun_at: datetime
    begun_by: str
    ended_at: datetime | None
    outcome: str | None
    message: str | None
    changesets: int
    failed: int


def begin_deployment(context: Context, name: str, *, command_id: UUID | None = None) -> Deployment:
    """Open a deployment. Raises DeploymentOpen when there is one already.

    `command_id`: of the command that this is done for, if it is; then that is the deployment's id,
    and what the command has opened already is not opened again.
    """
    if not name.strip() or "\0" in name:
        raise InvalidChange([Problem("a deployment needs a name")])
    with context.connection() as connection:
        if command_id and (known := _known(connection, "deployment", command_id)):
            return known
        try:
            facts = {"id": command_id, "name": name.strip(), "by": context.actor}
            begun = connection.execute(SQL["begin_deployment"], facts).fetchone()
        except psycopg.errors.UniqueViolation:
            if (already := open_deployment(connection)) is not None:
                raise DeploymentOpen(already.name, already.begun_at, already.begun_by) from None
            # it was ended this very moment
            return begin_deployment(context, name, command_id=command_id)
        return _of(connection, begun)


def end_deployment(
    context: Context,
    message: str = "",
    *,
    outcome: str = "succeeded",
    command_id: UUID | None = None,
) -> Deployment:
    """Close the open deployment. Raises NoDeploymentOpen. A command closes one alone."""
    with context.connection() as connection:
        if command_id and (known := _known(connection, "ended_deployment", command_id)):
            return known
        ended = _end(connection, None, message, outcome, command_id)
        if ended is None:
            raise NoDeploymentOpen
        return ended


@contextmanager
def deployment(context: Context, name: str, message: str = "") -> Iterator[Deployment]:
    """A deployment around a block; one that raises ends it as failed, with the error as message.

    A block may end it itself, with a message of its own: then that holds.
    """
    begun = begin_deployment(context, name)
    try:
        yield begun
    except BaseException as error:
        with context.connection() as connection:
            _end(connection, begun.id, f"{type(error).__name__}: {error}", "failed")
        raise
    with context.connection() as connection:
        _end(connection, begun.id, message, "succeeded")


def _known(connection: Connection, statement: str, command_id: UUID) -> Deployment | None:
    """What a command did, when it was delivered before."""
    row = connection.execute(SQL[statement], {"command": command_id}).fetchone()
    return Deployment(*row) if row else None


def _end(
    connection: Connection,
    deployment_id: UUID | None,
    message: str,
    outcome: str,
    command_id: UUID | None = None,
) -> Deployment | None:
    """End this deployment (None: whichever is open); None if it is not open."""
    facts = {
        "id": deployment_id,
        "message": message.replace("\0", ""),
        "outcome": outcome,
        "command": command_id,
    }
    ended = connection.execute(SQL["end_deployment"], facts).fetchone()
    return _of(connection, ended) if ended else None


def open_deployment(connection: Connection) -> Deployment | None:
    """The deployment that has not ended, for `cqrs status`; None when all have."""
    return next((it for it in deployments(connection) if it.ended_at is None), None)


def deployments(connection: Connection, limit: int = 50) -> list[Deployment]:
    """The newest deployments, newest first; an open one is always among them."""
    rows = connection.execute(SQL["deployments"], {"limit": limit})
    return [Deployment(*row) for row in rows]


def _of(connection: Connection, row: tuple[object, ...] | None) -> Deployment:
    """The deployment whose id a statement has just returned."""
    return next(it for it in deployments(connection) if row and it.id == row[0])
