"""What runs here: the table `[tool.cqrs]` of the `pyproject.toml` in the working folder.

    [tool.cqrs]
    domains = ["tasks.orders", "tasks.banking"]   packages, each with commands, projections, …
    schedule = "beat_schedule"                    the module of the schedule table
    cli = ["tasks.demo"]                          modules that add commands to `cqrs`

The engine knows no domain and no application: this table names them, `CQRS_DOMAINS` before it. The
folder of the file is put on Python's path, as `celery -A` does with the working folder. Without a
file, or without the table, nothing runs here but the engine.
"""

from __future__ import annotations

import sys
import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from worker.base.errors import BadSettings

FILE = "pyproject.toml"
NO_DOMAINS = (
    "no domain runs here: name packages in CQRS_DOMAINS, or in `[tool.cqrs] domains` of the"
    f" {FILE} in the working folder"
)


class Project(BaseModel):
    """The application around the engine, by the names of its modules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domains: tuple[str, ...] = ()
    schedule: str | None = None
    cli: tuple[str, ...] = ()


def project() -> Project:
    """What the working folder's file says. Raises BadSettings, naming each wrong entry."""
    return _read(Path.cwd())


@cache
def _read(folder: Path) -> Project:
    file = folder / FILE
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("cqrs")
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return Project()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} is no TOML file: {error}") from None
    if table is None:
        return Project()
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return Project.model_validate(table)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadSettings(f"[tool.cqrs] in {file}: {wrong}") from None
