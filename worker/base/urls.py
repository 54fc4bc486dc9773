"""Servers' addresses: in the spelling that each library wants, and without passwords for people."""

from __future__ import annotations

import re


def sqlalchemy_url(url: str) -> str:
    """A PostgreSQL URL in SQLAlchemy's spelling, with psycopg 3 as the driver."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", url)


def psycopg_url(url: str) -> str:
    """A PostgreSQL URL in libpq's spelling."""
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)


def safe_url(url: str) -> str:
    """A server's URL without its password, for people to read."""
    without = re.sub(r"(://[^:/@]*):[^@]*@", r"\1@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", without)
