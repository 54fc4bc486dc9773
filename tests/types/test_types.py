"""A foreign domain under `mypy --strict`, against the installed wheel and nothing else of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from pathlib import Path

import pytest

from tests.support.host_project import build_wheel

HERE = Path(__file__).parent
WRONG = "library/wrong_calls.py"
_ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$")
_MARK = re.compile(r"# E: (?P<codes>[\w -]+)$")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the domain, and in `venv` a Python with the wheel.

    Other people's packages are those of this test run; of ours it has the wheel alone.
    """
    folder = tmp_path_factory.mktemp("application")
    shutil.copytree(HERE / "library", folder / "library")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    packages = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    install = ["install", "--quiet", "--no-deps", "--no-compile", "--target", str(packages)]
    subprocess.run([sys.executable, "-m", "pip", *install, str(build_wheel())], check=True)
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    return folder


def mypy(application: Path, *options: str) -> Counter[tuple[str, int, str]]:
    """The errors that mypy finds in the domain: file, line, code."""
    python = application / "venv" / "bin" / "python"
    strict = ["--strict", "--config-file=", "--cache-dir=.mypy", "--python-executable", str(python)]
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", *strict, "--no-error-summary", *options, "library"],
        cwd=application,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ran.stderr, ran.stderr
    lines = [line for line in ran.stdout.splitlines() if ": error: " in line]
    found = [_ERROR.match(line) for line in lines]
    assert all(found), ran.stdout
    print(ran.stdout)  # shown if the test fails
    return Counter((m["file"], int(m["line"]), m["code"]) for m in found if m)


def marked(application: Path) -> Counter[tuple[str, int, str]]:
    """The errors that the wrong calls are marked with."""
    marks = [
        (number, _MARK.search(line))
        for number, line in enumerate((application / WRONG).read_text().splitlines(), 1)
    ]
    return Counter(
        (WRONG, number, code) for number, mark in marks if mark for code in mark["codes"].split()
    )


def test_a_domain_is_right_and_every_wrong_call_is_an_error(application: Path) -> None:
    """No error in the domain, not even about Celery, and exactly the marked ones in wrong calls."""
    expected = marked(application)
    assert len(expected) > 25

    found = mypy(application)

    assert found - expected == Counter(), "errors where there should be none"
    assert expected - found == Counter(), "wrong calls that pass"
