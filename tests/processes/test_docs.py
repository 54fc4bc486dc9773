"""The pages of `docs/` say what the code says, and what can be run on them runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import unified_diff
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import redis as redis_py
from psycopg.conninfo import conninfo_to_dict

from bench.structure import layers
from tests.conftest import Database, in_database
from tests.support.workers import ROOT, Worker, environment, until
from worker import Settings, get_settings
from worker.cli.root import load, subcommands
from worker.embedded import Servers

DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The file that it is to be: its first line says so."""
        named = re.match(r"# file: (\S+)\n", self.text)
        return named[1] if named else None

    @property
    def code(self) -> str:
        """What stands in that file: the block without its first line."""
        return self.text.partition("\n")[2]


def blocks(page: Path, *languages: str) -> list[Block]:
    """A page's fenced blocks, in order; of these languages alone, if any are named."""
    found = [Block(*match) for match in FENCE.findall(page.read_text(encoding="utf-8"))]
    return [block for block in found if not languages or block.language in languages]


class Application:
    """A folder of somebody's own, outside this repository, in which the engine runs."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.program = sys.executable  # or that of an environment of its own
        ours = environment(get_settings())
        ours = {name: value for name, value in ours.items() if name not in ("CQRS_DOMAINS",)}
        path = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environ = ours | {"PYTHONPATH": os.pathsep.join(path)} | environ

    def put(self, name: str, text: str) -> None:
        """Write a file."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def put_page(self, page: Path) -> None:
        """Write every file that a page shows, and the empty ones that make packages of them."""
        for block in blocks(page):
            if block.file:
                self.put(block.file, block.text)
        for file in list(self.folder.rglob("*.py")):
            if file.parent != self.folder:
                (file.parent / "__init__.py").touch()

    def run(self, *arguments: str) -> str:
        """Run a program there to its end; what it printed."""
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def python(self, *arguments: str) -> str:
        """Run Python there."""
        return self.run(self.program, *arguments)

    def cqrs(self, *arguments: str) -> str:
        """Run `cqrs` there."""
        return self.python("-m", "worker.cli", *arguments)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """The engine's worker there, on every queue."""
        queues = "commands,projections,reactions,maintenance"
        with self.celery("-A", "worker", "worker", "-Q", queues, "-c", "1", "-l", "INFO"):
            yield

    @contextmanager
    def beat(self) -> Iterator[None]:
        """Beat there, which sends the sweep."""
        with self.celery("-A", "worker", "beat", "-l", "INFO", ready=b"beat: Starting"):
            yield

    @contextmanager
    def celery(self, *arguments: str, ready: bytes = b" ready.") -> Iterator[None]:
        """`celery …` there, until the block ends; entered when its log says that it is ready."""
        log = self.folder / f"celery-{'-'.join(arguments[1:3])}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.program, "-m", "celery", *arguments],
                cwd=self.folder,
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        worker = Worker(process, "worker of a page", log)
        try:
            until(lambda: worker.ended() or ready in log.read_bytes(), 40)
            assert not worker.ended(), log.read_text()
            yield
        finally:
            worker.stop()


# ---------------------------------------------------------------------------- a domain of one's own
def said_on(page: Path, command: str) -> list[str]:
    """What a page says that a command prints, each time that it is called there."""
    shown = (block.text.partition("\n") for block in blocks(page, "console"))
    return [output for first, _, output in shown if first == f"$ {command}"]


def files_of(folder: Path) -> dict[str, str]:
    """The Python files of a folder by their names beside one another."""
    files = sorted(folder.rglob("*.py"))
    return {file.relative_to(folder.parent).as_posix(): file.read_text() for file in files}


def added(before: dict[str, str], after: dict[str, str]) -> dict[str, int]:
    """How many lines are new in each file that has changed."""
    lines = {
        name: [
            line
            for line in unified_diff(before[name].splitlines(), text.splitlines(), n=0)
            if line.startswith("+") and not line.startswith("+++")
        ]
        for name, text in after.items()
    }
    return {name: len(new) for name, new in lines.items() if new}


