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
    """A server's URL without its passwords, for people to read; of several (`;`), each.

    What cannot be told apart is left out: a password with an unquoted `/`, `?` or `@` takes with it
    whatever stands between.
    """
    return ";".join(map(_without_password, url.split(";")))


def _without_password(url: str) -> str:
    scheme, separator, rest = url.rpartition("://") if url.count("://") == 1 else ("", "", url)
    user_info, at, where = rest.rpartition("@")
    if at and _CLEAN.match(rest):
        user_info, at, where = "", "", rest  # the @ stands in an option
    if at:
        user_info = user_info.partition(":")[0]
        user_info = "" if "/" in user_info else user_info
    return scheme + separator + user_info + at + _SECRET_OPTION.sub(r"\1***", where)


_CLEAN = re.compile(r"[^@/?#:]*(:\d*)?(,[^@/?#:]*(:\d*)?)*(/[^@?]*)?(\?.*)?$")
"""Hosts, a path, options: nothing that could be a password before them."""
_SECRET_OPTION = re.compile(r"(\b\w*(?:password|passwd|secret|token)\w*=)[^&\s]*", re.IGNORECASE)
