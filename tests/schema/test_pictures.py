"""Pictures of dependencies: every object and every link is in them, whatever they are called."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.schema.generated import GeneratedSchema
from tests.schema.registry import SmallReadSide
from worker.schema import RegistryDependentKind
from worker.schema.errors import UnknownObject
from worker.schema.pictures.graph import Graph, GraphEdge, GraphNode, dependency_graph
from worker.schema.pictures.layout import lay_out
from worker.schema.pictures.svg import BOX, svg
from worker.schema.pictures.text import dot, mermaid

Connection = psycopg.Connection[Any]
SVG = "{http://www.w3.org/2000/svg}"
ODD = 'query."<b>&amp; ""quoted"" \\ |x| [y] #1;"'


@pytest.fixture
def hundred(db: Connection) -> GeneratedSchema:
    """A hundred objects on both sides."""
    made = GeneratedSchema(7)
    for number in range(40):
        made.table("command", number)
    made.partitioned(0)
    for number in range(12):
        made.view("command", "view", number)
    for number in range(34):
        made.view("query", "view", number)
    for number in range(10):
        made.view("query", "materialized view", number)
    with db.transaction():
        for statement in made.statements:
            db.execute(statement.encode())
    return made


@pytest.fixture
def odd(db: Connection, read_side: SmallReadSide) -> Graph:
    """Names that would break a careless picture."""
    db.execute(
        "CREATE TABLE command.users (id int PRIMARY KEY);"
        "CREATE TABLE command.orders (id int REFERENCES command.users)"
    )
    name = ODD.removeprefix("query.")
    db.execute(f"CREATE VIEW query.{name} AS SELECT id FROM command.orders".encode())
    read_side.hang(RegistryDependentKind.QUERY, "orders_by_id", ODD)
    return dependency_graph(db, read_side)


def test_the_graph_has_catalogue_and_registry(odd: Graph) -> None:
    assert set(odd.nodes) == {"command.users", "command.orders", ODD, "query orders_by_id"}
    assert set(odd.edges) == {
        GraphEdge("command.users", "command.orders", "foreign key"),
        GraphEdge("command.orders", ODD, "view"),
        GraphEdge(ODD, "query orders_by_id", "query"),
    }


def test_an_objects_lines_are_lit_while_it_is_pointed_at_and_the_middle_stands_out(
    db: Connection, odd: Graph, read_side: SmallReadSide
) -> None:
    document = ElementTree.fromstring(svg(dependency_graph(db, read_side, object_name=ODD)))
    styles = [str(each.get("class")) for each in document.iter(f"{SVG}g")]
    (middle,) = [style.split()[1] for style in styles if "middle" in style.split()]
    lines = [str(each.get("class")).split() for each in document.iter(f"{SVG}path")]
    number = middle.removeprefix("n")
    assert sum(f"to{number}" in line or f"from{number}" in line for line in lines) == 2
    rules = "".join(each.text or "" for each in document.iter(f"{SVG}style"))
    assert f"svg:has(.n{number}:hover) :is(.from{number}, .to{number})" in rules


def test_around_one_object_is_what_it_needs_and_what_needs_it(
    db: Connection, read_side: SmallReadSide
) -> None:
    db.execute(
        """CREATE TABLE command.a (id int); CREATE TABLE command.b (id int);
        CREATE VIEW query.a AS SELECT * FROM command.a;
        CREATE VIEW query.joined AS SELECT a.id FROM query.a AS a, command.b;
        CREATE VIEW query.b AS SELECT * FROM command.b;
        CREATE TABLE query.alone (id int)"""
    )

    def around(name: str) -> set[str]:
        return set(dependency_graph(db, read_side, object_name=name).nodes)

    assert around("query.a") == {"command.a", "query.a", "query.joined"}
    assert around("command.b") == {"command.b", "query.b", "query.joined"}
    assert around("query.alone") == {"query.alone"}
    with pytest.raises(UnknownObject, match=r"did you mean query\.alone\?"):
        around("query.alon")


def test_mermaid_has_every_node_and_edge_and_no_stray_quote(odd: Graph) -> None:
    text = mermaid(odd)
    assert text.startswith("flowchart LR\n")
    assert text.count(":::") == 4
    assert '-.->|"foreign key"|' in text
    assert all(line.count('"') in (0, 2) for line in text.splitlines())


def test_dot_has_every_node_and_edge(odd: Graph) -> None:
    text = dot(odd)
    assert text.count(" -> ") == 3
    assert '[label="foreign key", style=dashed]' in text
    quoted = re.findall(r'"(?:[^"\\]|\\.)*"', text)
    assert any(each == '"' + ODD.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in quoted)


def boxes(document: ElementTree.Element) -> dict[str, tuple[float, float, float, float]]:
    """Left, top, right and bottom of each node, by its tooltip."""
    found = {}
    for group in document.iter(f"{SVG}g"):
        title, rectangle = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        assert title is not None
        assert rectangle is not None
        x, y, width, height = (
            float(rectangle.get(key, "")) for key in ("x", "y", "width", "height")
        )
        found[title.text or ""] = (x, y, x + width, y + height)
    return found


def test_the_svg_is_well_formed_and_names_everything(odd: Graph) -> None:
    document = ElementTree.fromstring(svg(odd))
    assert set(boxes(document)) == {
        "table command.users",
        "table command.orders",
        f"view {ODD}",
        "query orders_by_id",
    }
    said = [path.findtext(f"{SVG}title") for path in document.iter(f"{SVG}path")]
    assert "command.orders depends on command.users (foreign key)" in said


@pytest.mark.usefixtures("hundred")
def test_a_hundred_objects_are_drawn_apart_and_lines_pass_behind_none_of_them(
    db: Connection, read_side: SmallReadSide
) -> None:
    graph = dependency_graph(db, read_side)
    assert len(graph.nodes) >= 90
    document = ElementTree.fromstring(svg(graph))
    drawn = boxes(document)
    assert len(drawn) == len(graph.nodes)
    for one, other in combinations(drawn.values(), 2):
        assert not _overlap(one, other)
    for path in document.iter(f"{SVG}path"):
        if path.findtext(f"{SVG}title"):
            for box in drawn.values():
                assert not any(_inside(point, box) for point in _points(path.get("d", "")))


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _points(path: str) -> list[tuple[float, float]]:
    """The points that a line runs through, and the middle of each level stretch."""
    ends = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)(?= [LC]|$)", path)]
    level = [((a[0] + b[0]) / 2, a[1]) for a, b in pairwise(ends) if a[1] == b[1]]
    return ends[1:-1] + level


def _inside(point: tuple[float, float], box: tuple[float, ...]) -> bool:
    return box[0] < point[0] < box[2] and box[1] < point[1] < box[3]


EDGES = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=40)


@settings(max_examples=60)
@given(EDGES)
def test_any_graph_cycles_included_is_laid_out_from_left_to_right(
    pairs: list[tuple[int, int]],
) -> None:
    nodes = [f"n{number}" for number in range(15)]
    edges = {(f"n{a}", f"n{b}") for a, b in pairs if a != b}
    layout = lay_out(nodes, sorted(edges))
    assert set(layout.places) == set(nodes)
    assert set(layout.lines) == edges
    for way in layout.lines.values():
        columns = [place.column for place in way]
        assert columns == list(range(columns[0], columns[0] + len(columns)))
    by_column: dict[int, list[float]] = {}
    for place in layout.places.values():
        by_column.setdefault(place.column, []).append(place.height)
    for heights in by_column.values():
        heights.sort()
        assert all(b - a > 1 - 1e-6 for a, b in pairwise(heights))


def test_nothing_at_all_is_a_picture_too() -> None:
    empty = Graph({}, ())
    assert ElementTree.fromstring(svg(empty)).tag == f"{SVG}svg"
    assert mermaid(empty).startswith("flowchart")
    assert dot(empty).endswith("}\n")


def test_a_name_of_any_length_fits_its_box() -> None:
    long = "query." + "x" * 500
    document = ElementTree.fromstring(svg(Graph({long: GraphNode(long, "query", "view")}, ())))
    (box,) = boxes(document).values()
    assert box[2] - box[0] < 400
    assert box[3] - box[1] == BOX
