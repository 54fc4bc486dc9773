"""Nobody starts while a declaration names what is not there, and `cqrs map` says all of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.processes.test_project import CELERY, CQRS, bare_environment


@pytest.fixture
def misspelt(tmp_path: Path) -> Path:
    """A folder with a domain of which a query reads what nobody keeps, and another a view."""
    environ = bare_environment(tmp_path)
    subprocess.run([CQRS, "new", "shop"], cwd=tmp_path, env=environ, check=True)
    file = tmp_path / "shop" / "queries.py"
    right = 'reads=("shop.item_list",),'
    text = file.read_text()
    assert right in text
    wrong = right.replace("list", "lst") + ' views=("query.shop_totals",),'
    file.write_text(text.replace(right, wrong))
    return tmp_path


READS = "no projection is called 'shop.item_lst'; did you mean shop.item_list?"


@pytest.mark.slow
@pytest.mark.parametrize(
    "program",
    [
        [CQRS, "map"],
        [CELERY, "-A", "worker", "worker", "-P", "solo"],
        [CELERY, "-A", "worker", "beat"],
        [CQRS, "up"],
    ],
    ids=["map", "worker", "beat", "up"],
)
def test_nobody_starts_with_a_name_that_means_nothing(misspelt: Path, program: list[str]) -> None:
    done = subprocess.run(
        program,
        cwd=misspelt,
        env=bare_environment(misspelt),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert READS in said
    assert "Traceback" not in said
    assert "not reachable" not in said, "that it would not start without servers is no answer"
    views = "no materialized view is called 'query.shop_totals'"
    assert (views in said) == (program[1] == "map"), "who starts is not held up by a database"
    assert not (misspelt / ".cqrs" / "servers.json").exists()
