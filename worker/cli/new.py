"""`cqrs new DOMAIN`: a domain as small as one can be, which passes lint, types and its tests.

    name ─▶ may it be? ─▶ where does it go? ─▶ is any file there already? ─▶ written, file by file
             │ no           │ not importable     │ yes
             └──────────────┴────────────────────┴─▶ a sentence, and nothing is written

The files are those of `worker/cli/templates/domain_name`, a domain of that name, with another name
in its place. Then the line `[tool.cqrs] domains` gets it; where the file is written in a way that
we cannot change and be sure, it is left as it is and the line is told.
"""

from __future__ import annotations

import keyword
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.base.errors import Permanent
from worker.base.project import FILE, project
from worker.base.settings import get_settings
from worker.cli.console import explained, out

TEMPLATES = Path(__file__).with_name("templates")
PLACEHOLDER = "domain_name"
LONGEST = 24
"""Letters of a name: tables, triggers and lines of code are named with it."""
ENGINES_OWN = frozenset({"cqrs", "schema", "worker", PLACEHOLDER})

app = typer.Typer()


class CannotMakeDomain(Permanent):
    """A domain of this name cannot be written there; nothing was."""

    def __init__(self, why: str, domain: str) -> None:
        super().__init__(f"{why} (domain {domain})")
        self.why, self.domain = why, domain


@app.command("new")
@explained
def new(
    domain: Annotated[str, typer.Argument(help="Its name: a Python package, small letters.")],
    into: Annotated[
        Path, typer.Option(help="The folder that it is to lie in; default: the working folder.")
    ] = Path(),
) -> None:
    """Write a new domain: a command, a read model, a query, a migration and their tests."""
    _check_name(domain)
    package = _package(domain, into)
    _check_free(domain, package, into / domain)
    files = rendered(domain, package)
    write(into, files)
    added = name_domain(Path.cwd() / FILE, package)
    for name in files:
        out.print(str(into / name), markup=False, highlight=False, soft_wrap=True)
    lines = sum(len(text.splitlines()) for text in files.values())
    out.print(f"{len(files)} files, {lines} lines", highlight=False)
    _say_what_is_next(domain, package, added)


def rendered(domain: str, package: str) -> dict[str, str]:
    """The files of a new domain, by their path beside one another."""
    return {
        name.replace(PLACEHOLDER, domain): _named(text, domain, package)
        for name, text in _templates()
    }


def _templates() -> Iterator[tuple[str, str]]:
    for file in sorted((TEMPLATES / PLACEHOLDER).rglob("*.py")):
        yield file.relative_to(TEMPLATES).as_posix(), file.read_text(encoding="utf-8")


def _named(text: str, domain: str, package: str) -> str:
    text = re.sub(rf"^from {PLACEHOLDER}\b", f"from {package}", text, flags=re.MULTILINE)
    return text.replace(PLACEHOLDER, domain)


def write(into: Path, files: Mapping[str, str]) -> None:
    """Write files of which none is there. Raises FileExistsError for one that is."""
    for name, text in files.items():
        file = into / name
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new_file:
            new_file.write(text)


def _check_name(domain: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", domain) or keyword.iskeyword(domain):
        why = "a domain is named like a Python package: small letters, digits, _, no keyword"
        raise CannotMakeDomain(why, domain)
    if len(domain) > LONGEST:
        raise CannotMakeDomain(f"a domain's name has at most {LONGEST} letters", domain)
    if domain in ENGINES_OWN:
        raise CannotMakeDomain("this name is the engine's own, take another", domain)


def _package(domain: str, into: Path) -> str:
    """The name under which Python will find it."""
    folder, here = into.resolve(), Path.cwd()
    if folder != here and str(folder) in map(_resolved, sys.path):
        return domain
    if not folder.is_relative_to(here):
        why = f"{into} is neither below the working folder nor on Python's path"
        raise CannotMakeDomain(f"{why}: nobody could import it from there", domain)
    steps = [folder, *folder.parents][: len(folder.relative_to(here).parts)]
    for step in steps:
        if not (step / "__init__.py").exists():
            why = f"{step} is no package: put an empty __init__.py there"
            raise CannotMakeDomain(f"{why}, or put the folder on Python's path", domain)
    return ".".join([*folder.relative_to(here).parts, domain])


def _resolved(path: str) -> str:
    return str(Path(path).resolve())


def _check_free(domain: str, package: str, folder: Path) -> None:
    """Refuse a name that means something already: a file, a module, the label of a domain."""
    if folder.exists() or folder.is_symlink():
        raise CannotMakeDomain(f"{folder} is there already, and nothing is overwritten", domain)
    for name in get_settings().domains:
        if name.rpartition(".")[2] == domain:
            raise CannotMakeDomain(f"there is a domain of this name: {name}", domain)
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        spec = find_spec(package)
    except ModuleNotFoundError:
        spec = None
    if spec is not None:
        where = spec.origin or ", ".join(spec.submodule_search_locations or ())
        why = f"`import {package}` means something else already: {where}"
        raise CannotMakeDomain(why, domain)


def name_domain(file: Path, package: str) -> bool:
    """Add a package to the `domains` of a project's file; False where that is left to people."""
    try:
        before = file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        before = ""
    ends = "\r\n" if "\r\n" in before else "\n"
    wanted = [*project().domains, package]
    changed = _with_domains(before.replace("\r\n", "\n"), package)
    if _domains(changed) != wanted:
        return False
    file.write_bytes(changed.replace("\n", ends).encode("utf-8"))
    return True


_TABLE = re.compile(r"^\[tool\.cqrs\][^\n]*\n(?:(?!\[)[^\n]*\n)*", re.MULTILINE)
_LIST = re.compile(r"^(domains = \[)([^\]#]*)\]", re.MULTILINE)


def _with_domains(text: str, package: str) -> str:
    """The text of a project's file with another domain, if it is written in the usual way."""
    line = f'domains = ["{package}"]\n'
    text = f"{text.rstrip()}\n" if text.strip() else ""
    if (table := _TABLE.search(text)) is None:
        return f"{text}\n[tool.cqrs]\n{line}".lstrip()
    if (found := _LIST.search(text, table.start(), table.end())) is None:
        head = text.index("\n", table.start()) + 1
        return f"{text[:head]}{line}{text[head:]}"
    listed = found[2].rstrip()
    between = "\n    " if "\n" in found[2] else " "
    comma = "" if not listed.strip() else between if listed.endswith(",") else f",{between}"
    after = found[2][len(listed) :]
    return f'{text[: found.start(2)]}{listed}{comma}"{package}"{after}{text[found.end(2) :]}'


def _domains(text: str) -> list[str] | None:
    try:
        table: Any = tomllib.loads(text)["tool"]["cqrs"]["domains"]
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return None
    return list(table)


def _say_what_is_next(domain: str, package: str, added: bool) -> None:
    if added:
        told = f"{package} is named in `[tool.cqrs] domains` of {FILE}"
    else:
        told = f"add {package} to `[tool.cqrs] domains` in {FILE}"
    if "domains" in get_settings().model_fields_set:
        told += ", and to CQRS_DOMAINS, which goes before it"
    tests = package.replace(".", "/") + "/tests"
    first = "" if find_spec("pytest") else "pip install pytest, then "
    for line in (told, f"next: {first}pytest {tests}, then cqrs up"):
        out.print(line, markup=False, highlight=False, soft_wrap=True)
