"""A FastAPI application with the engine: its own transactions, and nothing of its own changed."""

from __future__ import annotations

import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from tests.conftest import Database, in_database, test_settings
from tests.processes.test_docs import BESIDE, Application
from tests.processes.test_docs import notes as notes  # a fixture
from tests.support.host_project import HostProject, deliveries, host_project
from tests.support.workers import until
from worker.base.urls import sqlalchemy_url
from worker.embedded import Servers

SOURCE = Path(__file__).parent / "fastapi_shop"
REQUIREMENTS = (
    *("fastapi==0.165.*", "starlette==1.10.*", "uvicorn==0.54.*", "httpx==0.28.*"),
    "greenlet>=3.1",  # SQLAlchemy's asyncio asks for it
)
NAME = "fastapi_shop"


@pytest.fixture(scope="module")
def shop_database(servers: Servers) -> Iterator[str]:
    """A database of the shop's, empty."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
        yield in_database(servers.database_url, NAME)
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.fixture(scope="module")
def shop(
    servers: Servers, shop_database: str, tmp_path_factory: pytest.TempPathFactory
) -> HostProject:
    """The shop, installed, with the engine's wheel; both lines of migrations are run."""
    scratch = tmp_path_factory.mktemp("fastapi")
    home = scratch / "home"
    home.mkdir()
    settings = test_settings(servers, shop_database, home, domains=("ordering",))
    project = host_project(SOURCE, scratch, *REQUIREMENTS, settings=settings)
    own = {"SHOP_DATABASE": shop_database, "SHOP_BROKER": servers.broker_url}
    project = HostProject(project.folder, project.python, {**project.settings, **own})
    project.run("-m", "alembic", "upgrade", "head")
    project.run("-m", "worker.cli", "migrate")
    return project


@pytest.fixture(scope="module")
def workers(shop: HostProject) -> Iterator[None]:
    """The engine's own worker beside the shop, from the shop's environment."""
    arguments = ["-m", "celery", "-A", "worker", "worker", "-c", "2", "-l", "INFO"]
    queues = "commands,projections,reactions,maintenance"
    with shop.running(*arguments, "-Q", queues, log="worker.log") as process:
        log = shop.folder / "worker.log"
        until(lambda: b" ready." in log.read_bytes() or process.poll() is not None, 60)
        assert process.poll() is None, log.read_text()
        yield


class Web:
    """The shop's web server, as its customers see it."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str, **query: Any) -> Any:
        """What the server answers."""
        return self._answer(urllib.request.Request(f"{self.url}{path}?{urlencode(query)}"))

    def post(self, path: str, **body: Any) -> Any:
        """What the server answers; raises HTTPError where it refuses."""
        data, header = json.dumps(body).encode(), {"Content-Type": "application/json"}
        return self._answer(urllib.request.Request(f"{self.url}{path}", data, header))

    @staticmethod
    def _answer(request: urllib.request.Request) -> Any:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self.get("/about"))
        except OSError:
            return False


@pytest.fixture(scope="module")
def web(shop: HostProject, workers: None) -> Iterator[Web]:
    """uvicorn, on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = ["-m", "uvicorn", "shop.main:app", "--port", str(port)]
    with ExitStack() as stack:
        process = stack.enter_context(shop.running(*served, log="web.log"))
        web = Web(port)
        until(lambda: web.is_up() or process.poll() is not None, 60)
        assert process.poll() is None, (shop.folder / "web.log").read_text()
        yield web


def count(shop_database: str, sql: str) -> int:
    """The number that a query gives."""
    with psycopg.connect(shop_database) as connection:
        row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return int(row[0])


def everything(shop_database: str) -> tuple[int, ...]:
    """The shop's rows, the engine's receipts and what waits."""
    tables = ("baskets", "cqrs.receipts", "cqrs.enqueued_commands", "command.placed_orders")
    return tuple(count(shop_database, f"SELECT count(*) FROM {table}") for table in tables)


PATHS = pytest.mark.parametrize("path", ["/orders", "/sync/orders"])


