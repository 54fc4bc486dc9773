"""Django's tests: the engine and its domains in the database that Django makes for them.

    class Runner(Migrated, DiscoverRunner): ...          TEST_RUNNER = "shop.tests.Runner"

    @pytest.fixture(scope="session")                     pytest-django
    def django_db_setup(django_db_setup, django_db_blocker):
        with django_db_blocker.unblock(), migrated_database():
            yield

Django makes the test database as the user of its settings, who needs CREATEDB. What is ours comes
in as that user too, by the same migrations as everywhere, and CREATEROLE is not needed: the group
roles are the cluster's, made once and granted to him once. Where they are not, MissingRoles has the
statements to run.

    Django makes test_shop ─▶ its migrations ─▶ ours ─▶ its copies for `--parallel` ─▶ the tests
                                                 └ CQRS_DATABASE_URL leads there, to its copy in
                                                   each process, and back where it led at the end

Redis is what the settings name: give the tests a database number of their own. A `TestCase` never
commits, so what it enqueues wakes nobody and runs nowhere; `captureOnCommitCallbacks(execute=True)`
wakes the workers, and a `TransactionTestCase` commits.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate
from django.test import runner

from worker.base import db, migrate, settings, wake_ups
from worker.base.registry import load_domains
from worker.base.settings import PREFIX, Settings, get_settings

VARIABLE = f"{PREFIX}DATABASE_URL"


@contextmanager
def migrated_database(alias: str = DEFAULT_DB_ALIAS) -> Iterator[Settings]:
    """Migrate the test database of this connection, and have the engine use it until the end.

    Raises MissingRoles.
    """
    with pointed_at(alias) as chosen:
        load_domains()
        migrate.upgrade()
        db.close()  # Django copies no database that somebody is connected to
        yield chosen


@contextmanager
def pointed_at(alias: str = DEFAULT_DB_ALIAS) -> Iterator[Settings]:
    """Have the engine use the database of this connection, here and in processes started here."""
    url = url_of(connections[alias].settings_dict)
    chosen = settings.changed(get_settings(), database_url=url, query_database_url=None)
    before = os.environ.get(VARIABLE)
    db.close()
    try:
        os.environ[VARIABLE] = url
        with settings.using(chosen):
            yield chosen
    finally:
        db.close()  # or Django could not drop it
        wake_ups.forget()
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before


def url_of(database: Mapping[str, Any]) -> str:
    """The address of an entry of `DATABASES`, libpq's options with it."""
    options = {
        "host": database.get("HOST"),
        "port": database.get("PORT"),
        "password": database.get("PASSWORD"),
        **{name: value for name, value in database.get("OPTIONS", {}).items() if name in _LIBPQ},
    }
    named = {name: str(value) for name, value in options.items() if value}
    given = urlencode(named, quote_via=quote)
    user, name = (quote(str(database.get(part) or ""), safe="") for part in ("USER", "NAME"))
    return f"postgresql://{user}@/{name}?{given}" if user else f"postgresql:///{name}?{given}"


_LIBPQ = frozenset({"service", "passfile", "sslmode", "sslrootcert", "sslcert", "sslkey"})


class _Process(ExitStack):
    """What holds until this process ends: where a copy of the test database is in use."""

    alias = DEFAULT_DB_ALIAS


_for_good = _Process()
_UID = "cqrs"


class Migrated:
    """Before `DiscoverRunner`: migrates the test database, and the engine uses it.

    `cqrs_alias` names Django's connection, if it is not the default one.
    """

    cqrs_alias = DEFAULT_DB_ALIAS
    parallel_test_suite: Any
    _migrated = False

    def setup_databases(self, **options: Any) -> Any:
        """Django's test databases, with ours in them."""
        self._cqrs = ExitStack()
        post_migrate.connect(self._migrate, dispatch_uid=_UID)
        try:
            made = super().setup_databases(**options)  # type: ignore[misc]  # DiscoverRunner's
        finally:
            post_migrate.disconnect(dispatch_uid=_UID)
        self._migrate(using=self.cqrs_alias)  # a project without migrations of its own
        return made

    def teardown_databases(self, old_config: Any, **options: Any) -> None:
        """Lead the engine back, then let Django drop them."""
        self._cqrs.close()
        super().teardown_databases(old_config, **options)  # type: ignore[misc]

    def _migrate(self, using: str, **_: Any) -> None:
        """Once, after Django's own migrations: before it makes copies for parallel processes."""
        if using == self.cqrs_alias and not self._migrated:
            self._migrated = True
            self._cqrs.enter_context(migrated_database(using))
            _for_good.alias = using


def _use_copy(*arguments: Any, **options: Any) -> None:
    """In a process of `--parallel`: its copy of the test database."""
    runner._init_worker(*arguments, **options)
    _for_good.enter_context(pointed_at(_for_good.alias))


class _ParallelTestSuite(runner.ParallelTestSuite):  # type: ignore[misc]  # django has no types
    init_worker = _use_copy


Migrated.parallel_test_suite = _ParallelTestSuite
