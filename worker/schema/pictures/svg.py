"""The dependency graph as an SVG: what is written on the left, what is read on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from worker.schema.catalogue.dependencies import FOREIGN_KEY
from worker.schema.pictures.graph import Graph, GraphEdge, GraphNode
from worker.schema.pictures.layout import GraphPosition, Layout, lay_out
from worker.schema.pictures.text import COLOURS, side_of

ROW, BOX, GAP, MARGIN, HEAD = 44, 34, 110, 24, 64
"""Pixels: from one node to the next, a node's height, between columns, around all, for the head."""
LETTER, PADDING, LONGEST = 7.1, 20, 44
"""Pixels of a letter and beside the text, and letters of a name before it is cut."""

TITLE = "What depends on what"
_STYLE = """
  text { font: 12px ui-sans-serif, system-ui, "DejaVu Sans", sans-serif; fill: #111 }
  .kind { font-size: 9.5px; fill: #555 }
  .title { font-size: 15px; font-weight: 600 }
  .edge { fill: none; stroke: #8a93a0; stroke-width: 1.2; stroke-opacity: .6 }
  .key { stroke-dasharray: 4 3 }
  .edge:hover { stroke: #d5402b; stroke-width: 2.4; stroke-opacity: 1 }
  .node rect { stroke-width: 1.2; rx: 5px }
  .node:hover rect, .middle rect { stroke-width: 2.8 }
"""
_LIT = "stroke: #d5402b; stroke-width: 2.4; stroke-opacity: 1"


def svg(graph: Graph) -> str:
    """A complete SVG document. Names and kinds in full are in the tooltips; in a browser, a node
    under the pointer lights up the lines that begin or end there."""
    title = f"What {graph.middle} needs, and what needs it" if graph.middle else TITLE
    names = sorted(graph.nodes, key=lambda name: (graph.nodes[name].schema, name))
    layout = lay_out(names, [(e.on, e.dependant) for e in graph.edges if e.on != e.dependant])
    drawing = _Drawing(graph, layout)
    return "\n".join(drawing.lines(title)) + "\n"


