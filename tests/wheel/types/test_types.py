"""A foreign domain under `mypy --strict`, against the installed wheel and nothing else of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.host_project import build_wheel

HERE = Path(__file__).parent
WRONG = "library/wrong_calls.py"
_ERROR = re.compile(r"^(?P<file>[^:]+):(?P<line>\d+): error: .*\[(?P<code>[\w-]+)\]$")
_MARK = re.compile(r"(?P<who>[EP]): (?P<codes>[\w -]+?)(?= [EP]:|$)")

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


def mypy(application: Path, *options: str) -> set[tuple[str, int, str]]:
    """The errors that mypy finds in the domain: file, line, code."""
    python = application / "venv" / "bin" / "python"
    strict = ["--strict", "--config-file=", "--cache-dir=.mypy"]
    ran = subprocess.run(
        [str(python), "-m", "mypy", *strict, "--no-error-summary", *options, "library"],
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
    return {(m["file"], int(m["line"]), m["code"]) for m in found if m}


def marked(application: Path, by: str) -> set[tuple[str, int, str]]:
    """The errors that the wrong calls are marked with: those of mypy (E), of the plugin (P)."""
    return {
        (WRONG, number, code)
        for number, line in enumerate((application / WRONG).read_text().splitlines(), 1)
        for mark in _MARK.finditer(line.partition("  # ")[2])
        if mark["who"] in by
        for code in mark["codes"].split()
    }


def test_a_domain_is_right_and_every_wrong_call_is_an_error(application: Path) -> None:
    """No error in the domain, not even about Celery, and exactly the marked ones in wrong calls."""
    expected = marked(application, "E")
    assert len(expected) > 40

    found = mypy(application)

    assert found - expected == set(), "errors where there should be none"
    assert expected - found == set(), "wrong calls that pass"


def test_with_the_plugin_fields_beside_options_are_known_too(application: Path) -> None:
    (application / "mypy.ini").write_text("[mypy]\nplugins = worker.base.mypy_plugin\n")
    expected = marked(application, "EP")
    assert marked(application, "P")

    found = mypy(application, "--config-file=mypy.ini")

    assert found - expected == set(), "errors where there should be none"
    assert expected - found == set(), "wrong calls that pass"
