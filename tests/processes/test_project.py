"""An application around the engine: what `[tool.cqrs]` and CQRS_DOMAINS name is what runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Database
from tests.support.workers import environment, until
from worker.base.errors import BadSettings
from worker.base.migrate import lines
from worker.base.project import NO_DOMAINS
from worker.base.settings import changed, get_settings, read_settings, using
from worker.cli.root import ENGINE, load

CQRS = str(Path(sys.executable).with_name("cqrs"))
CELERY = str(Path(sys.executable).with_name("celery"))
PROJECT = """
[tool.cqrs]
domains = ["bakery"]

[tool.cqrs.cli]
knead = "bakery.program"
"""
BAKERY = {
    "pyproject.toml": PROJECT,
    "bakery/__init__.py": "settings = 'bakery.ovens'",
    "bakery/ovens.py": """
from pydantic import BaseModel
from worker import declare_section

class Ovens(BaseModel):
    degrees: int = 220

declare_section("bakery", Ovens)
""",
    "bakery/commands.py": """
from worker import Command, State, Work, command

class Bake(Command):
    loaves: int

@command("bakery.bake", Bake, needs=lambda c: ())
def bake(c: Bake, state: State, work: Work) -> None:
    '''Bake bread.'''
""",
    "bakery/schedule.py": """
from worker import ScheduleEntry, Settings

def entries(settings: Settings) -> dict[str, ScheduleEntry]:
    return {"bake": ScheduleEntry.daily("cqrs.refresh_all", 4, "bread is wanted early")}
""",
    "bakery/program.py": """
import typer

app = typer.Typer()

@app.command()
def knead() -> None:
    '''Knead.'''
    print("kneaded")
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small application in it that is not on Python's path."""
    for name, text in BAKERY.items():
        file = tmp_path / "application" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "application"


def bare_environment(folder: Path, **environ: str) -> dict[str, str]:
    """Nothing set of the engine's but what is given, and nothing added to Python's path."""
    ours = ("CQRS_", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"CQRS_HOME": str(folder / ".cqrs")} | environ


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`cqrs` in this folder."""
    return subprocess.run(
        [CQRS, *arguments],
        cwd=folder,
        env=bare_environment(folder, **environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def drawn(folder: Path, **environ: str) -> dict[str, Any]:
    """What `cqrs map` says in this folder."""
    result = run(folder, "map", "--json", **environ)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout))


def refused(folder: Path, project: str, *arguments: str, **environ: str) -> str:
    """What is said about a `pyproject.toml` that is wrong."""
    (folder / "pyproject.toml").write_text(project)
    result = run(folder, *(arguments or ("map",)), **environ)
    assert result.returncode == 1, result.stdout
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


def test_a_domain_of_the_working_folder_runs_with_all_its_parts(folder: Path) -> None:
    told = drawn(folder)
    assert [path["command"] for path in told["commands"]] == ["bakery.bake"]
    assert told["schedule"]["bake"]["when"] == "daily at 04:00 UTC"
    assert "sweep" in told["schedule"]
    wrong = run(folder, "map", CQRS_BAKERY_DEGREES="hot")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith("cqrs: CQRS_BAKERY_DEGREES: ")


def test_a_subcommand_of_the_application_is_listed_and_runs(folder: Path) -> None:
    assert "knead" in run(folder, "--help").stdout
    assert run(folder, "knead").stdout == "kneaded\n"
    assert "Did you mean 'knead'?" in run(folder, "kneed").stderr


@pytest.fixture
def worker(folder: Path, database: Database) -> Iterator[Path]:
    """`celery -A worker` in the application's folder; its log."""
    log = folder / "worker.log"
    environ = environment(get_settings())
    for name in ("PYTHONPATH", "CQRS_DOMAINS"):
        environ.pop(name, None)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [CELERY, "-A", "worker", "worker", "-P", "solo", "-l", "INFO"],
            cwd=folder,
            env=environ,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    yield log
    process.terminate()
    process.wait(30)


