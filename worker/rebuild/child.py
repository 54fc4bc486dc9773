"""A process that builds one part: `python -m worker.rebuild.child`, its share as JSON on stdin.

It answers on stdout, a line of JSON each: `[position, events]` after every window, at last `null`,
or what ended it: `{"error": …}`; `{"unfinished": …}` if it may be tried again. What a domain prints
goes to stderr. When its parent goes away, stdin ends, and so does the child, at once: what it had
not committed is gone, and whoever resumes the rebuild begins where the part's position says.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, BinaryIO

import orjson
import psycopg

from worker.base.errors import Transient
from worker.base.registry import load_domains
from worker.base.settings import Settings, install
from worker.rebuild.errors import RebuildUnfinished
from worker.rebuild.part import Share, build
from worker.subscriptions.errors import in_one_line


def main() -> None:
    """Build what the first line of stdin says."""
    answers = _own_stdout()
    order = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    install(Settings(**order["settings"]))
    load_domains()
    try:
        build(Share(**order["share"]), lambda position, events: _say(answers, [position, events]))
        _say(answers, None)
    except RebuildUnfinished as unfinished:
        _say(answers, {"unfinished": unfinished.why})
    except (Transient, psycopg.OperationalError) as error:
        _say(answers, {"unfinished": in_one_line(error)})
    except Exception as error:
        _say(answers, {"error": "; ".join([in_one_line(error), *getattr(error, "__notes__", [])])})


def _own_stdout() -> BinaryIO:
    """What the parent reads, for us alone; everybody else's stdout is stderr from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _say(answers: BinaryIO, what: Any) -> None:
    answers.write(orjson.dumps(what) + b"\n")
    answers.flush()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