def follow_the_tutorial(tmp_path: Path) -> None:
    """From `cqrs new` to the page's own domain; tests/wheel follows it."""
    page = DOCS / "adding-a-domain.md"
    application = Application(tmp_path)
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider")

    assert application.cqrs("new", "notes") == said_on(page, "cqrs new notes")[0]
    written = files_of(tmp_path / "notes")
    shown = [block for block in blocks(page) if block.file]
    for name, text in written.items():
        if len(text.splitlines()) > 1:
            first = next(block for block in shown if block.file == name)
            assert first.text == f"# file: {name}\n{text}"
    assert (tmp_path / "pyproject.toml").read_text() in {block.code for block in shown}
    first_tests, last_tests = said_on(page, "pytest")
    assert first_tests.strip() in application.python(*tests)

    for block in shown:
        assert block.file
        application.put(block.file, block.code)
    changed = added(written, files_of(tmp_path / "notes"))
    total = sum(len(text.splitlines()) for text in files_of(tmp_path / "notes").values())
    figures = f"{sum(changed.values())} lines change in {len(changed)} files; then it has {total}."
    assert figures in page.read_text(), figures
    assert last_tests.strip() in application.python(*tests)
    for how in (["check"], ["format", "--check"]):
        application.python("-m", "ruff", *how, "--isolated", "--no-cache", ".")

    application.cqrs("migrate")
    assert "notes.write_note" in application.cqrs("map")
    with application.worker():
        said = application.python("try_it.py")
    promised = blocks(page, "console")[-1].text.splitlines()
    promised = [line for line in promised if not line.startswith("$")]
    assert re.sub(r"note_id [0-9a-f-]+", "note_id …", said).splitlines() == promised


# ---------------------------------------------------------------------- beside an application
BESIDE = DOCS / "beside-an-application.md"


def block_with(text: str, page: Path = BESIDE) -> str:
    """The one block of a page in which this stands."""
    (found,) = (block.text for block in blocks(page) if text in block.text)
    return found


def rows(connection: psycopg.Connection, sql: str, **parameters: object) -> list[Any]:
    """What a statement of a page gives."""
    return connection.execute(sql.encode(), parameters or None).fetchall()


@pytest.fixture
def notes(database: Database, redis: redis_py.Redis, tmp_path: Path) -> Application:
    """The smallest domain in a folder of its own, migrated."""
    application = Application(tmp_path)
    application.put_page(DOCS / "adding-a-domain.md")
    application.cqrs("migrate")
    return application


class Shop(NamedTuple):
    """A database that knows nothing of the engine yet, on the tests' cluster."""

    name: str
    url: str

    def as_role(self, role: str) -> str:
        """Its address for a role that logs in."""
        return re.sub(r"//[^@/]*@", f"//{role}@", self.url)


