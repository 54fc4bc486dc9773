"""What the code says of itself, put into the pages: headers of modules, and code to read.

    python docs/pages.py            write them anew
    python docs/pages.py --check    say which are out of date; exit code 1 if any is

A page of `docs/packages/` begins with what people wrote. What follows the mark is made here: the
first lines of all modules of the package in a table, then every header that has more than a first
line. So a promise, a diagram or a list of failures is changed in the module that it is about, and
nowhere else.

On the README and on any page of `docs/`, the block of code after

    <!-- code: worker/commands/unit_of_work.py UnitOfWork.begin -->

is that function, class or value as it stands in that file, without its docstring; and after

    <!-- cqrs new: notes/models.py -->

it is that file as `cqrs new notes` writes it.
"""

from __future__ import annotations

import ast
import itertools
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from worker.cli.new import rendered

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "packages"
MARK = "<!-- What follows is made by docs/pages.py of the modules' own headers. -->"
_CODE = re.compile(
    r"^(<!-- code: (\S+) (\S+) -->)\n(```python\n.*?^```)?", re.MULTILINE | re.DOTALL
)
_NEW = re.compile(
    r"^(<!-- cqrs new: ((\w+)/\S+) -->)\n(```python\n.*?^```)?", re.MULTILINE | re.DOTALL
)
_DRAWN = re.compile("[─│┌└├┬┤▶▼▲]|-->|──")


def headers(package: Path) -> Iterator[tuple[str, str]]:
    """Each module's path and header, its package's own first; templates are no modules."""
    files = (file for file in package.rglob("*.py") if "templates" not in file.parts)
    for file in sorted(files, key=lambda file: (file.parent, file.name)):
        header = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
        if header:
            yield file.relative_to(ROOT).as_posix(), header


def page(package: Path) -> str:
    """The made part of a package's page."""
    found = list(headers(package))
    rows = [f"| [`{path}`](../../{path}) | {_cell(header)} |" for path, header in found]
    parts = [MARK, "## Modules", "\n".join(["| module | what it is |", "|---|---|", *rows])]
    for path, header in found:
        if "\n\n" in header:
            parts += [f"## `{path}`", markdown(header)]
    return "\n\n".join(parts) + "\n"


def _cell(header: str) -> str:
    return escaped(" ".join(header.split("\n\n")[0].split())).replace("|", "\\|")


def markdown(header: str) -> str:
    """A header as Markdown: drawings and indented lines stay as they are, in fences."""
    return "\n\n".join(_blocks(header))


def _blocks(header: str) -> Iterator[str]:
    """Paragraphs; indented ones that follow one another are one block of code."""
    paragraphs = header.split("\n\n")
    for is_code, some in itertools.groupby(paragraphs, key=_is_code):
        if is_code:
            code = textwrap.dedent("\n\n".join(some))
            yield f"```text\n{code}\n```"
        else:
            yield from map(escaped, some)


def _is_code(paragraph: str) -> bool:
    return paragraph.startswith("    ") or _is_drawn(paragraph)


def _is_drawn(paragraph: str) -> bool:
    lines = paragraph.splitlines()
    return not paragraph.startswith("- ") and sum(bool(_DRAWN.search(x)) for x in lines) * 2 >= len(
        lines
    )


def escaped(text: str) -> str:
    """Angle brackets outside of code, which Markdown would take for HTML."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(x if x.startswith("`") else x.replace("<", "\\<") for x in parts)


def made(package: str) -> str:
    """The whole page of a package: what people wrote, and what is made."""
    file = PAGES / f"{package}.md"
    written = file.read_text(encoding="utf-8") if file.exists() else f"# `worker/{package}`\n\n"
    return written.partition(MARK)[0].rstrip() + "\n\n" + page(ROOT / "worker" / package)


def with_code(text: str) -> str:
    """A page with its blocks of code as the files have them. Raises LookupError for a lost one."""

    def shown(match: re.Match[str]) -> str:
        block = f"{match[1]}\n```python\n{source(match[2], match[3])}\n```"
        return block if match[4] else f"{block}\n"

    def new(match: re.Match[str]) -> str:
        written = rendered(match[3], match[3])[match[2]]
        block = f"{match[1]}\n```python\n# file: {match[2]}\n{written}```"
        return block if match[4] else f"{block}\n"

    return _NEW.sub(new, _CODE.sub(shown, text))


def source(path: str, name: str) -> str:
    """A function, class or value of a file, by its dotted name, decorators included."""
    text = (ROOT / path).read_text(encoding="utf-8")
    node: ast.AST = ast.parse(text)
    for part in name.split("."):
        # The last of a name is the code; those before it are its overloads.
        named = (x for x in reversed(getattr(node, "body", ())) if _name_of(x) == part)
        node = next(named, ast.Pass())
    if not isinstance(node, ast.stmt) or isinstance(node, ast.Pass):
        raise LookupError(f"no such thing to show ({path}, {name})")
    decorators = getattr(node, "decorator_list", ())
    first = min([node.lineno, *(each.lineno for each in decorators)])
    lines = text.splitlines()
    without = _docstring_of(node)
    kept = [lines[n - 1] for n in range(first, (node.end_lineno or first) + 1) if n not in without]
    return textwrap.dedent("\n".join(kept))


def _name_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return getattr(node, "name", None)


def _docstring_of(node: ast.AST) -> range:
    """The lines of a docstring, and of an empty one after it."""
    body = getattr(node, "body", ())
    if not body or not isinstance(body[0], ast.Expr) or not isinstance(body[0].value, ast.Constant):
        return range(0)
    end = body[1].lineno if isinstance(node, ast.ClassDef) and len(body) > 1 else None
    return range(body[0].lineno, end or (body[0].end_lineno or 0) + 1)


def packages() -> list[str]:
    """The engine's packages."""
    return sorted(file.parent.name for file in (ROOT / "worker").glob("*/__init__.py"))


def pages() -> dict[Path, str]:
    """Every page with made parts, as it should be."""
    found = {PAGES / f"{package}.md": made(package) for package in packages()}
    for file in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        found[file] = with_code(file.read_text(encoding="utf-8"))
    return found


def main() -> int:
    """Write the pages, or say which are not what they would be; the exit code."""
    stale = {
        file: text
        for file, text in pages().items()
        if not file.exists() or file.read_text(encoding="utf-8") != text
    }
    if "--check" not in sys.argv:
        for file, text in stale.items():
            file.write_text(text, encoding="utf-8")
        return 0
    names = ", ".join(file.relative_to(ROOT).as_posix() for file in stale)
    if stale:
        print(f"out of date: {names}. Run: python docs/pages.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
