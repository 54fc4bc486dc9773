"""What lies around one object: what it needs, and what needs it, each by its best way."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from worker.schema.catalogue.dependencies import FOREIGN_KEY
from worker.schema.pictures.graph import Graph, GraphEdge


@dataclass(frozen=True, slots=True)
class DependencyPath:
    """How `name` is reached: `path` begins at the object in the middle, `links` say each step."""

    name: str
    kind: str
    path: tuple[str, ...]
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Around:
    """An object, what it needs and what needs it, the nearest first."""

    object: str
    kind: str
    needs: tuple[DependencyPath, ...]
    needed_by: tuple[DependencyPath, ...]


def around(graph: Graph, name: str) -> Around:
    """Every node of the graph that an object needs, or that needs it."""
    down = [(edge.on, edge.dependant, edge) for edge in graph.edges]
    up = [(there, here, edge) for here, there, edge in down]
    return Around(
        name,
        graph.nodes[name].kind,
        needs=tuple(_ways(graph, name, up)),
        needed_by=tuple(_ways(graph, name, down)),
    )


GraphStep = tuple[str, str, GraphEdge]


def _ways(graph: Graph, name: str, steps: Iterable[GraphStep]) -> list[DependencyPath]:
    """Ways without a foreign key count before ways with one, then the shortest, then by name."""
    every = sorted(steps, key=lambda step: step[1])
    paths = _search(graph, name, [s for s in every if s[2].link != FOREIGN_KEY])
    paths = _search(graph, name, every) | paths
    return sorted(paths.values(), key=lambda way: (len(way.path), way.name))


def _search(graph: Graph, name: str, steps: Iterable[GraphStep]) -> dict[str, DependencyPath]:
    """Breadth first."""
    following: dict[str, list[GraphStep]] = {}
    for step in steps:
        following.setdefault(step[0], []).append(step)
    paths: dict[str, DependencyPath] = {}
    ahead = deque([DependencyPath(name, "", (name,), ())])
    while ahead:
        here = ahead.popleft()
        for _, there, edge in following.get(here.name, ()):
            if there not in paths and there != name:
                path, links = (*here.path, there), (*here.links, edge.link)
                paths[there] = DependencyPath(there, graph.nodes[there].kind, path, links)
                ahead.append(paths[there])
    return paths
