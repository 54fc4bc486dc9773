"""Trying a change out before it is made: run for real, on a copy of the schema without its rows."""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package's `queries.sql`, by name."""