class _Drawing:
    """One graph with its layout, in pixels."""

    def __init__(self, graph: Graph, layout: Layout) -> None:
        self.graph, self.layout = graph, layout
        self.numbers = {name: number for number, name in enumerate(layout.places)}
        count = max((place.column for place in layout.places.values()), default=0) + 1
        self.widths = [0.0] * count
        for name, place in layout.places.items():
            width = len(_shown(graph.nodes[name].label)) * LETTER + PADDING
            self.widths[place.column] = max(self.widths[place.column], width)
        self.lefts = [MARGIN + sum(self.widths[:column]) + GAP * column for column in range(count)]

    def lines(self, title: str) -> Iterator[str]:
        width = round(self.lefts[-1] + self.widths[-1] + MARGIN)
        every = [
            *self.layout.places.values(),
            *(p for way in self.layout.lines.values() for p in way),
        ]
        height = round(max((self._y(place) for place in every), default=HEAD) + BOX + MARGIN)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {max(width, 760)} {height}"'
            f' width="{max(width, 760)}" height="{height}">'
        )
        yield f"<style>{_STYLE}"
        yield from (f"  .{side}-edge {{ stroke: {line} }}" for side, (_, line) in COLOURS.items())
        for number in self.numbers.values():
            yield f"  svg:has(.n{number}:hover) :is(.from{number}, .to{number}) {{ {_LIT} }}"
        yield "</style>"
        yield "<defs>"
        yield from (_tip(side, line) for side, (_, line) in COLOURS.items())
        yield "</defs>"
        yield '<rect width="100%" height="100%" fill="#fff"/>'
        yield f'<text class="title" x="{MARGIN}" y="28">{escape(title)}</text>'
        yield from self._legend()
        for edge in self.graph.edges:
            if edge.on != edge.dependant:
                yield self._edge(edge)
        for name, place in self.layout.places.items():
            yield from self._node(self.graph.nodes[name], place)
        yield "</svg>"

    def _y(self, place: GraphPosition) -> float:
        return HEAD + place.height * ROW

    def _legend(self) -> Iterator[str]:
        x = float(MARGIN)
        sides = {side_of(node, self.graph.schemas) for node in self.graph.nodes.values()}
        for side in (each for each in COLOURS if each in sides):
            fill, line = COLOURS[side]
            yield (
                f'<rect x="{x:.0f}" y="38" width="12" height="12" rx="3" fill="{fill}"'
                f' stroke="{line}"/><text class="kind" x="{x + 17:.0f}" y="48">{side}</text>'
            )
            x += 30 + len(side) * LETTER
        yield (
            f'<path class="edge key" d="M{x:.0f},44 h28"/>'
            f'<text class="kind" x="{x + 34:.0f}" y="48">foreign key</text>'
        )

    def _edge(self, edge: GraphEdge) -> str:
        way = self.layout.lines[edge.on, edge.dependant]
        turned = way[0].column > way[-1].column or self.layout.places[edge.on] != way[0]
        points = self._points(way)
        side = side_of(self.graph.nodes[edge.on], self.graph.schemas)
        ends = f"from{self.numbers[edge.on]} to{self.numbers[edge.dependant]}"
        style = f"edge {side}-edge {ends}" + (" key" if edge.link == FOREIGN_KEY else "")
        tip = "marker-start" if turned else "marker-end"
        said = f"{edge.dependant} depends on {edge.on} ({edge.link})"
        return (
            f'<path class="{style}" d="{_curve(points)}" {tip}="url(#tip-{side})">'
            f"<title>{escape(said)}</title></path>"
        )

    def _points(self, way: Sequence[GraphPosition]) -> list[tuple[float, float]]:
        """From the right of the first node, through empty places, to the left of the last."""
        first, *between, last = way
        points = [(self.lefts[first.column] + self.widths[first.column], self._middle(first))]
        for place in between:
            left = self.lefts[place.column]
            points += [
                (left, self._middle(place)),
                (left + self.widths[place.column], self._middle(place)),
            ]
        return [*points, (self.lefts[last.column] - 2, self._middle(last))]

    def _middle(self, place: GraphPosition) -> float:
        return self._y(place) + BOX / 2

    def _node(self, node: GraphNode, place: GraphPosition) -> Iterator[str]:
        fill, line = COLOURS[side_of(node, self.graph.schemas)]
        x, y, width = self.lefts[place.column], self._y(place), self.widths[place.column]
        style = f"node n{self.numbers[node.name]}"
        style += " middle" if node.name == self.graph.middle else ""
        yield f'<g class="{style}"><title>{escape(f"{node.kind} {node.label}")}</title>'
        yield (
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{BOX}" fill="{fill}"'
            f' stroke="{line}"/>'
        )
        yield f'<text x="{x + 10:.1f}" y="{y + 15:.1f}">{escape(_shown(node.label))}</text>'
        yield f'<text class="kind" x="{x + 10:.1f}" y="{y + 28:.1f}">{escape(node.kind)}</text></g>'


def _tip(side: str, line: str) -> str:
    """The head of an arrow that begins on this side."""
    return (
        f'<marker id="tip-{side}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        f' markerHeight="7" orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z"'
        f' fill="{line}"/></marker>'
    )


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """Curves that leave and arrive level; a straight line where nothing rises."""
    (x, y), *rest = points
    parts = [f"M{x:.1f},{y:.1f}"]
    for to_x, to_y in rest:
        if to_y == y:
            parts.append(f"L{to_x:.1f},{to_y:.1f}")
        else:
            bend = (to_x - x) / 2
            parts.append(
                f"C{x + bend:.1f},{y:.1f} {to_x - bend:.1f},{to_y:.1f} {to_x:.1f},{to_y:.1f}"
            )
        x, y = to_x, to_y
    return " ".join(parts)


def _shown(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
