"""TEMPORARY: `database` without the engine. pytest -p tests.schema.standalone --confcutdir tests/schema"""

import itertools
import os
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from models import system

SERVER = "postgresql://postgres@127.0.0.1:54318"
SQL = Path(system.__path__[0]) / "sql"
OBJECTS = [
    "deployments",
    "changesets",
    "changeset_operations",
    "changeset_history",
    "catalogue_objects",
    "catalogue_parts",
    "dependency_edges",
    "require_schema",
    "system_edges",
    "dependency_path",
    "dependency_paths",
    "analyze_dependencies",
    "column_users",
]
_n = itertools.count(1)


@dataclass(frozen=True)
class Database:
    name: str
    url: str

    def connect(self, **options):
        return psycopg.connect(self.url, autocommit=True, **options)


@pytest.fixture(scope="session")
def template():
    name = f"tpl_{os.getpid()}"
    with psycopg.connect(SERVER + "/postgres", autocommit=True) as c:
        c.execute(f"CREATE DATABASE {name}")
        with psycopg.connect(f"{SERVER}/{name}", autocommit=True) as d:
            d.execute("CREATE SCHEMA cqrs; CREATE SCHEMA command; CREATE SCHEMA query")
            for o in OBJECTS:
                d.execute((SQL / f"{o}.sql").read_text())
        yield name
        c.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(template):
    name = f"t_{os.getpid()}_{next(_n)}"
    with psycopg.connect(SERVER + "/postgres", autocommit=True) as c:
        c.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield Database(name, f"{SERVER}/{name}")
        c.execute(f"DROP DATABASE {name} WITH (FORCE)")
