"""What exists and who depends on it: asked of PostgreSQL's catalogue and of the registry."""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package's `queries.sql`, by name."""
