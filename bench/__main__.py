"""`python -m bench` runs every measurement, one after the other; `python -m bench.<name>` runs one.

The whole takes about half an hour.
"""

from __future__ import annotations

import subprocess
import sys

NAMES = ("throughput", "fence", "catch_up", "rebuild", "orm", "dependencies")


def main() -> int:
    """Run them all, in processes of their own; 1 if one of them failed."""
    failed = [name for name in NAMES if _run(name) != 0]
    for name in failed:
        print(f"python -m bench.{name} failed", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> int:
    print(f"\n== python -m bench.{name}", flush=True)
    return subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
