"""`cqrs changeset`, `cqrs deployment` and `cqrs deps`, on the database of the settings."""

from __future__ import annotations

import typer

from worker.base import migrate
from worker.cli import changesets
from worker.schema.engine import engine_context
from worker.schema.plan.context import Context


def _context() -> Context:
    migrate.require()
    return engine_context()


app = typer.Typer()
changesets.mount(app, _context)
