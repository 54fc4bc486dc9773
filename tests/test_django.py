"""Django's connection: commands are enqueued in its transactions, and it says when to wake."""

from __future__ import annotations

import threading
import unittest
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db import DatabaseError, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test import TestCase
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import Database
from tests.support.things.commands import add_thing
from tests.support.workers import until
from tests.test_enqueue import nobody_looks, waiting, woken
from worker import NoTransaction

pytestmark = pytest.mark.usefixtures("things", "redis")

DATABASES: dict[str, dict[str, Any]] = {
    "default": {"ENGINE": "django.db.backends.postgresql"},
    "by_hand": {"ENGINE": "django.db.backends.postgresql", "AUTOCOMMIT": False},
    "file": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}
if not django_settings.configured:
    django_settings.configure(DATABASES=DATABASES, USE_TZ=True)
    apps.populate([])  # `django.setup()` without its way of logging


@pytest.fixture
def django(database: Database) -> Iterator[Any]:
    """Django's default connection, to this test's database."""
    where = conninfo_to_dict(database.url)
    for alias in ("default", "by_hand"):
        at = {"NAME": where["dbname"], "HOST": where["host"], "USER": where["user"]}
        connections.settings[alias].update(at)
    yield connections["default"]
    for alias in connections:
        connections[alias].close()
        del connections[alias]


def test_a_command_is_part_of_what_atomic_commits(django: Any, database: Database) -> None:
    with transaction.atomic():
        with transaction.atomic():
            add_thing.enqueue(django, price=Decimal("1.00"))
            add_thing.enqueue(django, price=Decimal("2.00"))
        assert waiting(database) == []
        assert woken() == []
        assert nobody_looks()
    until(woken, 10, "nobody was woken")

    assert woken() == ["cqrs.drain"]
    assert [payload["price"] for _, payload in waiting(database)] == ["1.00", "2.00"]


def fail_after_enqueueing(django: Any) -> None:
    with transaction.atomic():
        add_thing.enqueue(django, price=Decimal("1.00"))
        raise ZeroDivisionError


def test_what_is_rolled_back_never_was(django: Any, database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_after_enqueueing(django)
    with transaction.atomic(), pytest.raises(ZeroDivisionError):
        fail_after_enqueueing(django)  # to a savepoint
    assert nobody_looks()

    assert waiting(database) == []
    assert woken() == []


def test_the_proxy_is_as_good_as_the_connection(database: Database, django: Any) -> None:
    from django.db import connection

    with transaction.atomic():
        add_thing.enqueue(connection, price=Decimal("1.00"))

    assert len(waiting(database)) == 1


def test_without_atomic_nothing_is_enqueued(database: Database, django: Any) -> None:
    with pytest.raises(NoTransaction, match=r"`with transaction.atomic\(\):`, or ATOMIC_REQUESTS"):
        add_thing.enqueue(django, price=Decimal("1.00"))

    assert waiting(database) == []


def test_transactions_managed_by_hand_are_looked_at(database: Database, django: Any) -> None:
    by_hand = connections["by_hand"]
    add_thing.enqueue(by_hand, price=Decimal("1.00"))
    assert woken() == []
    by_hand.commit()
    until(woken, 10, "nobody was woken")

    assert len(waiting(database)) == 1


def test_errors_are_those_that_django_knows(database: Database, django: Any) -> None:
    with database.connect() as connection:
        connection.execute("DROP TABLE cqrs.enqueued_commands CASCADE")
    with pytest.raises(DatabaseError), transaction.atomic():
        add_thing.enqueue(django, price=Decimal("1.00"))
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(TransactionManagementError, match="until the end of the 'atomic'"):
            add_thing.enqueue(django, price=Decimal("1.00"))


def test_another_database_is_refused_by_name(django: Any) -> None:
    with pytest.raises(TypeError, match="is Django's on sqlite3"), transaction.atomic("file"):
        add_thing.enqueue(connections["file"], price=Decimal("1.00"))


def test_a_test_case_wakes_nobody_unless_it_says_so(django: Any, database: Database) -> None:
    class Case(TestCase):  # type: ignore[misc]  # django has no types
        def test_it(self) -> None:
            add_thing.enqueue(django, price=Decimal("1.00"))
            assert [thread.name for thread in threading.enumerate()] == before
            assert woken() == []
            with self.captureOnCommitCallbacks(execute=True) as callbacks:
                add_thing.enqueue(django, price=Decimal("2.00"))
            assert len(callbacks) == 1
            until(woken, 10, "nobody was woken")

    before = [thread.name for thread in threading.enumerate()]
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)

    assert (result.testsRun, result.errors, result.failures) == (1, [], [])
    assert woken() == ["cqrs.drain"]
    assert waiting(database) == []  # it was rolled back