@pytest.fixture
def shop(servers: Servers) -> Iterator[Shop]:
    """A bare database `shop`, and the role of the application that lives in it."""
    with psycopg.connect(servers.database_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE shop")
        admin.execute("CREATE ROLE shop_app LOGIN")
        yield Shop("shop", in_database(servers.database_url, "shop"))
        admin.execute("DROP DATABASE shop WITH (FORCE)")
        admin.execute("DROP ROLE IF EXISTS cqrs_owner")
        admin.execute("DROP ROLE shop_app")


@pytest.mark.slow
def test_the_grants_of_the_page_are_enough(
    servers: Servers, shop: Shop, notes: Application
) -> None:
    """Roles as the page has them: the workers as `cqrs_owner`, the application as `shop_app`."""
    with psycopg.connect(shop.url, autocommit=True) as admin:
        for statement in block_with("CREATE ROLE cqrs_owner").split(";"):
            with suppress(psycopg.errors.DuplicateObject):  # the cluster has the groups already
                admin.execute(statement.encode())
    notes.environ["CQRS_DATABASE_URL"] = shop.as_role("cqrs_owner")
    notes.cqrs("migrate")
    with psycopg.connect(shop.url, autocommit=True) as admin:
        admin.execute(block_with("GRANT cqrs_sender TO shop_app").encode())
    with psycopg.connect(shop.as_role("cqrs_owner"), autocommit=True) as owner:
        owner.execute(block_with("INSERT INTO cqrs.sender_roles").encode())

    with (
        notes.worker(),
        notes.beat(),
        psycopg.connect(shop.as_role("shop_app")) as application,
    ):
        ((command_id,),) = rows(application, block_with("'from SQL'"))
        ((_, reused),) = rows(application, block_with("'one of many'"))
        application.commit()
        receipt = block_with("SELECT status, data, error").replace(";", "")

        def settled() -> bool:
            ((status, *_),) = rows(application, receipt, command_id=command_id)
            application.commit()
            return bool(status == "succeeded")

        until(settled, 30, "the sweep never found what SQL had enqueued")
        assert reused is False

        notes.environ["CQRS_DATABASE_URL"] = shop.as_role("shop_app")
        assert "succeeded ['from SQL', 'hello', 'one of many']" in notes.python("try_it.py")
        ((actor, status),) = rows(
            application,
            "SELECT DISTINCT actor, status FROM cqrs.receipts WHERE command_id = %(id)s",
            id=command_id,
        )
        assert (actor, status) == ("shop_app", "succeeded")  # whatever it said: `import`


@pytest.mark.slow
def test_an_application_moves_over_in_five_steps(database: Database, notes: Application) -> None:
    steps = strangler(BESIDE)
    with notes.worker(), notes.beat(), database.connect() as connection:
        connection.execute(
            "CREATE TABLE old_notes"
            " (id bigint GENERATED ALWAYS AS IDENTITY, author text, text text)"
        )
        program = OldApplication(notes, database)
        program.is_now(next(steps))
        program.adds("one")
        program.adds("two")
        assert program.lists() == ["one", "two"]

        program.is_now(next(steps))  # 2: told in the same transaction
        program.adds("three")
        until(lambda: listed(connection) == ["three"], 20)

        (there,) = rows(connection, block_with("FILTER (WHERE NOT reused)"))  # 3: the past
        assert there == (3,)
        missing = block_with("EXCEPT")
        until(lambda: not rows(connection, missing), 20)

        program.is_now(next(steps))  # 4: read there
        program.adds("four")
        until(lambda: program.lists() == ["four", "one", "three", "two"], 40)

        program.is_now(next(steps))  # 5: decided there
        connection.execute("DROP TABLE old_notes")
        program.adds("five")
        until(lambda: program.lists() == ["five", "four", "one", "three", "two"], 40)
    assert next(steps, None) is None


def listed(connection: psycopg.Connection) -> list[str]:
    """The notes of the read model."""
    return [str(text) for (text,) in rows(connection, "SELECT text FROM query.note_list")]


def strangler(page: Path) -> Iterator[str]:
    """The old application after each step that changes its lines."""
    text = page.read_text(encoding="utf-8")
    _, _, text = text.partition("## The strangler")
    start, *parts = re.split(r"^\*\*\d\. ", text, flags=re.MULTILINE)
    (source,) = (match[1] for match in FENCE.findall(start) if match[0] == "python")
    yield source
    for part in parts:
        changes = [match[1] for match in FENCE.findall(part) if match[0] == "diff"]
        for change in changes:
            source = changed(source, change)
        if changes:
            yield source


def changed(source: str, diff: str) -> str:
    """A source after a diff without line numbers; what it takes away must stand there once."""
    lines = [(line[:1], line[1:]) for line in diff.splitlines()]
    before = "\n".join(text for mark, text in lines if mark != "+")
    after = "\n".join(text for mark, text in lines if mark != "-")
    assert source.count(before) == 1, f"does not stand there once:\n{before}"
    return source.replace(before, after)


class OldApplication:
    """The application of the strangler's steps, run in processes of its own."""

    def __init__(self, application: Application, database: Database) -> None:
        self._application, self._url = application, database.url

    def is_now(self, source: str) -> None:
        """This is its code from here on."""
        self._application.put("old.py", source)

    def adds(self, text: str) -> None:
        """Somebody adds a note."""
        self._call(f"old.add_note(connection, 'ada', {text!r})")

    def lists(self) -> list[str]:
        """What somebody sees."""
        return self._call("print(*old.list_notes(connection, 'ada'))").split()

    def _call(self, call: str) -> str:
        program = (
            f"import psycopg, old\nwith psycopg.connect({self._url!r}) as connection:\n    {call}"
        )
        return self._application.python("-c", program)


@pytest.mark.slow
def test_the_bridge_leads_both_ways(servers: Servers, notes: Application) -> None:
    notes.put_page(BESIDE)
    notes.environ["SHOP_BROKER_URL"] = servers.broker_url.rsplit("/", 1)[0] + "/5"
    theirs = notes.celery("-A", "shop", "worker", "-c", "1", "-l", "INFO")
    with notes.worker(), theirs:
        notes.python("-c", "import shop; shop.sell.delay('tea')")

        printed = notes.folder / "printed.txt"
        until(lambda: printed.exists() and printed.read_text() == "sold: tea\n", 40)


@pytest.mark.slow
def test_importing_a_command_changes_nothing_as_the_page_says(notes: Application) -> None:
    notes.put(
        "look.py",
        "import logging\n"
        "from celery import Celery, current_app\n"
        "host = Celery('shop')\n"
        "import notes.commands\n"
        "assert current_app.main == 'shop'\n"
        "assert logging.getLogger().handlers == []\n",
    )
    notes.python("look.py")


@pytest.mark.slow
def test_settings_of_the_host_become_the_engines(notes: Application) -> None:
    notes.put_page(BESIDE)
    for name in [name for name in notes.environ if name.startswith("CQRS_")]:
        del notes.environ[name]
    said = notes.python(
        "-c",
        "import shop_settings; from worker import get_settings; s = get_settings();"
        "print(s.database_url, s.servers.result, *s.domains)",
    )
    assert said.split() == [
        "postgresql://shop_app:a%2Fb@localhost:5432/shop",
        "redis://localhost:6379/6",
        "notes",
    ]


@pytest.mark.slow
def test_the_test_runner_of_the_page_runs(notes: Application) -> None:
    notes.put_page(BESIDE)
    notes.put("pytest.ini", "[pytest]\naddopts = -p no:cacheprovider -p no:xdist\n")
    (notes.folder / "notes" / "reactions.py").unlink()  # the bridge is another test's
    assert "2 passed" in notes.python("-m", "pytest", "-q", "test_notes.py")


@pytest.mark.slow
def test_the_django_page_runs(database: Database, notes: Application) -> None:
    notes.put_page(BESIDE)
    (notes.folder / "notes" / "reactions.py").unlink()
    notes.put(
        "ask.py",
        "import django\n"
        "from django.conf import settings\n"
        "from django.test import RequestFactory\n"
        "import json, sys, time\n"
        "engine = 'django.db.backends.postgresql'\n"
        "names = ('NAME', 'HOST', 'USER')\n"
        "options = {'ENGINE': engine, **dict(zip(names, sys.argv[1:]))}\n"
        "settings.configure(DATABASES={'default': options}, ALLOWED_HOSTS=['*'])\n"
        "django.setup()\n"
        "import django_views\n"
        "class User: pk = 7\n"
        "request = RequestFactory().post('/notes', {'author': 'ada', 'text': 'hello'})\n"
        "request.user = User()\n"
        "assert django_views.add(request).status_code == 202\n"
        "until = time.monotonic() + 20\n"
        "while time.monotonic() < until:\n"
        "    answer = django_views.listed(RequestFactory().get('/notes', {'author': 'ada'}))\n"
        "    if json.loads(answer.content) == {'notes': ['hello']}: sys.exit()\n"
        "    time.sleep(0.05)\n"
        "sys.exit('the note was never listed')\n",
    )
    where = conninfo_to_dict(database.url)
    with notes.worker():
        notes.python("ask.py", *(str(where[part]) for part in ("dbname", "host", "user")))


# ---------------------------------------------------------------------------- what the pages name
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.glob("*.md"), *DOCS.glob("packages/*.md")]
)
WRITTEN = "<!-- What follows is made by docs/pages.py"
TOPS = "worker|models|tasks|tests|bench|examples|docs"


