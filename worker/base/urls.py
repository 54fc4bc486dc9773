"""Servers' addresses: in the spelling that each library wants, and without passwords for people."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from psycopg.conninfo import conninfo_to_dict


def sqlalchemy_url(url: str) -> str:
    """A PostgreSQL URL in SQLAlchemy's spelling, with psycopg 3 as the driver."""
    scheme, _, rest = psycopg_url(url).partition("://")
    before, mark, query = rest.partition("?")
    user, at, where = before.rpartition("@")
    hosts, slash, path = where.partition("/")
    if "," not in hosts:
        return f"{scheme}+psycopg://{rest}"
    names, ports = zip(*map(_host_and_port, hosts.split(",")), strict=True)
    several = f"host={','.join(names)}" + f"&port={','.join(ports)}" * any(ports)
    return f"{scheme}+psycopg://{user}{at}{slash}{path}?{several}" + f"&{query}" * bool(mark)


def psycopg_url(url: str) -> str:
    """A PostgreSQL URL in libpq's spelling.

    Several hosts may stand in it as libpq has them (`h1:p1,h2:p2`), or as SQLAlchemy has them
    (`?host=h1:p1&host=h2:p2`), of which libpq would take the last alone.
    """
    url = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    before, _, query = url.partition("?")
    options = [option.partition("=")[::2] for option in query.split("&")]
    given = [value for name, value in options if name == "host"]
    if len(given) < 2:
        return url
    own = [value for name, value in options if name == "port"]
    hosts, ports = zip(*(_host_and_port(unquote(host)) for host in given), strict=True)
    if not any(ports):
        ports = tuple(own)
    others = [f"{name}={value}" for name, value in options if name not in ("host", "port")]
    several = [f"host={quote(','.join(hosts))}"] + [f"port={','.join(ports)}"] * any(ports)
    return f"{before}?{'&'.join(several + others)}"


def leads_to_several(url: str) -> bool:
    """Whether a URL names several servers without saying which of them is wanted."""
    given = conninfo_to_dict(psycopg_url(url))
    several = "," in str(given.get("host", "")) or "," in str(given.get("hostaddr", ""))
    return several and "target_session_attrs" not in given


def _host_and_port(host: str) -> tuple[str, str]:
    """`h:5432`, `[::1]:5432`, `h`, `::1`, `/a/folder`; the port is "" where there is none."""
    found = re.fullmatch(r"(\[[^]]*\]|[^:/]*)(?::(\d*))?", host)
    return (found[1].strip("[]"), found[2] or "") if found else (host, "")


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
