"""The write path: how a command travels, is decoded, run in a batch, and settled."""

from worker.base.sql import blocks

SQL = blocks(__name__)
"""The statements of this package, by name."""
