"""What runs here: the table `[tool.cqrs]` of the `pyproject.toml` in the working folder.

    [tool.cqrs]
    domains = ["tasks.orders", "tasks.banking"]   packages, each with commands, projections, …
    schedule = "beat_schedule"                    the module of the schedule table

    [tool.cqrs.cli]                               more subcommands of `cqrs`: modules with an `app`
    demo = { module = "tasks.demo", help = "…" }  or shorter: demo = "tasks.demo"

The engine knows no domain and no application: this table names them, `CQRS_DOMAINS` before it. The
folder of the file is put on Python's path, as `celery -A` does with the working folder. Without a
file, or without the table, nothing runs here but the engine.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.base.errors import BadSettings, did_you_mean

FILE = "pyproject.toml"
NO_DOMAINS = (
    "no domain runs here: name packages in CQRS_DOMAINS, or in `[tool.cqrs] domains` of the"
    f" {FILE} in the working folder"
)


def no_domains() -> str:
    """Says that no domain runs here; and where one would, for whoever started too deep."""
    above = (folder for folder in Path.cwd().parents if _read_table(folder / FILE) is not None)
    where = next(above, None)
    return f"{NO_DOMAINS}; there is one in {where}: start there" if where else NO_DOMAINS


class Subcommand(BaseModel):
    """A subcommand of `cqrs`: the module that has it, and its line in `cqrs --help`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    module: str
    help: str = ""

    @model_validator(mode="before")
    @classmethod
    def _by_its_module(cls, value: object) -> object:
        return {"module": value} if isinstance(value, str) else value


class Project(BaseModel):
    """The application around the engine, by the names of its modules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domains: tuple[str, ...] = ()
    schedule: str | None = None
    cli: Mapping[str, Subcommand] = Field(default_factory=dict)


def project() -> Project:
    """What the working folder's file says. Raises BadSettings, naming each wrong entry."""
    try:
        return _read(Path.cwd())
    except FileNotFoundError:
        raise BadSettings("the working folder has been deleted: start from another one") from None


@cache
def _read(folder: Path) -> Project:
    file = folder / FILE
    try:
        table = _table(file)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return Project()
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file} is no TOML file: {error}") from None
    if table is None:
        return Project()
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        return Project.model_validate(table)
    except ValidationError as error:
        wrong = "; ".join(map(_sentence, error.errors()))
        raise BadSettings(f"[tool.cqrs] in {file}: {wrong}") from None


def _table(file: Path) -> Any:
    tool = tomllib.loads(file.read_text(encoding="utf-8")).get("tool")
    return tool.get("cqrs") if isinstance(tool, dict) else tool


def _read_table(file: Path) -> Any:
    """The table of a file that is none of our business, or None if it cannot be read."""
    try:
        return _table(file)
    except (OSError, ValueError):
        return None


def import_named(module: str, named_by: str) -> ModuleType:
    """A module that somebody has named; `named_by` says where, for people.

    Raises BadSettings if there is none of this name.
    """
    if not all(part.isidentifier() for part in module.split(".")):
        raise BadSettings(f"no name of a module: {module!r} ({named_by})")
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise BadSettings(f"no such module: {module} ({named_by}){_advice(module)}") from None


def _advice(module: str) -> str:
    package, _, _ = module.rpartition(".")
    try:
        places = getattr(import_module(package), "__path__", ()) if package else (".",)
    except ModuleNotFoundError:
        return _advice(package)
    names = [f"{package}.{part.name}".lstrip(".") for part in iter_modules(places)]
    here = f"it must be importable, such as from the working folder ({Path.cwd()})"
    return did_you_mean(module, names, here)


def _sentence(problem: Mapping[str, Any]) -> str:
    """What is wrong with an entry, and what to do about it."""
    key = ".".join(map(str, problem["loc"]))
    if problem["type"] != "extra_forbidden":
        return f"{key}: {problem['msg']} (is {problem['input']!r})" if key else str(problem["msg"])
    known = Subcommand.model_fields if problem["loc"][0] == "cli" else Project.model_fields
    hint = did_you_mean(problem["loc"][-1], known, f"there are {', '.join(known)}")
    return f"{key}: no such key{hint}"
