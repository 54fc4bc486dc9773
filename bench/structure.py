"""The engine's packages, its modules, the imports between them, and circles: there must be none.

    python -m bench.structure     a table, then what stands wrong; exit code 1 if anything does

Read from the source, function-level imports and those for type checkers alone included. A circle is
a set of packages of `worker/` each of which leads to all others; an upward arrow is an import of a
package that stands above the importer in pyproject.toml's contract. The face, `worker/__init__.py`,
stands above all of them: nobody inside may import from it.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "worker"
FACE = "(face)"
TEMPLATES = "templates"


def modules() -> dict[str, Path]:
    """Every module of the engine by its dotted name; what it writes for others is none."""
    files = (file for file in sorted(ENGINE.rglob("*.py")) if TEMPLATES not in file.parts)
    return {_name(file): file for file in files}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def package_of(module: str) -> str:
    """`commands` for `worker.commands.executor`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FACE


def imports(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The engine's modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield deeper if deeper in known else str(node.module)


def arrows(known: dict[str, Path]) -> Counter[tuple[str, str]]:
    """Imports between packages, counted module by module."""
    found: Counter[tuple[str, str]] = Counter()
    for module, file in known.items():
        source = package_of(module)
        for target in {package_of(each) for each in imports(file, known)} - {source}:
            found[source, target] += 1
    return found


def layers() -> list[str]:
    """The packages from top to bottom, as the contract has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (engine,) = (one for one in contracts if one.get("containers") == ["worker"])
    return [FACE, *engine["layers"]]


def circles(found: Counter[tuple[str, str]]) -> list[list[str]]:
    """Sets of packages that lead to each other, by reachability."""
    names = {name for arrow in found for name in arrow}
    reach = {name: {target for source, target in found if source == name} for name in names}
    for middle in names:
        for name in names:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    rings = {frozenset(n for n in reach[name] if name in reach[n]) for name in names}
    return sorted(sorted(ring) for ring in rings if len(ring) > 1)


def main() -> int:
    """Print all of it; the exit code."""
    known, order = modules(), layers()
    found = arrows(known)
    sizes = Counter(map(package_of, known))
    lines = Counter[str]()
    for module, file in known.items():
        lines[package_of(module)] += len(file.read_text(encoding="utf-8").splitlines())
    table = Table("package", "modules", "lines", "imports from")
    for name in order:
        targets = sorted((t for s, t in found if s == name), key=order.index)
        table.add_row(name, str(sizes[name]), f"{lines[name]:,}", " ".join(targets))
    out = Console(width=120)
    out.print(table)
    upward = [arrow for arrow in found if order.index(arrow[0]) > order.index(arrow[1])]
    rings = circles(found)
    loose = [file.name for file in ENGINE.glob("*.py") if file.name != "__init__.py"]
    out.print(
        f"{len(order) - 1} packages, {len(known)} modules, {lines.total():,} lines,"
        f" {len(found)} arrows between packages, {found.total()} imports behind them"
    )
    out.print(f"upward arrows: {len(upward)} {upward or ''}")
    out.print(f"circles: {len(rings)} {rings or ''}")
    out.print(f"loose modules at the top: {len(loose)} {loose or ''}")
    return 1 if upward or rings or loose else 0


if __name__ == "__main__":
    sys.exit(main())
