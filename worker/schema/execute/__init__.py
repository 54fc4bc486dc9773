"""Executing a changeset, and taking it back."""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package's `queries.sql`, by name."""
