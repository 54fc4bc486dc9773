"""Addresses as people read them: no spelling of a password is shown."""

from __future__ import annotations

import pytest

from worker.base.settings import Settings
from worker.base.urls import safe_url


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
