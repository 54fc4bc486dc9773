"""A foreign project with modules called as ours are: the wheel brings `worker` and no other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import psycopg
import pytest

from tests.conftest import in_database, test_settings
from tests.support.host_project import HostProject, build_wheel, host_project
from tests.support.workers import ROOT, until
from worker.embedded import Servers

NAME = "shop_app"
SOURCE = ROOT / "examples" / NAME
QUEUES = "commands,projections,reactions,maintenance"


@pytest.fixture(scope="module")
def shop(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProject]:
    """The application with the wheel in an environment of its own, on an empty database."""
    scratch = tmp_path_factory.mktemp(NAME)
    url = in_database(servers.database_url, NAME)
    broker = in_database(servers.broker_url, "5")
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}".encode())
        settings = test_settings(servers, url, scratch / "home")
        made = host_project(SOURCE, scratch, "pytest", settings=settings)
        own = {"DATABASE_URL": url, "BROKER_URL": broker}
        yield replace(made, settings={**made.settings, **own})
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)".encode())


@pytest.fixture(scope="module")
def migrated(shop: HostProject) -> HostProject:
    """The application's tables and the engine's, each by its own migrations."""
    shop.run("-m", "alembic", "upgrade", "head")
    shop.run("-m", "worker.cli", "migrate")
    return shop


def test_the_wheel_holds_worker_and_nothing_else_at_its_top() -> None:
    names = ZipFile(build_wheel()).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"worker"}
    assert {"worker/py.typed", "worker/cli/templates/domain_name/models.py"} <= set(names)
    assert not [name for name in names if "test_support" in name or name.startswith("tests/")]


def test_the_applications_modules_are_its_own(shop: HostProject) -> None:
    names = ("tasks", "models", "beat_schedule", "shop", "worker")
    code = f"import json, {', '.join(names)}\nprint(json.dumps([{', '.join(names)}], default=str))"
    said = json.loads(shop.run("-c", code.replace("default=str", "default=lambda m: m.__file__")))
    *own, engine = map(Path, said)
    assert all(file.is_relative_to(shop.folder) for file in own), own
    assert "site-packages" in engine.parts
    assert ROOT not in engine.parents


def test_its_celery_app_stays_the_current_one_and_keeps_its_tasks(shop: HostProject) -> None:
    told = shop.run(
        "-c",
        "import tasks, shop.commands, shop.queries\n"
        "from celery import current_app\n"
        "tasks.app.finalize()\n"
        "own = sorted(n for n in tasks.app.tasks if not n.startswith('celery.'))\n"
        "print(current_app.main, own, sorted(tasks.app.conf.beat_schedule))",
    )
    assert told.split(maxsplit=1) == [
        "shop_app",
        "['tasks.send_newsletter'] ['newsletter']\n",
    ]


def test_its_migrations_want_to_change_nothing_of_ours(migrated: HostProject) -> None:
    assert "No new upgrade operations detected" in migrated.run("-m", "alembic", "check")
    migrated.run("-m", "worker.cli", "migrate")  # and ours find theirs as it was
    with psycopg.connect(migrated.settings["DATABASE_URL"]) as connection:
        tables = connection.execute(
            "SELECT schemaname, count(*) FROM pg_tables WHERE schemaname IN ('public', 'command')"
            " GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert tables == [("command", 2), ("public", 2)], "customers, alembic_version are its own"


def test_its_domain_runs_end_to_end_beside_its_own_worker(migrated: HostProject) -> None:
    with (
        migrated.running(
            *("-m", "celery", "-A", "worker", "worker", "-c", "1", "-Q", QUEUES, "-l", "INFO"),
            log="engine.log",
        ),
        migrated.running(
            *("-m", "celery", "-A", "tasks", "worker", "-c", "1", "-l", "INFO"), log="own.log"
        ),
    ):
        logs = [migrated.folder / name for name in ("engine.log", "own.log")]
        until(lambda: all(" ready." in log.read_text() for log in logs), 60)
        said = migrated.run("checkout.py").splitlines()
        newsletter = migrated.run(
            "-c", "import tasks; print(tasks.send_newsletter.delay(7).get(timeout=30))"
        )
    assert said[:3] == ["succeeded 8.40", "[(2, '8.40')]", "[('tea', 1)]"]
    assert said[3].startswith("rejected not enough on the shelf")
    assert newsletter == "issue 7 is on its way\n"
    assert "tasks.send_newsletter" not in (migrated.folder / "engine.log").read_text()
    assert "shop.place_order" not in (migrated.folder / "own.log").read_text()


def test_its_domains_tests_pass_on_servers_of_their_own(shop: HostProject) -> None:
    without = {name: "" for name in shop.settings if name.startswith("CQRS_")}
    bare = replace(shop, settings={k: v for k, v in shop.settings.items() if k not in without})
    said = bare.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "shop")
    assert "3 passed" in said


def test_its_domain_is_typed_whole(shop: HostProject, tmp_path: Path) -> None:
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", f"--python-executable={shop.python}"),
            *(f"--cache-dir={tmp_path}", "shop"),
        ],
        cwd=shop.folder,
        env=shop.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.match(r"Success: no issues found in \d+ source files", checked.stdout), (
        checked.stdout + checked.stderr
    )


def test_its_map_is_whole(shop: HostProject) -> None:
    drawn = json.loads(shop.run("-m", "worker.cli", "map", "--json"))
    assert drawn["problems"] == []
    assert {path["command"] for path in drawn["commands"] if path["events"]} == {
        "shop.stock_product",
        "shop.place_order",
    }
    assert "newsletter" not in drawn["schedule"], "the application's beat is its own"
