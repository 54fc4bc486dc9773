"""`cqrs map`, and how it looks to people: a paragraph for each name, so that none is broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.base.project import no_domains
from worker.base.settings import get_settings
from worker.cli.console import JsonFlag, err, explained, print_json, print_wide
from worker.ops import system_map
from worker.ops.schedule import ScheduleEntry
from worker.ops.system_map import CommandPath, QueryProfile, SystemMap
from worker.refresh.invalidation_rules import Consequence

app = typer.Typer()


@app.command("map")
@explained
def map_(as_json: JsonFlag = False) -> None:
    """Every command with its events, who reads them, which queries ask; rules; the schedule.

    Needs no server. Exit code 1 if a declaration names what does not exist.
    """
    drawn = system_map.draw()
    if as_json:
        print_json(drawn.to_json())
    else:
        print_wide(render(drawn))
    if not get_settings().domains:
        err.print(no_domains(), markup=False, soft_wrap=True)
    if drawn.problems:
        raise typer.Exit(1)


def render(drawn: SystemMap) -> Group:
    """Everything, problems in red and last."""
    return Group(*_parts(drawn))


def _parts(drawn: SystemMap) -> Iterator[RenderableType]:
    yield from _section("Commands, their events, who reads those", map(_path, drawn.commands))
    yield from _section("Queries and what they read", map(_query, drawn.queries))
    tasks = [
        _paragraph(task.task, task.purpose, (("started by", task.started_by),))
        for task in drawn.event_tasks
    ]
    yield from _section("Event tasks and who starts them", tasks, "none")
    rules = map(_consequence, drawn.consequences)
    yield from _section("Rules: when an event has been folded", rules, "none")
    clock = (_entry(name, entry) for name, entry in drawn.schedule.items())
    yield from _section("By the clock", clock)
    for problem in drawn.problems:
        yield f"[red]{escape(problem)}[/]"


def _section(
    title: str, paragraphs: Iterable[RenderableType], empty: str = ""
) -> Iterator[RenderableType]:
    yield f"[bold]{title}[/]"
    yield from list(paragraphs) or [Padding(empty, (0, 0, 1, 2))]


def _path(path: CommandPath) -> RenderableType:
    lines = (("emits", path.events), ("read by", path.subscriptions), ("asked by", path.queries))
    return _paragraph(path.command, path.purpose, lines)


def _query(query: QueryProfile) -> RenderableType:
    answers = ["kept" if query.cached else "never kept", _cost(query)]
    lines = (
        ("reads", (*query.reads, *query.views)),
        ("answers", answers + ["audited"] * query.audited),
        ("conditions", query.conditions),
    )
    return _paragraph(query.query, query.purpose, lines)


def _cost(query: QueryProfile) -> str:
    if query.cost is not None:
        return f"cost {query.cost:g}"
    return "cost by the page" if query.by_page else "cost by the parameters"


def _consequence(consequence: Consequence) -> RenderableType:
    refreshes = [f"{view} after {wait:g} s" for view, wait in consequence.refresh.items()]
    return _paragraph(
        consequence.event, "", (("affects", consequence.queries), ("refreshes", refreshes))
    )


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