def test_the_page_runs(
    shop: HostProject, notes: Application, own_database: Database, servers: Servers
) -> None:
    """The code that docs/beside-an-application.md shows, where FastAPI is installed.

    On databases of Redis of its own: the shop's workers take from the others.
    """
    for number, name in enumerate(("BROKER", "RESULT", "CACHE"), 10):
        notes.environ[f"CQRS_{name}_URL"] = f"{servers.broker_url.rpartition('/')[0]}/{number}"
    notes.program = str(shop.python)
    notes.put_page(BESIDE)
    (notes.folder / "notes" / "reactions.py").unlink()
    notes.put(
        "ask.py",
        "from fastapi.testclient import TestClient\n"
        "import fastapi_app\n"
        "client = TestClient(fastapi_app.app).__enter__()\n"  # one event loop for all
        "note = {'author': 'ada', 'text': 'hello'}\n"
        "made = client.post('/notes', json=note)\n"
        "assert made.status_code == 201, made.text\n"
        "note['note_id'] = made.json()['note_id']\n"
        "assert client.post('/notes', json=note).status_code == 409\n"
        "after = made.json()['position']\n"
        "answer = client.get('/notes', params={'author': 'ada', 'after': after})\n"
        "assert answer.json() == [note], answer.text\n",
    )
    notes.environ["SHOP_DATABASE_URL"] = sqlalchemy_url(own_database.url)
    with notes.worker():
        notes.python("ask.py")


@PATHS
def test_an_order_is_placed_in_the_requests_own_transaction_and_read_back(
    web: Web, shop_database: str, path: str
) -> None:
    customer = f"ada{path}"

    placed = web.post(path, customer=customer, total="12.50")

    (found,) = web.get("/orders", customer=customer, after=placed["position"])
    assert found == {"order_id": placed["order_id"], "customer": customer, "total": "12.50"}
    assert count(shop_database, f"SELECT count(*) FROM baskets WHERE customer = '{customer}'") == 1
    actor = f"SELECT count(*) FROM cqrs.receipts WHERE actor = 'customer:{customer}'"
    assert count(shop_database, actor) == 1


@PATHS
def test_a_request_that_fails_has_enqueued_nothing(web: Web, shop_database: str, path: str) -> None:
    before = everything(shop_database)

    with pytest.raises(urllib.error.HTTPError, match="500"):
        web.post(path, customer="eve", total="12.50", fails=True)
    # A command of the same customer that comes later is run: the failed one is not before it.
    placed = web.post(path, customer="eve", total="1.00")

    assert len(web.get("/orders", customer="eve", after=placed["position"])) >= 1
    baskets, receipts, waiting, orders = everything(shop_database)
    assert (baskets, receipts, orders) == (before[0] + 1, before[1] + 1, before[3] + 1)
    assert waiting == 0


@PATHS
def test_a_rule_says_no_to_the_customer(web: Web, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="409"):
        web.post(path, customer="rich", total="1000.01")


def test_many_customers_at_once_wait_with_few_connections(web: Web, shop_database: str) -> None:
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cqrs writer'"

    with ThreadPoolExecutor(60) as customers:
        orders = [
            customers.submit(web.post, "/orders", customer=f"c{n}", total="1.00")
            for n in range(120)
        ]
        placed = [one.result(120) for one in orders]
        connections = count(shop_database, f"{ours} AND datname = current_database()")

    assert len({one["order_id"] for one in placed}) == 120
    assert connections <= 8 + 4 + 4 * 3  # our threads, our watcher's, a worker and its children


def test_the_shop_is_as_without_us(shop: HostProject, workers: None) -> None:
    """Its current app and tasks, its numbers, its log, its event loop: after all has been used."""
    without = json.loads(shop.run("facts.py", "without").splitlines()[-1])
    with_us = json.loads(shop.run("facts.py", "with").splitlines()[-1])

    assert with_us == without
    assert without["current app"] == "shop"
    assert "shop.count" in without["tasks"]
    assert "Decimal('0.10')" in without["by psycopg"]
    assert "12345678901234567890123" in without["by SQLAlchemy"]
    assert without["a line of the log"] == "shop|WARNING|shop|hello\n"


def test_its_own_tasks_with_an_eta_are_delivered_once(shop: HostProject, workers: None) -> None:
    """Its own worker beside ours on one Redis: due later than our visibility timeout."""
    later = float(shop.settings["CQRS_VISIBILITY_TIMEOUT"]) + 3
    assert deliveries(shop, "shop.celery_app", "count", later) == 1


def test_the_web_server_logs_and_runs_as_the_shop_says(web: Web, shop: HostProject) -> None:
    about = web.get("/about")

    assert about == {"loop": "_UnixSelectorEventLoop", "celery": "shop"}
    assert "shop|INFO|shop|asked about" in (shop.folder / "web.log").read_text()


def test_the_shops_migrations_leave_the_engines_tables_alone(shop: HostProject) -> None:
    for advice in ("include_name", "include_object"):
        said = shop.run("-m", "alembic", "check", SHOP_ADVICE=advice)
        assert "No new upgrade operations detected" in said
    with pytest.raises(AssertionError, match=r"remove_table.*cqrs"):
        shop.run("-m", "alembic", "check", SHOP_ADVICE="none")