def written(page: Path) -> str:
    """What people wrote of a page: what is made of the code's headers is the headers' affair."""
    return page.read_text(encoding="utf-8").partition(WRITTEN)[0]


def named_by_pages(pattern: str) -> list[tuple[str, str]]:
    """Each page and what it names of this kind, in its text and its code."""
    return sorted(
        {
            (page.relative_to(ROOT).as_posix(), name)
            for page in PAGES
            for name in re.findall(pattern, written(page))
        }
    )


def test_made_parts_of_the_pages_are_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "pages.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_package_has_its_page_and_its_line_in_the_index() -> None:
    packages = {file.parent.name for file in (ROOT / "worker").glob("*/__init__.py")}
    assert {file.stem for file in (DOCS / "packages").glob("*.md")} == packages
    listed_ = re.findall(r"\(packages/(\w+)\.md\)", written(DOCS / "README.md"))
    assert listed_ == layers()[1:]


def test_every_path_that_a_page_names_is_there() -> None:
    named = named_by_pages(rf"(?<![\w/.-])((?:{TOPS})/[\w./-]*\w/?)")
    assert len(named) > 100
    assert [pair for pair in named if not (ROOT / pair[1]).exists()] == []


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        (page.name, link)
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_every_name_of_a_module_is_one() -> None:
    named = named_by_pages(r"(?<![\w/.-])((?:worker|models|tasks|bench)(?:\.[a-zA-Z_]\w*)+)")
    assert len(named) > 10
    modules = [(page, name) for page, name in named if not name.endswith(".py")]
    assert [pair for pair in modules if not _resolves(pair[1])] == []


