"""A process that builds one part: `python -m worker.rebuild.child`, its share as JSON on stdin.

It answers on stdout, a line of JSON each: `[position, events]` after every window, at last `null`,
or what ended it: `{"error": …}`, `{"unfinished": …}`. When its parent goes away, stdin ends, and so
does the child, at once: what it had not committed is gone, and whoever resumes the rebuild begins
where the part's position says.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import orjson

from worker.rebuild.errors import RebuildUnfinished
from worker.rebuild.part import Share, build
from worker.registry import load_domains
from worker.running.sieve import in_one_line
from worker.settings import Settings, install


def main() -> None:
    """Build what the first line of stdin says."""
    order = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    install(Settings(**order["settings"]))
    load_domains()
    try:
        build(Share(**order["share"]), lambda position, events: _say([position, events]))
        _say(None)
    except RebuildUnfinished as unfinished:
        _say({"unfinished": unfinished.why})
    except Exception as error:
        _say({"error": "; ".join([in_one_line(error), *getattr(error, "__notes__", [])])})


def _say(what: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(what) + b"\n")
    sys.stdout.buffer.flush()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
