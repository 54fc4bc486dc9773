"""A module of the application's that has the engine's name: told of before anything runs it.

`celery -A worker` and `python -m` look in the working folder first. With a `worker.py` there they
run that, and so do the workers and beat that `cqrs up` starts; `cqrs` itself, whose script is
installed elsewhere, does not notice. A folder `worker` without `__init__.py` hides nothing.

Only where the folder stands in PYTHONPATH does `cqrs` end before it is ours to speak: Python says
"No module named 'worker.cli'; 'worker' is not a package".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from worker.base.errors import BadSettings

NAME = __name__.partition(".")[0]
_OURS = Path(__file__).resolve().parents[1]


def refuse(folder: Path) -> None:
    """Raise BadSettings if a module in this folder would be taken for the engine."""
    for file in _candidates(folder):
        if file.is_file() and file.resolve().parent != _OURS:
            raise BadSettings(
                f"{file} has the name of the engine's package: `celery -A {NAME}` looks in the"
                " working folder first and would run it instead of the engine. Rename it, or"
                " start from a folder without it"
            )


def _candidates(folder: Path) -> Iterator[Path]:
    yield folder / NAME / "__init__.py"
    yield folder / f"{NAME}.py"
