"""Where tests keep their files: in memory, where there is some.

A database is copied for every test, some 300 files: on a disk that took twenty times the CPU that
it takes in memory, and most of the suite's time.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED = 4 << 30
"""Bytes that must be free there; a container's 64 MB are not enough."""


def keep_files_in_memory() -> None:
    """Let this process and its children make their temporary files in memory, if it can be used."""
    if "TMPDIR" not in os.environ and _usable():
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _usable() -> bool:
    try:
        of_memory = os.statvfs(MEMORY)
    except OSError:
        return False
    executable = not of_memory.f_flag & getattr(os, "ST_NOEXEC", 0)
    free = of_memory.f_bavail * of_memory.f_frsize
    return executable and os.access(MEMORY, os.W_OK) and free > NEEDED
