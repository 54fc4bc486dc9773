"""A process that has used the engine and forks then, as gunicorn --preload does.

The child goes on with nothing of its parent's: not its connections, not its threads, not its locks.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from tests.conftest import Database
from tests.support.workers import ROOT, Workers, environment
from worker import get_settings

pytestmark = pytest.mark.usefixtures("things")

WARNINGS = ("-W", "error", "-W", "ignore:This process:DeprecationWarning")
"""From 3.12 on Python advises against forking where there are threads; here that is the point."""
BEGINNING = """
import faulthandler, os, sys, traceback
import psycopg
from concurrent.futures import ThreadPoolExecutor
from tests.support.things.commands import add_thing, bump_thing
from tests.support.things.queries import thing
from worker import get_settings, uuid7
from worker.commands import waking

def use(who, inherited=()):
    '''Every door to a server, many times over: answers that others get would be missed here.'''
    made = uuid7()
    for number in range(20):
        receipt = add_thing.delay(thing_id=uuid7(), price="1.00", note=who).receipt(20)
        assert receipt.succeeded, receipt
        assert add_thing.AsyncResult(str(receipt.command_id)).stored_receipt() == receipt
        assert thing.ask(name=f"{who} {number}").data is None
    with psycopg.connect(get_settings().servers.database) as connection:
        handle = add_thing.enqueue(connection, thing_id=made, price="2.00")
        again = bump_thing.enqueue(connection, thing_id=made, after=[handle])
    assert handle.receipt(20).succeeded and again.receipt(20).succeeded
    for handle in inherited:
        assert handle.receipt(20).succeeded
        assert handle.get(timeout=20)["status"] == "succeeded"

def child(who, inherited):
    '''Fork one that uses everything; its process id.'''
    pid = os.fork()
    if pid == 0:
        faulthandler.dump_traceback_later(40, exit=True)  # it hangs: say where
        code = 1
        try:
            use(who, inherited)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return pid
"""


def run(*parts: str) -> None:
    """Run a program in a process of its own, with this test's settings; it must succeed."""
    done = subprocess.run(
        [sys.executable, *WARNINGS, "-c", "\n".join(map(textwrap.dedent, (BEGINNING, *parts)))],
        env=environment(get_settings()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.slow
@pytest.mark.settings(task_soft_time_limit=30, task_time_limit=40, visibility_timeout=50)
def test_two_children_and_their_parent_use_everything_at_the_same_time(
    database: Database, workers: Workers
) -> None:
    workers.start(["commands", "projections", "reactions"], concurrency=2)
    run(
        """
        use("parent")
        pending = [add_thing.delay(price="3.00") for _ in range(3)]  # waited for by nobody yet
        children = [child(who, pending) for who in ("one", "two")]
        use("parent", pending)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        assert codes == [0, 0], codes
        use("parent")
        """
    )


@pytest.mark.slow
@pytest.mark.settings(task_soft_time_limit=30, task_time_limit=40, visibility_timeout=50)
def test_a_fork_while_other_threads_are_in_the_middle_of_it(
    database: Database, workers: Workers
) -> None:
    """Locks that they hold are never given back in the child; a watched transaction is not its.

    What they make at their first use is made before: that Python's own locks stand around.
    """
    workers.start(["commands"], concurrency=2)
    run(
        """
        open_one = psycopg.connect(get_settings().servers.database)
        add_thing.enqueue(open_one, price="1.00")
        with ThreadPoolExecutor(3) as threads:
            list(threads.map(use, ("once", "each", "first")))
            busy = [threads.submit(use, f"thread {n}") for n in range(3)]
            while not all(one.done() for one in busy):
                pid = child("forked", [])
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            for one in busy:
                one.result()
        open_one.rollback()
        open_one.close()
        """
    )


def test_no_fork_is_heard_of_before_something_is_used(database: Database) -> None:
    run(
        """
        from worker.base import forks
        import worker
        worker.app, worker.ask, worker.Settings
        assert not forks._listening
        use_cache = thing.ask(name="pen")
        assert forks._listening
        """
    )
