"""How `cqrs map` looks to people: a paragraph for each name, so that no name is ever broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.ops.schedule import ScheduleEntry
from worker.ops.system_map import Asked, Path, SystemMap
from worker.refresh.invalidation_rules import Consequence


def render(found: SystemMap) -> Group:
    """Everything, problems in red and last."""
    return Group(*_parts(found))


def _parts(found: SystemMap) -> Iterator[RenderableType]:
    yield from _section("Commands, their events, who reads those", map(_path, found.commands))
    yield from _section("Queries and what they read", map(_asked, found.queries))
    rules = map(_consequence, found.consequences)
    yield from _section("Rules: when an event has been folded", rules, "none")
    clock = (_entry(name, entry) for name, entry in found.schedule.items())
    yield from _section("By the clock", clock)
    for problem in found.problems:
        yield f"[red]{escape(problem)}[/]"


def _section(
    title: str, paragraphs: Iterable[RenderableType], empty: str = ""
) -> Iterator[RenderableType]:
    yield f"[bold]{title}[/]"
    yield from list(paragraphs) or [Padding(empty, (0, 0, 1, 2))]


def _path(one: Path) -> RenderableType:
    lines = (("emits", one.events), ("read by", one.subscriptions), ("asked by", one.queries))
    return _paragraph(one.command, one.purpose, lines)


def _asked(one: Asked) -> RenderableType:
    answers = ["kept" if one.cached else "never kept", _cost(one)]
    lines = (("reads", (*one.reads, *one.views)), ("answers", answers + ["audited"] * one.audited))
    return _paragraph(one.query, one.purpose, lines)


def _cost(one: Asked) -> str:
    if one.cost is not None:
        return f"cost {one.cost:g}"
    return "cost by the page" if one.by_page else "cost by the parameters"


def _consequence(one: Consequence) -> RenderableType:
    refreshes = [f"{view} after {wait:g} s" for view, wait in one.refresh.items()]
    return _paragraph(one.event, "", (("affects", one.queries), ("refreshes", refreshes)))


def _entry(name: str, entry: ScheduleEntry) -> RenderableType:
    return _paragraph(name, f"{entry.when}, {entry.task}", (("why", (entry.why,)),))


def _paragraph(
    name: str, purpose: str, lines: Iterable[tuple[str, Iterable[str]]]
) -> RenderableType:
    """A name with its purpose, and under it what belongs to it; lines of nothing are left out."""
    grid = Table.grid(padding=(0, 2))
    for label, things in lines:
        if told := ", ".join(things):
            grid.add_row(Text(label, style="dim"), Text(told))
    title = Text.assemble((name, "cyan"), f"  {purpose}")
    return Padding(Group(title, Padding(grid, (0, 0, 0, 4))), (0, 0, 1, 2))
