"""Addresses as people read them: no spelling of a password is shown."""

from __future__ import annotations

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from worker.base.settings import Settings
from worker.base.urls import leads_to_several, psycopg_url, safe_url, sqlalchemy_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:secret@h:5432/db", "postgresql://u@h:5432/db"),
        ("postgresql://u:se@cret@h/db", "postgresql://u@h/db"),
        ("postgresql://u:secret/secret@h/db", "postgresql://u@h/db"),
        ("postgresql://u:secret?secret@h/db", "postgresql://u@h/db"),
        ("postgresql://u:secret#secret@h/db", "postgresql://u@h/db"),
        ("postgresql://u:secret@h1:1,h2:2/db", "postgresql://u@h1:1,h2:2/db"),
        (
            "postgresql:///db?host=/tmp/x&password=secret",
            "postgresql:///db?host=/tmp/x&password=***",
        ),
        ("postgresql://h/db?sslpassword=secret&a=b", "postgresql://h/db?sslpassword=***&a=b"),
        ("postgresql://h/db?application_name=a@b", "postgresql://h/db?application_name=a@b"),
        ("redis://:secret@h:6379/0", "redis://@h:6379/0"),
        ("redis://h:6379/0?password=secret", "redis://h:6379/0?password=***"),
        ("redis://:1234@h/0", "redis://@h/0"),
        ("rediss://u:secret@[::1]:6379/0", "rediss://u@[::1]:6379/0"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("sentinel://:secret@a:1;sentinel://:secret@b:2", "sentinel://@a:1;sentinel://@b:2"),
        ("amqp://u:secret@h//", "amqp://u@h//"),
        ("u:secret@h:6379", "u@h:6379"),
        ("redis://h/0", "redis://h/0"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert safe_url(url) == shown


def test_a_copy_of_the_settings_leads_where_it_says() -> None:
    settings = Settings(database_url="postgresql://ada@here/shop")
    assert settings.servers.database == "postgresql://ada@here/shop"
    copied = settings.model_copy(update={"database_url": "postgresql://bob@there/shop"})
    assert copied.servers.database == "postgresql://bob@there/shop"
    assert settings.servers.database == "postgresql://ada@here/shop"


SEVERAL = [
    "postgresql://u:p@h1:1,h2:2/db",
    "postgresql+psycopg://u:p@/db?host=h1:1&host=h2:2",
    "postgres://u:p@/db?host=h1&host=h2&port=1&port=2",
    "postgresql://u:p@/db?host=h1,h2&port=1,2",
]


@pytest.mark.parametrize("url", SEVERAL)
def test_several_hosts_are_one_address_in_every_spelling(url: str) -> None:
    wanted = {"user": "u", "password": "p", "dbname": "db", "host": "h1,h2", "port": "1,2"}
    assert conninfo_to_dict(psycopg_url(url)) == wanted
    assert leads_to_several(url)
    dialect = make_url(sqlalchemy_url(url)).get_dialect()()
    ((), parts) = dialect.create_connect_args(make_url(sqlalchemy_url(url)))
    assert {name: parts[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://u@/db?host=[::1]:1&host=::2", "::1,::2", "1,"),
        ("postgresql://u@/db?host=/run/a&host=/run/b", "/run/a,/run/b", None),
        ("postgresql://u@/db?host=/run/a&port=7", "/run/a", "7"),
        ("postgresql://u@h1,h2:2/db", "h1,h2", ",2"),
    ],
)
def test_hosts_keep_their_ports_and_folders_are_no_ports(
    url: str, host: str, port: str | None
) -> None:
    given = conninfo_to_dict(psycopg_url(url))
    assert (given["host"], given.get("port")) == (host, port)


def test_who_says_which_server_is_wanted_is_taken_at_his_word() -> None:
    assert not leads_to_several("postgresql://h1,h2/db?target_session_attrs=read-write")
    assert not leads_to_several("postgresql://h1/db")
