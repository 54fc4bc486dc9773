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


def begin_deployment(context: Context, name: str) -> Deployment:
    """Open a deployment. Raises DeploymentOpen when there is one already."""
    if not name.strip() or "\0" in name:
        raise InvalidChange([Problem("a deployment needs a name")])
    with context.connection() as connection:
        try:
            begun = connection.execute(
                SQL["begin_deployment"], {"name": name.strip(), "by": context.actor}
            ).fetchone()
        except psycopg.errors.UniqueViolation:
            if (already := open_deployment(connection)) is not None:
                raise DeploymentOpen(already.name, already.begun_at, already.begun_by) from None
            return begin_deployment(context, name)  # it was ended this very moment
        return _of(connection, begun)


def end_deployment(
    context: Context, message: str = "", *, outcome: str = "succeeded"
) -> Deployment:
    """Close the open deployment. Raises NoDeploymentOpen."""
    with context.connection() as connection:
        ended = _end(connection, None, message, outcome)
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


def _end(
    connection: Connection, deployment_id: UUID | None, message: str, outcome: str
) -> Deployment | None:
    """End this deployment (None: whichever is open); None if it is not open."""
    facts = {"id": deployment_id, "message": message.replace("\0", ""), "outcome": outcome}
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
