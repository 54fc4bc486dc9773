"""The site's tests run on Django's test database, with the engine's tables in it."""

from django.test.runner import DiscoverRunner

from worker.testing.django import Migrated


class Runner(Migrated, DiscoverRunner):
    """Django's own, with the engine's migrations."""
