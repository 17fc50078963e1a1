# SPDX-License-Identifier: MIT
"""Patches and graphs as SVG pictures: nodes with the ports that cables use, knobs, amounts, colours for scopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from .layout import Box, Edge, lay_out
from .patch import Node, Patch

if TYPE_CHECKING:
    from .graph import AudioGraph

_FONT = "font-family=\"system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif\""
_VOICE, _SHARED, _KNOB = ("#dce9f7", "#7fa3cc"), ("#f4ead5", "#c2a76a"), ("#e3f2dc", "#86b573")
_ROW, _HEAD, _NOTE, _MARGIN, _TOP = 15.0, 33.0, 12.0, 16.0, 44.0
_WORDS_MAX = 4  # written parameters that are shown; all are in the node's tooltip


def _width(text: str, size: float) -> float:
    return 0.6 * size * len(text)


def _text(x: float, y: float, text: str, size: float, fill: str = "#222", anchor: str = "start",
          more: str = "") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" fill="{fill}" text-anchor="{anchor}"'
            f'{more}>{escape(text)}</text>')


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


@dataclass
class _Facts:
    """What is shown of a node or a processor."""

    id: str
    type: str
    per_voice: bool
    doc: str
    inputs: Sequence[str]  #: parameters, too: names in order
    outputs: Sequence[str]
    written: Mapping[str, float | str]


class _NodeBox(Box):
    """A node: its head, a row for each cable that comes in, one for each output that is used."""

    def __init__(self, node: _Facts, cables: list[dict[str, Any]]) -> None:
        self.node = node
        into = [c for c in cables if c["to"][0] == node.id]
        into.sort(key=lambda c: node.inputs.index(c["to"][1]))
        self.ins = into
        used = {c["from"][1] for c in cables if c["from"][0] == node.id}
        self.outs = [name for name in node.outputs if name in used]
        written = [f"{name} {_number(value)}" for name, value in node.written.items()]
        self.words = written if len(written) <= _WORDS_MAX else [
            *written[:_WORDS_MAX - 1], f"… {len(written) - _WORDS_MAX + 1} more"]
        left = max((_width(c["to"][1], 10) for c in into), default=0)
        right = max((_width(name, 10) for name in self.outs), default=0)
        self.rows = max(len(into), len(self.outs))
        super().__init__(max(_width(node.id, 13) + 16, _width(node.type, 10) + 16, left + right + 26,
                             *(_width(w, 9) + 16 for w in self.words), 60),
                         _HEAD + _ROW * self.rows + _NOTE * len(self.words) + 5)

    @staticmethod
    def row(index: int) -> float:
        return _HEAD + _ROW * (index + 0.5)

    def draw(self) -> Iterable[str]:
        fill, line = _VOICE if self.node.per_voice else _SHARED
        tip = f"{self.node.id}: {self.node.doc}\n" + "\n".join(
            f"{name} = {_number(value)}" for name, value in self.node.written.items())
        yield (f'<g transform="translate({self.x:.1f} {self.y:.1f})"><title>{escape(tip.strip())}</title>'
               f'<rect width="{self.width:.1f}" height="{self.height:.1f}" rx="5" fill="{fill}"'
               f' stroke="{line}"/>')
        middle = self.width / 2
        yield _text(middle, 15, self.node.id, 13, anchor="middle", more=' font-weight="600"')
        yield _text(middle, 27, self.node.type, 10, "#667", "middle")
        shown = ""
        for i, cable in enumerate(self.ins):
            port = cable["to"][1]
            if port != shown:
                yield _text(8, self.row(i) + 3.5, port, 10)
            yield f'<circle cx="0" cy="{self.row(i):.1f}" r="2.6" fill="{line}"/>'
            shown = port
        for i, name in enumerate(self.outs):
            yield _text(self.width - 8, self.row(i) + 3.5, name, 10, anchor="end")
            yield f'<circle cx="{self.width:.1f}" cy="{self.row(i):.1f}" r="2.6" fill="{line}"/>'
        for i, words in enumerate(self.words):
            yield _text(middle, _HEAD + _ROW * self.rows + _NOTE * (i + 0.7), words, 9, "#778", "middle")
        yield "</g>"


class _KnobBox(Box):
    """A knob: a pill with its name and where it stands."""

    def __init__(self, name: str, value: float, tip: str) -> None:
        self.name, self.value, self.tip = name, value, tip
        super().__init__(_width(name, 12) + 58, 24)

    def draw(self) -> Iterable[str]:
        fill, line = _KNOB
        turn = 0.75 * 2 * 3.14159 * 7
        yield (f'<g transform="translate({self.x:.1f} {self.y:.1f})"><title>{escape(self.tip)}</title>'
               f'<rect width="{self.width:.1f}" height="24" rx="12" fill="{fill}" stroke="{line}"/>'
               f'<g transform="translate(14 12.5) rotate(135)" fill="none" stroke-width="2.4">'
               f'<circle r="7" stroke="#fff" stroke-dasharray="{turn:.2f} 99"/>'
               f'<circle r="7" stroke="#4c8a37" stroke-dasharray="{turn * self.value:.2f} 99"/></g>')
        yield _text(27, 16, self.name, 12)
        yield _text(self.width - 9, 16, f"{self.value:.2g}", 9, "#667", "end") + "</g>"


def _curve(points: list[tuple[float, float]]) -> str:
    """Level at its ends and where it passes a column."""
    (x, y), *rest = points
    path = f"M{x:.1f} {y:.1f}"
    for to_x, to_y in rest:
        bend = max(24.0, abs(to_x - x) / 2)
        path += f"C{x + bend:.1f} {y:.1f} {to_x - bend:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
        x, y = to_x, to_y
    return path


def _loop(points: list[tuple[float, float]], low: float) -> str:
    """A cable that runs back: under everything."""
    (x, y), (to_x, to_y) = points[0], points[-1]
    return (f"M{x:.1f} {y:.1f}C{x + 40:.1f} {y:.1f} {x + 40:.1f} {low:.1f} {x:.1f} {low:.1f}"
            f"L{to_x:.1f} {low:.1f}C{to_x - 40:.1f} {low:.1f} {to_x - 40:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}")


def _amount(cable: dict[str, Any]) -> str:
    """"×0.5", "3 oct": nothing where it is 1 and adds."""
    if cable["as"] != "add":
        return f"{cable['amount']:g} {'oct' if cable['as'] == 'octaves' else 'semi'}"
    return f"×{cable['amount']:g}" if cable["amount"] != 1 else ""


def _legend(entries: Iterable[tuple[tuple[str, str], str]], x: float) -> Iterable[str]:
    for (fill, line), words in entries:
        yield f'<rect x="{x:.1f}" y="14" width="11" height="11" rx="2" fill="{fill}" stroke="{line}"/>'
        yield _text(x + 16, 23.5, words, 10, "#556")
        x += 30 + _width(words, 10)


def _knob_tip(name: str, row: dict[str, Any]) -> str:
    span = row.get("range")
    words = f"{name} = {row.get('value', 0):g}"
    return words + (f": {span[0]:g}…{span[1]:g} {row.get('unit', '')} {row.get('scale', '')}" if span else "")


def _facts(node: Node) -> _Facts:
    info = node.module
    return _Facts(node.id, node.type, node.per_voice, info.doc, [p.name for p in info.inputs] + list(info.params),
                  [p.name for p in info.outputs], node.written)


def draw(patch: Patch) -> str:
    """The picture of a patch, as SVG text; on a white ground, so that it can be read anywhere."""
    cables = patch.cables
    nodes = {id: _NodeBox(_facts(node), cables) for id, node in patch.nodes.items()}
    rows = patch._look().knobs
    knobs = {name: _KnobBox(name, value, _knob_tip(name, rows[name])) for name, value in patch.knobs.items()}
    voices = any(node.node.per_voice for node in nodes.values())
    legend = [(_VOICE, f"per voice ({patch.voices})")] if voices else []
    legend += [(_SHARED, "once")] + ([(_KNOB, "knob")] if knobs else [])
    return _picture(patch.name or "patch", nodes, knobs, legend)


def draw_graph(graph: AudioGraph) -> str:
    """The picture of a graph of processors."""
    from .wiring import INPUT, OUTPUT, names_of
    facts = {}
    for name, p in graph.processors.items():
        ins, outs = ([*(names_of(p, side) or map(str, range(count)))] for side, count in (
            ("input", p.get_num_inputs()), ("output", p.get_num_outputs())))
        written = getattr(p, "written", getattr(p, "values", {}))
        facts[name] = _Facts(name, getattr(p, "type", type(p).__name__), hasattr(p, "params"),
                             (type(p).__doc__ or "").partition("\n")[0],
                             ins + list(getattr(p, "params", ())), outs, written)
    channels = [str(i) for i in range(64)]
    for end in (INPUT, OUTPUT):
        if any(end in (c.source, c.to) for c in graph.cables):
            facts[end] = _Facts(end, "of the graph", False, "", channels, channels, {})
    cables = [{"from": (c.source, facts[c.source].outputs[c.channel]),
               "to": (c.to, c.to_port if isinstance(c.to_port, str) else facts[c.to].inputs[c.to_port]),
               "amount": c.amount, "as": "add"} for c in graph.cables]
    nodes = {name: _NodeBox(f, cables) for name, f in facts.items()}
    return _picture(f"graph, {graph.sample_rate} Hz", nodes, {},
                    [(_VOICE, "module"), (_SHARED, "Python, patch")])


def _picture(title: str, nodes: dict[str, _NodeBox], knobs: dict[str, _KnobBox],
             legend: list[tuple[tuple[str, str], str]]) -> str:
    edges, lines = [], []
    for node in nodes.values():
        for i, cable in enumerate(node.ins):
            source, port = cable["from"]
            box: Box = nodes[source] if source else knobs[port]
            out = _NodeBox.row(nodes[source].outs.index(port)) if source else 12.0
            edges.append(Edge(box, out, node, _NodeBox.row(i)))
            lines.append((edges[-1], cable))
    boxes: list[_KnobBox | _NodeBox] = [*knobs.values(), *nodes.values()]
    width, height = lay_out(list[Box](boxes), edges)
    below = sum(e.back for e in edges)
    size = max(width, 300) + 2 * _MARGIN + 30 * bool(below), height + _TOP + _MARGIN + 14 * below
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}"'
        f' width="{size[0]:.0f}" height="{size[1]:.0f}" {_FONT}>',
        '<rect width="100%" height="100%" rx="8" fill="#fff"/>',
        _text(_MARGIN, 25, title, 15, more=' font-weight="600"'),
        *_legend(legend, _MARGIN + _width(title, 16) + 24),
        f'<g transform="translate({_MARGIN:g} {_TOP:g})">']
    low = height
    for edge, cable in lines:
        low += 14 * edge.back
        way = _loop(edge.points(), low) if edge.back else _curve(edge.points())
        colour, dash = ("#6fa05a", ' stroke-dasharray="4 3"') if isinstance(edge.source, _KnobBox) else (
            "#7a8699", "")
        parts.append(f'<path d="{way}" fill="none" stroke="{colour}" stroke-width="1.4"{dash}/>')
    for drawn in boxes:
        parts += drawn.draw()
    for edge, cable in lines:  # over all, with a white rim
        words = _amount(cable)
        x, y = edge.points()[-1]
        if words:
            parts.append(_text(x - 6, y - 2.5, words, 9, "#8a3b12", "end",
                               ' stroke="#fff" stroke-width="2.5" paint-order="stroke"'))
    return "\n".join([*parts, "</g></svg>"])
