# SPDX-License-Identifier: MIT
"""AudioGraph: processors by name, cables between them, signals through, and what was heard in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np

from .errors import BadValueError, NotFoundError, OfflineError
from .kernel import seed_of
from .library import nearest
from .processors import Module, Processor
from .signals import Array, Signals, as_signal, as_signals
from .wiring import (INPUT, OUTPUT, Cable, Place, check_no_cycle, count_of, in_order, match,
                     names_of, port_of, split)

_P = TypeVar("_P", bound=Processor)
_INTERFACE = ("init", "process", "set_param", "get_param", "get_num_inputs", "get_num_outputs")


class AudioGraph:
    """Processors in a graph without loops; all signals are mono float32, N channels are N signals.

        graph = AudioGraph(sample_rate=44100, capture_intermediates=True)
        graph.add_processor("gain", Module("gain", amp=0.5))
        graph.add_processor("filter", Module("svf", freq=1000))
        graph.connect("gain", "filter")
        (low,) = graph.process(signal, chunk_size=512)
        graph.get_captured_signal("gain")

    `chunk_size` says how many frames go through at a time. Of modules and patches it never changes a bit: if it
    does of a processor of yours, that one loses state.
    """

    def __init__(self, sample_rate: int = 48000, capture_intermediates: bool = False) -> None:
        """sample_rate: frames a second, of all. capture_intermediates: keep every processor's outputs."""
        self.sample_rate = sample_rate
        self.capture_intermediates = capture_intermediates
        self._processors: dict[str, Processor] = {}
        self._cables: list[Cable] = []
        self._captured: dict[str, list[Array]] | None = None

    @property
    def processors(self) -> Mapping[str, Any]:
        """All processors by name, in the order that they were added: `graph.processors["gain"].set_param(...)`."""
        return MappingProxyType(self._processors)

    @property
    def cables(self) -> tuple[Cable, ...]:
        """All connections, in order."""
        return tuple(self._cables)

    # ---- building ------------------------------------------------------------------------------

    def add_processor(self, name: str, processor: _P) -> _P:
        """Adds a processor, calls its `init(sample_rate)`, and gives it back.

        Raises BadValueError for a name that is taken, or an object that lacks something of `Processor`.
        """
        if not isinstance(name, str) or not name or name in (INPUT, OUTPUT):
            raise BadValueError("bad-value", f"{name!r} cannot be a processor's name",
                                hint='"input" and "output" are the graph\'s own')
        if name in self._processors:
            raise BadValueError("duplicate", f"there is a processor `{name}`", path=name)
        missing = [m for m in _INTERFACE if not callable(getattr(processor, m, None))]
        if missing:
            raise BadValueError("bad-type", f"{type(processor).__name__} is no processor",
                                path=name, hint="it lacks " + ", ".join(missing))
        if any(p is processor for p in self._processors.values()):
            raise BadValueError("duplicate", "that very processor is in the graph already", path=name,
                                hint="each has a state of its own: make another")
        if isinstance(processor, Module) and processor.seed is None:
            processor.seed = seed_of(name)
        processor.init(self.sample_rate)
        self._processors[name] = processor
        return processor

    def remove_processor(self, name: str) -> None:
        """Takes one out, and its cables."""
        self._find(name)
        del self._processors[name]
        self._cables = [c for c in self._cables if name not in (c.source, c.to)]

    def _find(self, name: str) -> Processor:
        if name not in self._processors:
            known = [*self._processors, INPUT, OUTPUT]
            raise NotFoundError("not-found", f"no such processor: `{name}`", path=name,
                                hint=nearest(name, known) or "there are " + ", ".join(known))
        return self._processors[name]

    def connect(self, source: Place, to: Place, amount: float = 1.0) -> None:
        """A cable, times `amount`. Several into one channel add up, in the order that they were made.

        source, to: a processor ("gain"), one of its channels ("filter.low", ("filter", 0)), or the graph's own
        "input" and "output" ("input.1" is the second channel). Into a module's parameter ("filter.freq") a signal
        takes the place of the default, and adds to what was set: in the parameter's unit.
        Where no channel is said: left to left and right to right if both have such; all to all where channels have
        no names; else `out` (or the first) to `in` (or the first).

        Raises NotFoundError with the nearest name, BadValueError where the numbers of channels do not fit, and
        OfflineError ("cycle") that names the loop it would close.
        """
        made = self._route(source, to, float(amount))
        check_no_cycle(made, self._cables)
        self._cables += made

    def _route(self, source: Place, to: Place, amount: float) -> list[Cable]:
        (a, a_port), (b, b_port) = split(source, self._processors), split(to, self._processors)
        if a == OUTPUT or b == INPUT:
            raise BadValueError("bad-value", f"nothing goes from {a} to {b}", path=f"{a} -> {b}",
                                hint='connect("input", ...), connect(..., "output")')
        if a_port is not None and b_port is None:
            b_port = self._main_port(b)
        elif b_port is not None and a_port is None:
            a_port = self._main_port(a, "output")
        if a_port is not None and b_port is not None:
            channel, port = self._index(a, a_port, "output"), self._index(b, b_port, "input")
            return [Cable(a, int(channel), b, port, amount)]
        return [Cable(a, i, b, j, amount) for i, j in self._pairs(a, b)]

    def _index(self, name: str, port: str | int, side: str) -> int | str:
        if name not in (INPUT, OUTPUT):
            return port_of(self._find(name), name, port, side)
        if str(port).isdigit():
            return int(port)
        raise NotFoundError("not-found", f"`{name}` has no channel `{port}`", path=f"{name}.{port}",
                            hint=f'channels count from 0: "{name}.0"')

    def _main_port(self, name: str, side: str = "input") -> int:
        """The channel that is meant where none is said, and the other end says one."""
        if name in (INPUT, OUTPUT):
            return 0
        names = names_of(self._find(name), side) or []
        main = "out" if side == "output" else "in"
        return names.index(main) if main in names else 0

    def _channels(self, name: str, side: str) -> tuple[list[str] | None, int]:
        if name in (INPUT, OUTPUT):
            return None, 0
        processor = self._find(name)
        return names_of(processor, side), count_of(processor, side)

    def _pairs(self, a: str, b: str) -> list[tuple[int, int]]:
        """Of whole processors; the graph's ends have as many channels as the other side wants."""
        outs, ins = self._channels(a, "output"), self._channels(b, "input")
        if a == INPUT:
            stereo = ins[0] is not None and "left" in ins[0] and "in" not in ins[0]
            outs = None, 2 if stereo else 1 if ins[0] is not None else ins[1]
        if b == OUTPUT:
            stereo = outs[0] is not None and "left" in outs[0]
            ins = None, 2 if stereo else 1 if outs[0] is not None else outs[1]
        return match(outs, ins, (a, b))

    # ---- signals -------------------------------------------------------------------------------

    def process(self, inputs: Signals | None = None, chunk_size: int | None = None, *,
                frames: int | None = None, keep_state: bool = False) -> list[Array]:
        """Signals through the graph: those of "input" in, a list of those of "output" out.

        inputs: (frames,), (channels, frames), or a list of mono signals; None where the graph has sources only:
        then `frames` says how many. chunk_size: frames at a time; None: all at once.
        Every call begins afresh; with `keep_state` it goes on where the last one ended.
        A graph in which nothing was connected to "input" or "output" takes the one processor that nothing leads to,
        or that leads nowhere, for that.

        Raises BadValueError for wrong numbers of channels, shapes, types and NaN, with what to do.
        """
        signals = as_signals(inputs, "inputs")
        return self._pass(signals, self._completed(bool(signals)), chunk_size, frames, keep_state)

    def process_serial(self, signal: Signals | None = None, chunk_size: int | None = None, *,
                       frames: int | None = None, keep_state: bool = False) -> Array:
        """A signal through all processors, one after the other, as they were added; cables do not matter.

        signal: (frames,) or (channels, frames). Gives (frames,), or (channels, frames) where there are several.
        All else as `process`.
        """
        if not self._processors:
            raise OfflineError("missing", "there are no processors", hint="add_processor")
        signals = as_signals(signal, "signal")
        names = list(self._processors)
        cables = []
        if signals:
            first = self._processors[names[0]]
            pairs = match((None, len(signals)),
                          (names_of(first, "input"), count_of(first, "input")), (INPUT, names[0]))
            cables = [Cable(INPUT, i, names[0], j, 1.0) for i, j in pairs]
        for a, b in zip(names, [*names[1:], OUTPUT]):
            cables += self._route(a, b, 1.0)
        out = self._pass(signals, cables, chunk_size, frames, keep_state)
        return out[0] if len(out) == 1 else np.stack(out)

    def svg(self) -> str:
        """A picture of the graph: processors with the channels that are used, cables with their amounts."""
        from .drawing import draw_graph
        return draw_graph(self)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg()}</div>'

    def reset(self) -> None:
        """All processors forget what they have heard, and what was captured is gone; parameters stay."""
        for processor in self._processors.values():
            if callable(getattr(processor, "reset", None)):
                processor.reset()  # type: ignore[attr-defined]
            else:
                processor.init(self.sample_rate)
        self._captured = None

    def _completed(self, wants_input: bool) -> list[Cable]:
        """The cables, and those from "input" and to "output" where nobody made one and it is plain."""
        cables = list(self._cables)
        if wants_input and not any(c.source == INPUT for c in cables):
            fed = {c.to for c in cables}
            roots = [n for n, p in self._processors.items()
                     if n not in fed and p.get_num_inputs() > 0]
            cables = self._route(INPUT, self._only(roots, INPUT), 1.0) + cables
        if not any(c.to == OUTPUT for c in cables):
            heard = {c.source for c in cables}
            cables += self._route(
                self._only([n for n in self._processors if n not in heard], OUTPUT), OUTPUT, 1.0)
        return cables

    def _only(self, names: list[str], end: str) -> str:
        if len(names) == 1:
            return names[0]
        what = ", ".join(names) or "no processor"
        example = 'connect("input", NAME)' if end == INPUT else 'connect(NAME, "output")'
        raise OfflineError("missing", f"nothing is connected to {end!r}, and {what} might be",
                           hint=f"{example} says which")

    # ---- a pass --------------------------------------------------------------------------------

    def _pass(self, signals: list[Array], cables: list[Cable], chunk_size: int | None,
              frames: int | None, keep_state: bool) -> list[Array]:
        total = self._frames(signals, frames)
        if chunk_size is not None and (not isinstance(chunk_size, int) or chunk_size < 1):
            raise BadValueError("bad-value", f"{chunk_size!r} frames at a time", path="chunk_size",
                                hint="1 or more; None is all at once")
        wanted = max((c.channel + 1 for c in cables if c.source == INPUT), default=0)
        if signals and len(signals) != wanted:
            raise BadValueError("bad-value", f"{len(signals)} channels, where the graph takes {wanted}",
                                path="inputs", hint='connect("input.1", ...) takes a second one')
        if not keep_state:
            self.reset()
        signals = signals or [np.zeros(total, np.float32)] * wanted
        order = in_order(list(self._processors), cables)
        outputs = np.zeros((max((int(c.to_port) + 1 for c in cables if c.to == OUTPUT), default=0),
                            total), np.float32)
        captured = {n: np.zeros((p.get_num_outputs(), total), np.float32)
                    for n, p in self._processors.items()} if self.capture_intermediates else {}
        into: dict[str, list[Cable]] = {}
        for cable in cables:
            into.setdefault(cable.to, []).append(cable)
        for start in range(0, total, chunk_size or max(1, total)):
            end = min(total, start + (chunk_size or total))
            heard = {INPUT: [s[start:end] for s in signals]}
            for name in order:
                heard[name] = self._run(name, into.get(name, []), heard, end - start)
                if captured:
                    captured[name][:, start:end] = heard[name]
            for port, cabled in _by_port(into.get(OUTPUT, [])).items():
                outputs[int(port), start:end] = _sum(cabled, heard, 0.0)
        self._captured = {n: list(c) for n, c in captured.items()}
        return list(outputs)

    @staticmethod
    def _frames(signals: list[Array], frames: int | None) -> int:
        if signals and frames is not None and frames != len(signals[0]):
            raise BadValueError("bad-value", f"frames={frames}, and inputs of {len(signals[0])}",
                                path="frames", hint="it is for graphs without inputs")
        if not signals and frames is None:
            raise BadValueError("missing", "how many frames?", path="frames",
                                hint="inputs=[...], or frames=48000 where there are none")
        return len(signals[0]) if signals else int(frames or 0)

    def _run(self, name: str, cables: list[Cable], heard: Mapping[str, Sequence[Array]],
             frames: int) -> list[Array]:
        processor = self._processors[name]
        ports = _by_port(cables)
        count = processor.get_num_inputs()
        inputs = [_sum(ports[i], heard, 0.0) if i in ports else None for i in range(count)]
        if isinstance(processor, Module):
            params = {p: _sum(c, heard, processor.written.get(p, 0.0))
                      for p, c in ports.items() if isinstance(p, str)}
            try:
                return processor.run(inputs, params, frames)
            except BadValueError as error:
                raise error.within(name)
        # its own to change: copies
        given = [np.zeros(frames, np.float32) if s is None else s.copy() for s in inputs]
        made = processor.process(given) if count else processor.process([], frames)  # type: ignore[call-arg]
        return self._checked(name, made, frames)

    def _checked(self, name: str, made: Any, frames: int) -> list[Array]:
        count = self._processors[name].get_num_outputs()
        if not isinstance(made, (list, tuple, np.ndarray)) or len(made) != count:
            what = f"{len(made)} signals" if hasattr(made, "__len__") else type(made).__name__
            raise BadValueError("bad-value", f"it gave {what}, where it has {count} outputs", path=name,
                                hint="process returns a list of mono signals")
        return [as_signal(s, f"{name}.{i}", frames).copy() for i, s in enumerate(made)]

    # ---- what was heard ------------------------------------------------------------------------

    def get_captured_signal(self, name: str, channel: int | str = 0) -> Array:
        """What a processor gave in the last pass: all its frames, whatever the chunks. `channel`: index or name.

        Raises OfflineError where nothing was captured, NotFoundError for a name that is none.
        """
        signals = self.get_all_captured_signals()
        index = port_of(self._find(name), name, channel, "output")
        return signals[name][int(index)]

    def get_all_captured_signals(self) -> dict[str, list[Array]]:
        """All processors' outputs in the last pass, by name: lists of mono signals."""
        if not self.capture_intermediates:
            raise OfflineError("missing", "nothing was captured",
                               hint="AudioGraph(..., capture_intermediates=True)")
        if self._captured is None:
            raise OfflineError("missing", "nothing was captured yet", hint="process first")
        return dict(self._captured)


def _by_port(cables: list[Cable]) -> dict[int | str, list[Cable]]:
    ports: dict[int | str, list[Cable]] = {}
    for cable in cables:
        ports.setdefault(cable.to_port, []).append(cable)
    return ports


def _sum(cables: list[Cable], heard: Mapping[str, Sequence[Array]], base: float) -> Array:
    """What comes to a port, from left to right as the engine adds it."""
    total: Array | None = np.full(1, base, np.float32) if base else None
    for cable in cables:
        signal = heard[cable.source][cable.channel]
        if cable.amount != 1:
            signal = signal * np.float32(cable.amount)
        total = signal if total is None else total + signal
    assert total is not None
    return total
