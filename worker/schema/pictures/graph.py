"""The dependency graph that pictures are drawn of: the catalogue's objects, and the registry's."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from worker.base.db import Connection
from worker.schema.catalogue.dependencies import qualified_rows
from worker.schema.catalogue.read_side import ReadSide
from worker.schema.change.change import DEFAULT_SCHEMAS, Schemas
from worker.schema.errors import UnknownObject
from worker.schema.pictures import SQL
from worker.schema.statements.names import ObjectName


@dataclass(frozen=True, slots=True)
class GraphNode:
    """An object of the catalogue, or (with `schema` empty) a projection, query, tag or schedule."""

    name: str
    schema: str
    kind: str

    @property
    def label(self) -> str:
        """The name as it is written into pictures: the kind stands beside it."""
        return self.name if self.schema else self.name.removeprefix(f"{self.kind} ")


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """`dependant` depends on `on`."""

    on: str
    dependant: str
    link: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by name, and the edges between them; `middle` is the object that it was asked for."""

    nodes: Mapping[str, GraphNode]
    edges: tuple[GraphEdge, ...]
    schemas: Schemas = DEFAULT_SCHEMAS
    middle: str | None = None

    def above(self, name: str) -> set[str]:
        """Everything that an object depends on, at any distance, itself included."""
        return _closure([name], [(edge.dependant, edge.on) for edge in self.edges])

    def below(self, name: str) -> set[str]:
        """Everything that depends on an object, at any distance, itself included."""
        return _closure([name], [(edge.on, edge.dependant) for edge in self.edges])

    def only(self, names: Collection[str]) -> Graph:
        """The part of the graph between some nodes."""
        edges = tuple(edge for edge in self.edges if edge.on in names and edge.dependant in names)
        return Graph(
            {name: node for name, node in self.nodes.items() if name in names}, edges, self.schemas
        )


def dependency_graph(
    connection: Connection,
    read_side: ReadSide,
    schemas: Schemas = DEFAULT_SCHEMAS,
    object_name: str | None = None,
) -> Graph:
    """The two sides, what lies between them and what the registry adds; or all around one object.

    Objects of either side that nothing ties to another are left out. Raises UnknownObject when
    there is no such object, psycopg.errors.InvalidSchemaName when there is no such schema.
    """
    connection.execute(SQL["require_schemas"], {"schemas": [schemas.command, schemas.query]})
    whole = _catalogue(connection, schemas)
    if object_name is not None:
        middle = _known(connection, read_side, schemas, object_name)
        part = whole.only(whole.above(middle.name) | whole.below(middle.name))
        part = Graph({middle.name: middle, **part.nodes}, part.edges, schemas, middle.name)
        return _with_registry(part, read_side)
    objects = _objects(connection, schemas)
    part = _with_registry(Graph({**objects, **whole.nodes}, whole.edges, schemas), read_side)
    return part.only(_tied(part))


def _objects(connection: Connection, schemas: Schemas) -> dict[str, GraphNode]:
    """Every object of both sides."""
    return {
        name: GraphNode(name, schema, kind)
        for schema in (schemas.command, schemas.query)
        for name, kind in connection.execute(SQL["objects_of"], {"schema": schema})
    }


def _catalogue(connection: Connection, schemas: Schemas) -> Graph:
    """Every dependency in the database, but for the way of rows up from a partition."""
    rows = qualified_rows(connection, SQL["edges"])
    nodes: dict[str, GraphNode] = {}
    edges = []
    for schema, name, kind, dependant_schema, dependant, dependant_kind, link in rows:
        nodes[name] = GraphNode(name, schema, kind)
        nodes[dependant] = GraphNode(dependant, dependant_schema, dependant_kind)
        edges.append(GraphEdge(name, dependant, link))
    return Graph(nodes, tuple(edges), schemas)


def _tied(graph: Graph) -> set[str]:
    """Objects of the two sides that something ties to another, and what lies between them."""
    sides = {
        node.name
        for node in graph.nodes.values()
        if node.schema in ("", graph.schemas.command, graph.schemas.query)
    }
    steps = [(edge.on, edge.dependant) for edge in graph.edges]
    between = _closure(sides, steps) & _closure(sides, [(b, a) for a, b in steps])
    return {name for edge in graph.only(between).edges for name in (edge.on, edge.dependant)}


def _closure(roots: Iterable[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    following: dict[str, list[str]] = {}
    for source, target in steps:
        following.setdefault(source, []).append(target)
    reached, ahead = set(roots), list(roots)
    while ahead:
        for name in following.get(ahead.pop(), ()):
            if name not in reached:
                reached.add(name)
                ahead.append(name)
    return reached


def _known(connection: Connection, read_side: ReadSide, schemas: Schemas, text: str) -> GraphNode:
    """The object of this name. A function may be named without its arguments."""
    try:
        wanted = ObjectName.parse(text)
    except ValueError as error:
        raise UnknownObject(text, f"{error}{_hint(connection, schemas, text)}") from None
    rows = connection.execute(SQL["objects_of"], {"schema": wanted.schema}).fetchall()
    kinds: dict[str, str] = dict(rows)
    for name, kind in kinds.items():
        if name == str(wanted) or name.partition("(")[0] == str(wanted):
            return GraphNode(name, wanted.schema, kind)
    hint = _registry_hint(connection, read_side, schemas, text) or _meant(str(wanted), kinds)
    raise UnknownObject(text, f"there is no such object{hint}")


def _hint(connection: Connection, schemas: Schemas, text: str) -> str:
    """What a name without its schema may have meant, on either side."""
    names = _objects(connection, schemas)
    exact = [name for name in names if ObjectName.parse(name).name == text]
    return f"; did you mean {' or '.join(exact)}?" if exact else ""


def _registry_hint(connection: Connection, read_side: ReadSide, schemas: Schemas, text: str) -> str:
    """Where a projection, query, tag or schedule of this name belongs."""
    objects = [ObjectName.parse(name) for name in _objects(connection, schemas)]
    named = [dependent for dependent in read_side.dependents_of(objects) if dependent.name == text]
    if not named:
        return ""
    on = ", ".join(dict.fromkeys(str(dependent.object) for dependent in named))
    return f", but a {named[0].kind.value}: name what it depends on, {on}"


def _meant(text: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(text, names, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _with_registry(graph: Graph, read_side: ReadSide) -> Graph:
    """The same with what the registry knows of."""
    nodes, edges = dict(graph.nodes), list(graph.edges)
    for dependent in read_side.dependents_of([ObjectName.parse(name) for name in graph.nodes]):
        nodes[str(dependent)] = GraphNode(str(dependent), "", dependent.kind.value)
        edges.append(GraphEdge(str(dependent.object), str(dependent), dependent.kind.value))
    return replace(graph, nodes=nodes, edges=tuple(edges))
