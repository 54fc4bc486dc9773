"""`cqrs new`: what it writes is right as it is, and where it must not write, it says why."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.processes.test_project import bare_environment, run
from tests.support.host_project import build_wheel
from tests.support.workers import ROOT
from worker.base import project, settings
from worker.cli.new import LONGEST, PLACEHOLDER, TEMPLATES, rendered
from worker.cli.root import app

PROGRAMS = Path(sys.executable).parent


New = Callable[..., Result]


@pytest.fixture
def new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> New:
    """`cqrs new` in a folder that holds nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run_new(*arguments: str, **environ: str) -> Result:
        project._read.cache_clear()
        with settings.using(settings.read_settings(environ)):
            return CliRunner().invoke(app, ["new", *arguments])

    return run_new


def made(done: Result) -> str:
    """What it says when it has written a domain."""
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(done: Result, folder: Path, *there: str) -> str:
    """What it says no with; nothing but what was there is in the folder."""
    assert done.exit_code == 1, done.output
    assert sorted(file.name for file in folder.rglob("*")) == sorted(there)
    return " ".join(done.stderr.split())


def checked(folder: Path, *command: str) -> str:
    """Run one of this environment's programs in a folder; it must succeed."""
    done = subprocess.run(
        [str(PROGRAMS / command[0]), *command[1:]],
        cwd=folder,
        env=bare_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python in which the engine is installed from its wheel, and what we have is installed too.

    mypy reads types of what is installed, and not of what is only linked to.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=True)
    (packages,) = home.glob("lib/*/site-packages")
    ours = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (packages / "ours.pth").write_text(f"{ours}\n")
    pip = ["-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(packages)]
    subprocess.run([sys.executable, *pip, str(build_wheel())], check=True, capture_output=True)
    return home / "bin" / "python"


@pytest.mark.parametrize("name", ["shop", "a", "l" * LONGEST], ids=["usual", "short", "long"])
def test_a_new_domain_is_linted_and_set_as_ruff_and_as_we_have_it(
    tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    python(Path(sys.executable), folder, "-m", "worker.cli", "new", name)
    ours = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rules = ours[ours.index("[tool.ruff]") : ours.index("[tool.mypy]")].replace("tool.ruff", "")
    config = tmp_path / "ruff.toml"
    config.write_text(re.sub(r"^\[\.?(.*)\]$", _table, rules, flags=re.MULTILINE))
    for how in (["--isolated"], ["--config", str(config)]):
        checked(folder, "ruff", "check", *how)
        checked(folder, "ruff", "format", "--check", *how)


def pass_types_and_tests(tmp_path: Path, installed: Path, into: str) -> None:
    """A new domain of an installed engine passes both; tests/wheel looks."""
    package = tmp_path / into
    package.mkdir(parents=True, exist_ok=True)
    for step in (package, *package.parents):
        if step != tmp_path and step.is_relative_to(tmp_path):
            (step / "__init__.py").touch()

    python(
        installed, tmp_path, "-m", "worker.cli", "new", "shop", *(["--into", into] if into else [])
    )

    cache = installed.parents[1] / "mypy"
    arguments = ("--strict", f"--python-executable={installed}", f"--cache-dir={cache}", ".")
    assert checked(tmp_path, "mypy", *arguments).startswith("Success: no issues found in ")
    assert "2 passed" in python(installed, tmp_path, "-m", "pytest", "-q")


def python(program: Path, folder: Path, *arguments: str) -> str:
    """Run a Python in a folder; it must succeed."""
    done = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env=bare_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _table(header: re.Match[str]) -> str:
    """A table of ours as a file of ruff's own has it; its top has no header."""
    return f"[{header[1]}]" if header[1] else ""


def test_it_says_what_it_wrote_and_what_comes_next(tmp_path: Path, new: New) -> None:
    said = made(new("shop"))
    files = sorted(file for file in tmp_path.rglob("*") if file.suffix == ".py")
    lines = sum(len(file.read_text().splitlines()) for file in files)
    assert f"{len(files)} files, {lines} lines" in said
    assert "shop is named in `[tool.cqrs] domains` of pyproject.toml" in said
    for file in files:
        assert str(file.relative_to(tmp_path)) in said.splitlines()
    drawn = run(tmp_path, "map")
    assert (drawn.returncode, drawn.stderr) == (0, "")
    assert "shop.add_item  Adds an item." in drawn.stdout
    assert "asked by  shop.items_by_name" in drawn.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, ["shop"]),
        ("[project]\nname = 'x'\n", ["shop"]),
        ("[tool.cqrs]\n\n[tool.other]\ndomains = ['no']\n", ["shop"]),
        ("[tool.cqrs]", ["shop"]),
        ("[tool.cqrs]\ndomains = []\n", ["shop"]),
        ('[tool.cqrs]\ndomains = ["json"]  # ours\nschedule = "json"\n', ["json", "shop"]),
        ('[tool.cqrs]\ndomains = [\n    "json",\n    "html",\n]\n', ["json", "html", "shop"]),
    ],
)
def test_the_project_names_it_and_keeps_all_else(
    tmp_path: Path, new: New, before: str | None, after: list[str]
) -> None:
    file = tmp_path / "pyproject.toml"
    if before is not None:
        file.write_text(before)
    made(new("shop"))
    said = file.read_text()
    assert tomllib.loads(said)["tool"]["cqrs"]["domains"] == after
    lost = [line for line in (before or "").splitlines() if line not in said]
    assert lost in ([], ["domains = []"], ['domains = ["json"]  # ours'])


