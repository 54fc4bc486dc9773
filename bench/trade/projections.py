"""The read model that catches up and is rebuilt."""

from bench.catch_up import orders

__all__ = ["orders"]