def _resolves(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            if find_spec(".".join(parts[:length])) is None:
                continue
            found: object = import_module(".".join(parts[:length]))
            for part in parts[length:]:
                found = getattr(found, part, None)
            return found is not None
    return False


def test_every_import_of_the_engine_on_a_page_is_from_its_face() -> None:
    allowed = (
        r"worker|worker\.contracts(\.\w+)?|worker\.store\.read_tables|worker\.testing(\.django)?"
    )
    others = [
        (page.name, module)
        for page in PAGES
        for block in blocks(page, "python")
        for module in re.findall(r"^from (worker[\w.]*) import", block.text, re.MULTILINE)
        if not re.fullmatch(allowed, module)
    ]
    assert others == []


def test_what_the_pages_import_from_the_engine_is_there() -> None:
    imports = {
        line
        for page in [*PAGES, *(ROOT / "examples").glob("*.py")]
        for line in re.findall(
            r"^from worker[\w.]* import .+$", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert len(imports) > 5
    for line in sorted(imports):
        exec(line, {})


def test_every_setting_that_a_page_names_is_one() -> None:
    of_tests = {"CQRS_TEST_DATA", "CQRS_TEST_DATABASE_URL"}
    known = {f"CQRS_{name.upper()}" for name in Settings.model_fields} | of_tests
    named = named_by_pages(r"\b(CQRS_[A-Z_]*[A-Z])\b")
    assert [one for one in named if one[1] not in known and "CQRS_ORDERS_" not in one[1]] == []


def test_every_command_that_a_page_names_is_one() -> None:
    """`cqrs …` as far as its sub-commands go, and `make …`."""
    known = subcommands()
    wrong = []
    for page, line in named_by_pages(r"`cqrs ([a-z][^`]*)`"):
        name, *words = line.split()
        group = load(name, known[name].module) if name in known else None
        if group is None and not name.isupper():
            wrong.append((page, f"cqrs {line}"))
        for word in words:
            sub = getattr(group, "commands", {})
            if not sub:
                break
            if word not in sub and not word.isupper():
                wrong.append((page, f"cqrs {line}"))
                break
            group = sub.get(word, group)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = named_by_pages(r"(?m)(?:`|^)make ([a-z-]+)")
    wrong += [(page, target) for page, target in made if target not in targets]
    assert wrong == []


def test_every_bench_that_a_page_names_takes_its_options() -> None:
    runs = named_by_pages(r"`python -m (bench\.[^`]*)`")
    assert len(runs) > 5
    for page, run in runs:
        name = run.split()[0].removeprefix("bench.")
        source = ROOT / "bench" / f"{name}.py"
        source = source if source.exists() else ROOT / "bench" / name / "__main__.py"
        for option in re.findall(r"--[\w-]+", run):
            assert option in source.read_text(encoding="utf-8"), (page, run)
