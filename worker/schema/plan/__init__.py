"""What a change will do, before it does anything."""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package's `queries.sql`, by name."""
