# SPDX-License-Identifier: MIT
"""Where the boxes of a patch's picture stand: columns by the way of the signal, few crossings, short cables.

After K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981:
columns by longest path, cables over several columns cut by dummies, columns sorted again and again by where their
cables lead. Within a column boxes stand as near to that as they can (pool adjacent violators).
"""

from __future__ import annotations

from dataclasses import dataclass, field

GAP_X, GAP_Y = 58.0, 16.0
_SWEEPS, _SORTED_SWEEPS = 40, 28
_CROSSINGS_COUNTED_MAX = 300  # cables; beyond that lengths must do
_DUMMIES_MAX = 3000  # beyond that long cables go straight


@dataclass
class Box:
    """Something that stands in a column. `rows` are the heights of its ends of cables, from its top."""

    width: float
    height: float
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    dummy: bool = False


@dataclass
class Edge:
    """A cable from one box to another, `out` and `into` below their tops; `via` are its dummies."""

    source: Box
    out: float
    to: Box
    into: float
    back: bool = False  #: closes a loop: runs from right to left
    via: list[Box] = field(default_factory=list)

    def points(self) -> list[tuple[float, float]]:
        """Where it goes: from the right of its source, through its dummies, to the left of its end."""
        inner = [(b.x + b.width / 2, b.y) for b in self.via]
        return [(self.source.x + self.source.width, self.source.y + self.out), *inner,
                (self.to.x, self.to.y + self.into)]


def _find_loops(boxes: list[Box], edges: list[Edge]) -> None:
    """Marks the cables that close loops, depth first."""
    after: dict[int, list[Edge]] = {}
    for e in edges:
        after.setdefault(id(e.source), []).append(e)
    colour: dict[int, int] = {}
    for box in boxes:
        stack = [(box, iter(after.get(id(box), [])))] if id(box) not in colour else []
        colour.setdefault(id(box), 1)
        while stack:
            at, rest = stack[-1]
            edge = next(rest, None)
            if edge is None:
                colour[id(at)] = 2
                stack.pop()
            elif colour.get(id(edge.to)) == 1:
                edge.back = True
            elif id(edge.to) not in colour:
                colour[id(edge.to)] = 1
                stack.append((edge.to, iter(after.get(id(edge.to), []))))


def _choose_columns(boxes: list[Box], edges: list[Edge]) -> None:
    """Longest paths; then what leads somewhere moves as near to that as it can."""
    forward = [e for e in edges if not e.back]
    for box in boxes:
        box.column = 0
    changed = True
    while changed:
        changed = False
        for e in forward:
            if e.to.column <= e.source.column:
                e.to.column, changed = e.source.column + 1, True
    entered = {id(e.to) for e in forward}
    for box in boxes:
        targets = [e.to.column for e in forward if e.source is box]
        if targets and id(box) not in entered:
            box.column = min(targets) - 1


def _cut(boxes: list[Box], edges: list[Edge]) -> list[list[Box]]:
    """A dummy for each column that a cable passes. Gives the columns."""
    every = list(boxes)
    passed = sum(max(0, e.to.column - e.source.column - 1) for e in edges if not e.back)
    for e in edges:
        if not e.back and passed <= _DUMMIES_MAX:
            e.via = [Box(0, 0, c, dummy=True) for c in range(e.source.column + 1, e.to.column)]
            every += e.via
    columns: list[list[Box]] = [[] for _ in range(max((b.column for b in every), default=0) + 1)]
    for box in every:
        columns[box.column].append(box)
    return columns


Joint = tuple[Box, float, Box, float]  # from a box to one in the next column


def _joints(edges: list[Edge]) -> list[Joint]:
    found: list[Joint] = []
    for e in edges:
        if e.back:
            continue
        chain = [(e.source, e.out), *((b, 0.0) for b in e.via), (e.to, e.into)]
        found += [(a, at, b, bt) for (a, at), (b, bt) in zip(chain, chain[1:])]
    return found


def _settle(column: list[Box], wanted: list[float]) -> None:
    """As near to where they are wanted as they can stand, in this order."""
    offset, blocks = 0.0, []  # of [mean, count]
    offsets = []
    for box, want in zip(column, wanted):
        offsets.append(offset)
        blocks.append([want - offset, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            total = blocks[-1][1] + count
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * count) / total, total]
        offset += box.height + GAP_Y
    means = [mean for mean, count in blocks for _ in range(int(count))]
    for box, mean, below in zip(column, means, offsets):
        box.y = mean + below


def _cost(joints: list[Joint]) -> float:
    lengths = sum(abs(a.y + at - b.y - bt) for a, at, b, bt in joints)
    if len(joints) > _CROSSINGS_COUNTED_MAX:
        return lengths
    crossings = 0
    for i, (a, at, b, bt) in enumerate(joints):
        for c, ct, d, dt in joints[:i]:
            if a.column == c.column:
                crossings += ((a.y + at) - (c.y + ct)) * ((b.y + bt) - (d.y + dt)) < 0
    return lengths + 150 * crossings


def _sweep(columns: list[list[Box]], joints: list[Joint]) -> None:
    """From left to right and back: each box goes to where its cables lead."""
    ends: dict[int, list[tuple[Box, float, float]]] = {}
    for a, at, b, bt in joints:
        ends.setdefault(id(a), []).append((b, bt, at))
        ends.setdefault(id(b), []).append((a, at, bt))
    every = [b for column in columns for b in column]
    best, places = float("inf"), {}
    for column in columns:
        _settle(column, [0.0] * len(column))
    for sweep in range(_SWEEPS):
        order = range(len(columns)) if sweep % 2 == 0 else range(len(columns) - 1, -1, -1)
        for c in order:
            column = columns[c]
            wanted = {}
            for box in column:
                side = [e for e in ends.get(id(box), [])
                        if sweep > _SORTED_SWEEPS or (e[0].column < c) == (sweep % 2 == 0)]
                side = side or ends.get(id(box), [])
                wanted[id(box)] = (sum(o.y + ot - own for o, ot, own in side) / len(side)
                                   if side else box.y)
            if sweep < _SORTED_SWEEPS:
                column.sort(key=lambda b: wanted[id(b)] + b.height / 2)
            _settle(column, [wanted[id(b)] for b in column])
        cost = _cost(joints)
        if cost < best:
            best, places = cost, {id(b): b.y for b in every}
    for box in every:
        box.y = places.get(id(box), box.y)


def lay_out(boxes: list[Box], edges: list[Edge]) -> tuple[float, float]:
    """Gives all boxes their places, from (0, 0). Gives the width and height of the whole."""
    _find_loops(boxes, edges)
    _choose_columns(boxes, edges)
    columns = _cut(boxes, edges)
    _sweep(columns, _joints(edges))
    x = 0.0
    for column in columns:
        width = max((b.width for b in column), default=0.0)
        for box in column:
            # ends of cables to the right in line
            box.x, box.width = (x, width) if box.dummy else (x + width - box.width, box.width)
        x += width + GAP_X
    top = min((b.y for b in boxes), default=0.0)
    for column in columns:
        for box in column:
            box.y -= top
    return x - GAP_X, max((b.y + b.height for b in boxes), default=0.0)
