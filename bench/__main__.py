"""`python -m bench` runs every measurement, one after the other; `python -m bench.<name>` runs one.

The whole takes about half an hour.
"""

from __future__ import annotations

import subprocess
import sys

RUNS = (
    "throughput",
    "latency",
    "fence",
    "catch_up",
    "rebuild",
    "rebuild --commands",
    "orm",
    "decode",
    "dependencies",
    "imports",
)


def main() -> int:
    """Run them all, in processes of their own; 1 if one of them failed."""
    failed = [run for run in RUNS if _ended_with(run) != 0]
    for run in failed:
        print(f"python -m bench.{run} failed", file=sys.stderr)
    return 1 if failed else 0


def _ended_with(run: str) -> int:
    print(f"\n== python -m bench.{run}", flush=True)
    name, *options = run.split()
    return subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
