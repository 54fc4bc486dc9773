"""The dependency graph as text: for Mermaid, for Graphviz."""

from __future__ import annotations

from collections.abc import Iterator

from worker.schema.catalogue.dependencies import FOREIGN_KEY
from worker.schema.change.change import Schemas
from worker.schema.pictures.graph import Graph, GraphNode

_MERMAID_SHAPES = {
    "table": ("[", "]"),
    "materialized view": ("[[", "]]"),
    "function": ("{{", "}}"),
    "projection": ("[/", "/]"),
}
_DOT_SHAPES = {
    "table": "box",
    "materialized view": "box3d",
    "function": "hexagon",
    "projection": "parallelogram",
}
COLOURS = {
    "command": ("#dbe9ff", "#2f5fb3"),
    "query": ("#ddf3e0", "#2e7d43"),
    "registry": ("#f1e3fa", "#7b3fa0"),
    "other": ("#eeeeee", "#666666"),
}
"""Fill and line for each side."""


def side_of(node: GraphNode, schemas: Schemas) -> str:
    """Which side a node belongs to: "command", "query", "registry" or "other"."""
    if not node.schema:
        return "registry"
    sides = {schemas.command: "command", schemas.query: "query"}
    return sides.get(node.schema, "other")


def mermaid(graph: Graph) -> str:
    """A flowchart for Mermaid, as Markdown renderers show it."""
    return "\n".join(_mermaid(graph)) + "\n"


def _mermaid(graph: Graph) -> Iterator[str]:
    ids = {name: f"n{number}" for number, name in enumerate(graph.nodes)}
    yield "flowchart LR"
    for group, nodes in _groups(graph).items():
        yield f"  subgraph {_id(group)}[{_mermaid_text(group)}]"
        for node in nodes:
            opening, closing = _MERMAID_SHAPES.get(node.kind, ("(", ")"))
            side = side_of(node, graph.schemas)
            yield f"    {ids[node.name]}{opening}{_mermaid_text(node.label)}{closing}:::{side}"
        yield "  end"
    for edge in graph.edges:
        arrow = "-.->" if edge.link == FOREIGN_KEY else "-->"
        yield f"  {ids[edge.on]} {arrow}|{_mermaid_text(edge.link)}| {ids[edge.dependant]}"
    for side, (fill, line) in COLOURS.items():
        yield f"  classDef {side} fill:{fill},stroke:{line},color:#111"


def _mermaid_text(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;").replace("\n", " ") + '"'


def _id(group: str) -> str:
    """An identifier for Mermaid, different for different names."""
    return "g_" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in group)


def dot(graph: Graph) -> str:
    """A directed graph for Graphviz."""
    return "\n".join(_dot(graph)) + "\n"


def _dot(graph: Graph) -> Iterator[str]:
    yield "digraph dependencies {"
    yield '  rankdir=LR; node [style=filled, fontname="Helvetica"]; edge [fontsize=9];'
    for number, (group, nodes) in enumerate(_groups(graph).items()):
        yield f"  subgraph cluster_{number} {{ label={_dot_text(group)};"
        for node in nodes:
            fill, line = COLOURS[side_of(node, graph.schemas)]
            shape = _DOT_SHAPES.get(node.kind, "ellipse")
            yield (
                f"    {_dot_text(node.name)} [shape={shape}, fillcolor={_dot_text(fill)},"
                f" color={_dot_text(line)}, tooltip={_dot_text(node.kind)}];"
            )
        yield "  }"
    for edge in graph.edges:
        style = ", style=dashed" if edge.link == FOREIGN_KEY else ""
        yield (
            f"  {_dot_text(edge.on)} -> {_dot_text(edge.dependant)}"
            f" [label={_dot_text(edge.link)}{style}];"
        )
    yield "}"


def _dot_text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _groups(graph: Graph) -> dict[str, list[GraphNode]]:
    """Nodes by schema, the registry's last."""
    groups: dict[str, list[GraphNode]] = {}
    for node in sorted(graph.nodes.values(), key=lambda each: (not each.schema, each.name)):
        groups.setdefault(node.schema or "registry", []).append(node)
    return groups
