"""The site's own tests, run by Django's runner."""

import os
import threading

from django.db import connection
from django.test import TestCase, TransactionTestCase
from notes.commands import write_note
from notes.queries import notes_of

from worker import get_settings


class Rolled(TestCase):
    """Never commits."""

    def setUp(self):
        """The threads that there were before."""
        self.threads = threading.active_count()

    def enqueued(self):
        """How many commands wait."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cqrs.enqueued_commands")
            return cursor.fetchone()[0]

    def test_a_command_is_in_the_tests_transaction(self):
        write_note.enqueue(connection, author="test", text="never")
        self.assertEqual(self.enqueued(), 1)
        self.assertEqual(threading.active_count(), self.threads)

    def test_and_gone_with_it(self):
        with self.captureOnCommitCallbacks() as callbacks:
            self.client.get("/add", {"author": "test"})
        self.assertEqual(len(callbacks), 1)
        self.assertEqual(self.enqueued(), 1)

    def test_the_engine_uses_this_database(self):
        name = connection.settings_dict["NAME"]
        self.assertIn(f"/{name}?", get_settings().servers.database)
        self.assertIn(f"/{name}?", os.environ["CQRS_DATABASE_URL"])
        self.assertEqual(notes_of.ask(author="test").data, [])


class Committed(TransactionTestCase):
    """Commits."""

    def test_nothing_is_left_of_a_request_that_fails(self):
        self.client.raise_request_exception = False
        response = self.client.get("/add", {"author": "test", "fail": "1"})
        self.assertEqual(response.status_code, 500)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM cqrs.enqueued_commands")
            self.assertEqual(cursor.fetchone(), (0,))
