"""What importing commands and queries costs: CPU of a whole process, beside the libraries alone.

    python -m bench.imports [--runs 9]     a table; the ratio is what a change here is judged by

Each line is the least of some runs, user and system time together, interpreter and exit included,
with byte code written as an installed package has it. "Libraries alone" imports Celery, SQLAlchemy
and pydantic as any application does that declares an app, a select and a model.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys

from rich.console import Console
from rich.table import Table

BASE = "from celery import Celery; from sqlalchemy import select; from pydantic import BaseModel"
PROGRAMS = {
    "libraries alone": BASE,
    "the face's `command` and `app`": "import worker; worker.command, worker.app",
    "orders: commands, queries": (
        "import models.orders.commands, tasks.orders.commands, tasks.orders.queries"
    ),
    "banking: commands, queries": "import tasks.banking.commands, tasks.banking.queries",
}


def cpu_seconds(program: str) -> float:
    """User and system time of a process that runs this and ends."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure each program, in turns, so that a noisy minute hits all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    runs: int = parser.parse_args().runs
    found: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(runs):
        for name, program in PROGRAMS.items():
            found[name].append(cpu_seconds(program))
    table = Table("import", "CPU, s", "ratio")
    alone = min(found["libraries alone"])
    for name, seconds in found.items():
        table.add_row(name, f"{min(seconds):.3f}", f"{min(seconds) / alone:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