def test_lines_that_end_as_on_windows_end_so_afterwards(tmp_path: Path, new: New) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(b"[project]\r\nname = 'x'\r\n")
    made(new("shop"))
    assert file.read_bytes() == (
        b"[project]\r\nname = 'x'\r\n\r\n[tool.cqrs]\r\ndomains = [\"shop\"]\r\n"
    )


def test_without_pytest_it_says_that_the_tests_want_it(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "worker.cli.new.find_spec", lambda name: None if name == "pytest" else find_spec(name)
    )
    assert "next: pip install pytest, then pytest shop/tests, then cqrs up" in made(new("shop"))


def test_a_line_that_cannot_be_changed_safely_is_told_instead(tmp_path: Path, new: New) -> None:
    text = '[tool.cqrs]\ndomains = [\n    "json",  # ]\n]\n'
    (tmp_path / "pyproject.toml").write_text(text)
    assert "add shop to `[tool.cqrs] domains` in pyproject.toml" in made(new("shop"))
    assert (tmp_path / "pyproject.toml").read_text() == text


def test_the_variable_that_goes_before_it_is_told_of(new: New) -> None:
    assert "and to CQRS_DOMAINS" in made(new("shop", CQRS_DOMAINS="json"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Shop", "small letters"),
        ("a-b", "small letters"),
        ("../up", "small letters"),
        ("", "small letters"),
        ("class", "no keyword"),
        ("s" * (LONGEST + 1), f"at most {LONGEST} letters"),
        ("worker", "the engine's own"),
        ("cqrs", "the engine's own"),
        ("json", "`import json` means something else already: "),
        ("celery", "`import celery` means something else already: "),
        ("mine", "mine.py"),
    ],
)
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, new: New, name: str, why: str) -> None:
    (tmp_path / "mine.py").touch()
    assert why in refused(new(name), tmp_path, "mine.py")


def test_nothing_is_overwritten(tmp_path: Path, new: New) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "models.py").write_text("precious")
    (tmp_path / "till").symlink_to(tmp_path / "nowhere")
    for name in ("shop", "till"):
        said = refused(new(name), tmp_path, "shop", "models.py", "till")
        assert f"{name} is there already, and nothing is overwritten" in said


def test_another_domain_of_this_name_is_named(tmp_path: Path, new: New) -> None:
    said = refused(new("shop", CQRS_DOMAINS="my.shop"), tmp_path)
    assert "there is a domain of this name: my.shop" in said


def test_a_folder_from_which_nobody_could_import_is_refused(tmp_path: Path, new: New) -> None:
    (tmp_path / "src").mkdir()
    no_package = refused(new("shop", "--into", "src"), tmp_path, "src")
    assert "src is no package: put an empty __init__.py there" in no_package
    outside = refused(new("shop", "--into", ".."), tmp_path, "src")
    assert "nobody could import it from there" in outside


def test_a_folder_on_pythons_path_is_a_place_for_domains(tmp_path: Path, new: New) -> None:
    source = tmp_path / "src"
    source.mkdir()
    sys.path.append(str(source))
    assert "shop is named in `[tool.cqrs] domains`" in made(new("shop", "--into", "src"))
    migration = (source / "shop/migrations/0001_shop.py").read_text()
    assert "from shop.models import read" in migration


def test_nothing_is_left_of_the_templates_own_name() -> None:
    files = rendered("till", "my.till")
    there = {file.relative_to(TEMPLATES).as_posix() for file in TEMPLATES.rglob("*.py")}
    assert {name.replace("till", PLACEHOLDER) for name in files} == there
    assert not [name for name, text in files.items() if PLACEHOLDER in name + text]


def test_the_readme_counts_what_is_written() -> None:
    files = rendered("notes", "notes")
    lines = sum(len(text.splitlines()) for text in files.values())
    said = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"in {len(files)} files of {lines} lines" in said
