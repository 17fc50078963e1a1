# SPDX-License-Identifier: MIT
"""Which channel goes where: names of a graph's ends, what two processors' channels mean to each other, loops."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Union

from .errors import BadValueError, NotFoundError, OfflineError
from .library import nearest
from .processors import Module, Processor

INPUT, OUTPUT = "input", "output"  #: the graph's own ends
#: "filt", "filt.low", ("filt", "low"), ("filt", 0)
Place = Union[str, tuple[str, Union[str, int]]]


@dataclass(frozen=True)
class Cable:
    """A signal's way. `to_port` is the index of an input, or the name of a module's parameter."""

    source: str
    channel: int
    to: str
    to_port: int | str
    amount: float


def names_of(processor: Processor, side: str) -> list[str] | None:
    """The names of a processor's inputs or outputs; None where it gives none."""
    names = getattr(processor, f"{side}_names", None)
    return list(names) if names is not None else None


def count_of(processor: Processor, side: str) -> int:
    """How many channels go in ("input") or come out ("output")."""
    return processor.get_num_inputs() if side == "input" else processor.get_num_outputs()


def split(place: Place, known: Iterable[str]) -> tuple[str, str | int | None]:
    """The processor's name and, if said, its port."""
    if isinstance(place, tuple):
        if len(place) != 2:
            raise BadValueError("bad-value", f"{place!r} is no place in a graph",
                                hint='"filt", "filt.low", ("filt", "low") or ("filt", 0)')
        return place
    names = {*known, INPUT, OUTPUT}
    if place in names or "." not in place:
        return place, None
    # the longest name that fits: names may have points in them
    fitting = [n for n in names if place.startswith(n + ".")]
    name = max(fitting, key=len) if fitting else place.split(".", 1)[0]
    return name, place[len(name) + 1:]


def port_of(processor: Processor, name: str, port: str | int, side: str) -> int | str:
    """The index of a channel, or the name of a module's parameter. Raises NotFoundError with the nearest."""
    names, count = names_of(processor, side), count_of(processor, side)
    if isinstance(port, str) and names and port in names:
        return names.index(port)
    if isinstance(port, str) and side == "input" and isinstance(processor, Module):
        if port in processor.params:
            return port
    if isinstance(port, int) or port.isdigit():
        if 0 <= int(port) < count:
            return int(port)
    known = names or [str(i) for i in range(count)]
    if side == "input" and isinstance(processor, Module):
        known = known + list(processor.params)
    raise NotFoundError("not-found", f"`{name}` has no {side} `{port}`", path=f"{name}.{port}",
                        hint=nearest(str(port), known) or "it has " + (", ".join(known) or "none"))


def _bundle(names: Sequence[str] | None, count: int, main: str) -> list[int]:
    """The channels that stand for a whole processor: all without names, left and right, or the main one."""
    if names is None:
        return list(range(count))
    if "left" in names and "right" in names:
        return [names.index("left"), names.index("right")]
    if main in names:
        return [names.index(main)]
    return [0] if names else []


def _main(names: Sequence[str] | None, main: str) -> int:
    return names.index(main) if names and main in names else 0


def match(source: tuple[Sequence[str] | None, int], to: tuple[Sequence[str] | None, int],
          ends: tuple[str, str]) -> list[tuple[int, int]]:
    """Pairs of channels for a cable between two processors, no ports said.

    Left to left and right to right where both are stereo; all to all, one by one, where channels have no names;
    else the main ones: `out` (or the first) to `in` (or the first).
    """
    outs, ins = _bundle(*source, "out"), _bundle(*to, "in")
    if not outs or not ins:
        side = f"`{ends[1]}` has no inputs" if outs else f"`{ends[0]}` has no outputs"
        raise BadValueError("bad-value", side, path=" -> ".join(ends))
    if len(outs) == len(ins):
        return list(zip(outs, ins))
    if source[0] is not None or len(outs) == 1:
        if to[0] is not None or len(ins) == 1:
            return [(_main(source[0], "out"), _main(to[0], "in"))]
    raise BadValueError("bad-value", f"{len(outs)} channels into {len(ins)}", path=" -> ".join(ends),
                        hint=f'say which: connect("{ends[0]}.0", "{ends[1]}.0")')


def path_between(start: str, end: str, cables: Iterable[Cable]) -> list[str] | None:
    """The names on the shortest way along the cables, or None."""
    after: dict[str, list[str]] = {}
    for cable in cables:
        after.setdefault(cable.source, []).append(cable.to)
    before: dict[str, str | None] = {start: None}
    waiting = deque([start])
    while waiting:
        name = waiting.popleft()
        if name == end:
            way: list[str] = []
            at: str | None = name
            while at is not None:
                way.append(at)
                at = before[at]
            return way[::-1]
        for following in after.get(name, ()):
            if following not in before:
                before[following] = name
                waiting.append(following)
    return None


def check_no_cycle(new: Iterable[Cable], cables: Sequence[Cable]) -> None:
    """Raises OfflineError ("cycle") that names the way round, were these to be connected."""
    for cable in new:
        way = path_between(cable.to, cable.source, cables)
        if way:
            raise OfflineError(
                "cycle", "cables form a cycle: " + " -> ".join([cable.source, *way]),
                path=f"{cable.source} -> {cable.to}",
                hint="a loop belongs into one processor: a Patch with a `z1` (one frame) or a `feedback` "
                     "(a block) in it, as a PatchProcessor, or one of your own")


def in_order(names: Sequence[str], cables: Iterable[Cable]) -> list[str]:
    """Names such that sources come first; else as they were added."""
    sources: dict[str, set[str]] = {name: set() for name in names}
    for cable in cables:
        if cable.source in sources and cable.to in sources:
            sources[cable.to].add(cable.source)
    ordered: list[str] = []
    while len(ordered) < len(sources):
        done = set(ordered)
        ordered.append(next(n for n in names if n not in done and sources[n] <= done))
    return ordered