def test_a_celery_worker_in_the_folder_runs_its_domains(worker: Path) -> None:
    until(lambda: " ready." in worker.read_text(), what=f"no worker: see {worker}")
    assert "bakery.bake" in worker.read_text()
    assert "orders.create_order" not in worker.read_text()
    assert "no domain runs here" not in worker.read_text()


def test_an_engine_without_domains_says_so(folder: Path) -> None:
    (folder / "pyproject.toml").unlink()
    told = run(folder, "map", "--json")
    assert json.loads(told.stdout)["commands"] == []
    assert NO_DOMAINS in told.stderr


def test_a_worker_without_domains_says_so(folder: Path, request: pytest.FixtureRequest) -> None:
    (folder / "pyproject.toml").unlink()
    log: Path = request.getfixturevalue("worker")
    until(lambda: " ready." in log.read_text(), what=f"no worker: see {log}")
    assert NO_DOMAINS in " ".join(log.read_text().split())


def test_who_starts_below_the_folder_of_the_project_is_told_where_it_is(folder: Path) -> None:
    below = folder / "deep" / "er"
    below.mkdir(parents=True)
    assert f"there is one in {folder}: start there" in " ".join(run(below, "map").stderr.split())
    tests = below / "test_deep.py"
    tests.write_text(
        'pytest_plugins = ["worker.testing.fixtures"]\n\ndef test_it(cqrs):\n    pass\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        cwd=below,
        env=bare_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"there is one in {folder}: start there" in done.stdout


def test_no_names_in_the_variable_mean_no_domains(folder: Path) -> None:
    assert drawn(folder, CQRS_DOMAINS="")["commands"] == []
    assert read_settings({"CQRS_DOMAINS": " , "}).domains == ()


@pytest.mark.parametrize(
    ("project", "said"),
    [
        ("[tool.cqrs", "pyproject.toml is no TOML file: "),
        ("tool = 7", "[tool.cqrs] in "),
        ("[tool]\ncqrs = ['bakery']", "Input should be a valid dictionary"),
        ("[tool.cqrs]\ndomain = ['bakery']", "domain: no such key; did you mean domains?"),
        ("[tool.cqrs]\ncolour = 1", "colour: no such key; there are domains, schedule, cli"),
        ("[tool.cqrs]\ndomains = 'bakery'", "domains: Input should be a valid tuple (is 'bakery')"),
        ("[tool.cqrs]\nschedule = ['a']", "schedule: Input should be a valid string (is ['a'])"),
        ("[tool.cqrs.cli]\nx = {modul = 'y'}", "cli.x.modul: no such key; did you mean module?"),
        ("[tool.cqrs.cli]\nup = 'bakery.program'", "`cqrs up` is the engine's"),
        ("[tool.cqrs]\ndomains = ['bakry']", "no such module: bakry ([tool.cqrs] domains in "),
        ("[tool.cqrs]\ndomains = ['bakry']", "did you mean bakery?"),
        ("[tool.cqrs]\nschedule = 'bakery.shedule'", "did you mean bakery.schedule?"),
        ("[tool.cqrs]\ndomains = ['']", "no name of a module: '' ([tool.cqrs] domains in "),
        ("[tool.cqrs]\ndomains = ['.bakery']", "no name of a module: '.bakery' ("),
        ("[tool.cqrs]\nschedule = ''", "no name of a module: '' ([tool.cqrs] schedule in "),
        (
            "[tool.cqrs]\ndomains = ['bakery.ovens']",
            "a domain is a package, a folder with files (bakery.ovens, [tool.cqrs] domains in ",
        ),
        ("[tool.cqrs]\nschedule = 'bakery.ovens'", "a function entries(settings) (bakery.ovens)"),
    ],
)
def test_what_is_wrong_with_the_table_is_answered_with_what_to_do(
    folder: Path, project: str, said: str
) -> None:
    answer = refused(folder, project)
    assert said in answer
    assert "pyproject.toml" in answer or "bakery.ovens" in answer or "take another name" in answer


def test_a_misspelt_subcommand_of_the_application_is_answered(folder: Path) -> None:
    missing = refused(folder, "[tool.cqrs.cli]\nknead = 'bakery.progam'", "knead")
    assert "no such module: bakery.progam" in missing
    assert "did you mean bakery.program?" in missing
    other = refused(folder, "[tool.cqrs.cli]\nroll = 'bakery.program'", "roll")
    assert "with a command roll is missing in bakery.program" in other


def test_a_part_that_a_domain_names_must_be_there(folder: Path) -> None:
    (folder / "bakery" / "__init__.py").write_text("settings = 'bakery.oven'")
    answer = refused(folder, PROJECT)
    assert (
        "no such module: bakery.oven (`settings` in bakery); did you mean bakery.ovens?" in answer
    )


def test_a_misspelt_package_in_the_variable_is_named_with_it(folder: Path) -> None:
    answer = refused(folder, PROJECT, CQRS_DOMAINS="bakery,bakeri")
    assert "no such module: bakeri (CQRS_DOMAINS); did you mean bakery?" in answer


def test_a_pyproject_that_cannot_be_read_is_no_application(folder: Path) -> None:
    (folder / "pyproject.toml").unlink()
    (folder / "pyproject.toml").mkdir()
    assert NO_DOMAINS in run(folder, "map").stderr


def test_a_domain_that_is_named_twice_is_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = read_settings({"CQRS_DOMAINS": "bakery, shop,bakery"})
    assert twice.domains == ("bakery", "shop")
    (folder / "pyproject.toml").write_text(PROJECT.replace('"bakery"]', '"bakery", "bakery"]'))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert read_settings({}).domains == ("bakery",)


def test_no_entry_of_a_domain_takes_the_place_of_the_engines(folder: Path) -> None:
    schedule = folder / "bakery" / "schedule.py"
    schedule.write_text(BAKERY["bakery/schedule.py"].replace('"bake":', '"sweep":'))
    answer = refused(folder, PROJECT)
    assert "two entries of one name in the schedule (sweep, bakery.schedule)" in answer


def test_two_domains_with_one_label_cannot_both_be_migrated(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("old_shop", "new_shop"):
        migrations = folder / package / "orders" / "migrations"
        migrations.mkdir(parents=True)
        for part in (migrations, migrations.parent, migrations.parent.parent):
            (part / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder)
    both = changed(get_settings(), domains=("old_shop.orders", "new_shop.orders"))
    with using(both), pytest.raises(BadSettings, match="two domains with one label") as wrong:
        list(lines())
    assert "new_shop.orders.migrations" in str(wrong.value)


def test_settings_come_from_the_environment_that_is_given_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CQRS_BATCH_SIZE", "7")
    assert read_settings({}).batch_size == 50
    assert changed(read_settings({"CQRS_BATCH_SIZE": "8"}), batch_size="9").batch_size == 9
    with pytest.raises(ValueError, match="must hold"):
        changed(read_settings({}), task_time_limit=1_000)


def test_asking_for_help_imports_neither_celery_nor_a_database_nor_a_domain() -> None:
    script = (
        "import sys; sys.argv = ['cqrs', '--help']\n"
        "from worker.cli import main\n"
        "try: main()\n"
        "except SystemExit: print('modules', *sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    (line,) = (one for one in result.stdout.splitlines() if one.startswith("modules "))
    loaded = {name.partition(".")[0] for name in line.split()[1:]}
    assert "typer" in loaded
    assert loaded.isdisjoint({"celery", "kombu", "redis", "sqlalchemy", "psycopg", "alembic"})
    assert loaded.isdisjoint({"tasks", "models", "structlog", "pglast", "flower"})


@pytest.mark.parametrize("name", ENGINE)
def test_a_subcommand_is_listed_as_its_own_help_begins(name: str) -> None:
    help_text = str(load(name, ENGINE[name].module).help)
    assert " ".join(help_text.split()).startswith(ENGINE[name].help)


def test_a_package_that_declares_nothing_is_told_of(folder: Path) -> None:
    (folder / "shelf").mkdir()
    (folder / "shelf" / "__init__.py").write_text("")
    (folder / "pyproject.toml").write_text("[tool.cqrs]\ndomains = ['shelf', 'bakery']")

    said = run(folder, "map").stderr

    assert "a domain declares nothing" in said
    assert "shelf" in said
    assert "bakery" not in said
