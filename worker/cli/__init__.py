"""`cqrs`, the program: one module for each family of subcommands, `root` hangs them together."""

from worker.cli.root import app, main

__all__ = ["app", "main"]
