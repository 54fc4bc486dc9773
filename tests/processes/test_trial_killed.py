"""A `plan --try` that is killed in the middle leaves a database that the sweep drops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import psycopg

from tests.conftest import Database
from worker.base.settings import get_settings
from worker.schema.engine import engine_context
from worker.schema.trial.scratch import clean_up
from worker.testing.workers import until

TRYING = """
from worker.schema.engine import engine_context
from worker.schema.trial.scratch import scratch_database

with scratch_database(engine_context()) as scratch, scratch.connect():
    print("made", flush=True)
    input()
"""


def test_the_scratch_database_of_a_killed_trial_is_dropped(database: Database) -> None:
    environment = os.environ | {"CQRS_DATABASE_URL": get_settings().servers.database}
    with subprocess.Popen(
        [sys.executable, "-c", TRYING],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as trying:
        assert trying.stdout is not None
        assert trying.stdout.readline() == "made\n"
        assert not clean_up(engine_context()), "it is under way"
        trying.send_signal(signal.SIGKILL)
    until(lambda: clean_up(engine_context()))
    with psycopg.connect(database.url) as connection:
        left = connection.execute(
            "SELECT FROM pg_database WHERE datname = 'cqrs_try_' ||"
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert left.fetchall() == []
