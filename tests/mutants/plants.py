"""Plants: what is planted where, and what should notice."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLANTS = Path(__file__).parent / "plants"


class DoesNotFit(Exception):
    """A plant that does not fit the tree as it is today."""


@dataclass(frozen=True, slots=True)
class Plant:
    """One planted bug; `area` is the name of its file, `equivalent` why no test can tell."""

    area: str
    name: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    promise: str
    equivalent: str | None = None

    def planted(self, root: Path = ROOT) -> str:
        """Its file's text with the bug in it. Raises DoesNotFit."""
        path = root / self.file
        if not path.is_file():
            raise DoesNotFit(f"there is no {self.file}")
        text = path.read_text()
        if (times := text.count(self.find)) != 1:
            raise DoesNotFit(f"its text occurs {times} times in {self.file}")
        changed = text.replace(self.find, self.replace)
        if changed == text:
            raise DoesNotFit("it changes nothing")
        if path.suffix == ".py":
            _must_compile(changed, self.file)
        return changed

    def faults(self, root: Path = ROOT) -> Iterator[str]:
        """What is wrong with it."""
        try:
            self.planted(root)
        except DoesNotFit as fault:
            yield str(fault)
        if not self.tests and not self.equivalent:
            yield "no test is named"
        yield from (f"there is no {test}" for test in self.tests if not _exists(test, root))


def load(folder: Path = PLANTS) -> list[Plant]:
    """Every plant, by area and in the order of its file."""
    return [
        Plant(path.stem, **(entry | {"tests": tuple(entry.get("tests", ()))}))
        for path in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(path.read_text()).get("plant", ())
    ]


def faults(plants: list[Plant], root: Path = ROOT) -> list[str]:
    """What is wrong with these plants, one line each."""
    found = [f"{one.name}: {fault}" for one in plants for fault in one.faults(root)]
    names = Counter(one.name for one in plants)
    return found + [
        f"{name}: {times} plants have this name" for name, times in names.items() if times > 1
    ]


def _must_compile(text: str, file: str) -> None:
    try:
        compile(text, file, "exec")
    except SyntaxError as error:
        raise DoesNotFit(f"with it, {file} is no Python: {error}") from None


def _exists(test: str, root: Path) -> bool:
    file, _, name = test.partition("::")
    path = root / file
    if not name:
        return path.exists()
    return path.is_file() and f"def {name.split('[')[0].split('::')[-1]}(" in path.read_text()
