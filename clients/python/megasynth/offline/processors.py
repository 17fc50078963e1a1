# SPDX-License-Identifier: MIT
"""What can stand in an AudioGraph: modules of the engine, whole patches, and what Python people write.

A processor takes and gives mono float32 signals of one length; N channels are N signals.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Union, runtime_checkable

import numpy as np

from .edits import Json
from .engine import Engine
from .errors import BadValueError, NotFoundError, OfflineError
from .kernel import Kernel, seed_of
from .library import nearest
from .patch import Patch, PathLike, as_patch
from .registry import ModuleInfo, ParamInfo, modules
from .score import Notes, Piece, key_of
from .signals import Array, Signals, as_signal, as_signals, check_finite


@runtime_checkable
class Processor(Protocol):
    """What a graph asks of a processor. Python's own need nothing else.

    One without inputs is a source: it is called as `process([], frames)`. One with a method `reset` has that
    called before each pass, else `init`: it is to begin afresh. `input_names` and `output_names`, lists of
    strings, name its channels; else they are "0", "1" ...
    """

    def init(self, sample_rate: int) -> None:
        """Called before the first signal, with the frames a second."""

    def process(self, inputs: list[Array]) -> list[Array]:
        """Signals in, as many as `get_num_inputs`, each of n frames; signals out, of n frames too."""

    def set_param(self, name: str, value: float) -> None:
        """Writes a parameter, in its unit."""

    def get_param(self, name: str) -> float:
        """Reads it."""

    def get_num_inputs(self) -> int:
        """Channels in."""

    def get_num_outputs(self) -> int:
        """Channels out."""


class AudioProcessor(ABC):
    """A base for Python's own processors: parameters in a dict, names for channels; `process` is yours.

        class Crush(AudioProcessor):
            def __init__(self):
                super().__init__(inputs=["in"], outputs=["out"], params={"steps": 16})

            def process(self, inputs):
                return [np.round(inputs[0] * self.values["steps"]) / self.values["steps"]]
    """

    def __init__(self, inputs: Sequence[str], outputs: Sequence[str],
                 params: Mapping[str, float] | None = None) -> None:
        self.input_names = list(inputs)
        self.output_names = list(outputs)
        self.values: dict[str, float] = dict(params or {})
        self.sample_rate = 48000

    def init(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self.reset()

    def reset(self) -> None:
        """Forgets what it has heard; parameters stay."""

    @abstractmethod
    def process(self, inputs: list[Array]) -> list[Array]:
        ...

    def _require(self, name: str) -> None:
        if name not in self.values:
            raise NotFoundError("not-found", f"no such parameter: `{name}`", path=name,
                                hint=nearest(name, list(self.values)))

    def set_param(self, name: str, value: float) -> None:
        self._require(name)
        self.values[name] = value

    def get_param(self, name: str) -> float:
        self._require(name)
        return self.values[name]

    def get_num_inputs(self) -> int:
        return len(self.input_names)

    def get_num_outputs(self) -> int:
        return len(self.output_names)


# What stands between a patch and its host is, alone, a wire to the caller: inputs, outputs.
_WIRES = {
    "input": (["host"], ["out"]), "bus.in": (["host"], ["out"]), "bus.out": (["in"], ["host"]),
    "output": (["in", "left", "right"], ["left", "right"]),
}


class Module:
    """Any module of the engine as a processor: `Module("svf", freq=800, res=0.3)`.

        filt = Module("svf", freq=800)
        filt.init(44100)
        low, band, high, notch, peak = filt.process([signal])

    It runs the engine's own code: what a node that exists once gives in a patch, this gives, bit for bit. A value
    that is set is there with the next frame; an engine smooths it, unless `ramp_ms=0`, and crossfades a choice. The
    modules that meet the host in a patch are wires to the caller here, without an engine's delay: `input` and
    `bus.in` take what the host would give, `output` and `bus.out` give what it would hear. `note` plays what
    `note_on` says.

    `input_names`, `output_names`: of its channels. `params`: what each parameter is, its unit and range.
    """

    def __init__(self, type: str, /, *, sample_rate: int = 48000, seed: int | None = None,
                 **params: float | str) -> None:
        """seed: of what is random; `seed_of("hiss")` is that of a node "hiss" in a patch. The default is that of
        the type's name; in a graph, that of the processor's name."""
        self.info: ModuleInfo = modules[type]
        self.type = type
        names = _WIRES.get(type)
        self.input_names = names[0] if names else [p.name for p in self.info.inputs]
        self.output_names = names[1] if names else [p.name for p in self.info.outputs]
        self.params: Mapping[str, ParamInfo] = self.info.params
        self.seed = seed
        self.written: dict[str, float] = {}  #: parameters that were set
        self._values = [p.default for p in self.params.values()]
        for name, value in params.items():
            self.set_param(name, value)
        self.init(sample_rate)

    def init(self, sample_rate: int) -> None:
        """Frames a second, 8000..384000; begins afresh, parameters stay."""
        if not 8000 <= sample_rate <= 384000:
            raise BadValueError("bad-value", f"{sample_rate} is not within 8000..384000",
                                path="sample_rate", hint="frames a second")
        self.sample_rate = int(sample_rate)
        self._kernel: Kernel | None = None
        self._line = np.zeros(64, np.float32)  # of `feedback`
        if self.type not in _WIRES and self.type != "feedback":
            self._kernel = Kernel(self.type, self.sample_rate,
                                  seed_of(self.type) if self.seed is None else self.seed)

    def reset(self) -> None:
        """Forgets what it has heard; parameters stay."""
        note = self._kernel.note if self._kernel else None
        self.init(self.sample_rate)
        if self._kernel and note is not None:
            self._kernel.note[:] = note

    # ---- parameters ----------------------------------------------------------------------------

    def set_param(self, name: str, value: float | str) -> None:
        """In its unit, or by a choice's name. Raises NotFoundError, BadValueError."""
        number = self.info.param(name).value(value)
        self.written[name] = number
        self._values[list(self.params).index(name)] = number

    def get_param(self, name: str) -> float:
        """In its unit; of a choice, its number."""
        self.info.param(name)
        return self._values[list(self.params).index(name)]

    def get_num_inputs(self) -> int:
        return len(self.input_names)

    def get_num_outputs(self) -> int:
        return len(self.output_names)

    # ---- notes ---------------------------------------------------------------------------------

    def _set_note(self, **fields: float) -> None:
        if self.type != "note" or not self._kernel:
            raise OfflineError("unsupported", f"`{self.type}` plays no notes",
                               hint='Module("note") does; connect its gate and freq')
        from .header import NOTE_FIELDS
        for name, value in fields.items():
            self._kernel.note[NOTE_FIELDS.index(name)] = value

    def note_on(self, key: float | str, velocity: float = 0.8) -> None:
        """Of `note`: a new note begins with the next frame. Key 0..127 or "C4", velocity 0..1."""
        number = key_of(key)
        self._set_note(key=number, gate=1.0, velocity=velocity, release=0.0, **{"from": number})
        if self._kernel:
            self._kernel.clear()

    def note_off(self, velocity: float = 0.0) -> None:
        """Of `note`: its gate shuts with the next frame."""
        self._set_note(gate=0.0, release=velocity)

    # ---- signals -------------------------------------------------------------------------------

    def process(self, inputs: Union[Signals, list[Array | None], None] = None, frames: int | None = None, *,
                params: Mapping[str, Array] | None = None) -> list[Array]:
        """Signals in, signals out, of the same length; the next call goes on where this one ends.

        inputs: up to as many as `get_num_inputs`; None, or none, is silence.
        frames: how many, where no input says.  params: parameters that move: a value a frame, in the unit.

        Raises BadValueError for wrong shapes, types and NaN, and where the module itself gives what is not finite.
        """
        moving = {name: as_signal(signal, name) for name, signal in (params or {}).items()}
        given: list[Array | None]
        if isinstance(inputs, list):
            given = [None if s is None else as_signal(s, f"inputs[{i}]")
                     for i, s in enumerate(inputs)]
        else:
            given = list(as_signals(inputs, "inputs"))
        if len(given) > self.get_num_inputs():
            raise BadValueError(
                "bad-value", f"{len(given)} inputs, where `{self.type}` has {self.get_num_inputs()}",
                path="inputs", hint=", ".join(self.input_names) or "it is a source")
        lengths = {len(s) for s in (*given, *moving.values()) if s is not None}
        lengths |= {frames} if frames is not None else set()
        if len(lengths) != 1:
            raise BadValueError(
                "bad-value", f"lengths {sorted(lengths)}" if lengths else "how many frames?", path="inputs",
                hint="signals of one length" if lengths else f'Module("{self.type}").process([], 48000)')
        for name in moving:
            self.info.param(name)
        return self.run(given, moving, lengths.pop())

    def run(self, inputs: Sequence[Array | None], params: Mapping[str, Array],
            frames: int) -> list[Array]:
        """As `process`, of signals that have been looked at."""
        given = [*inputs, *[None] * (len(self.input_names) - len(inputs))]
        if self._kernel:
            ports: list[Array | float] = [0.0 if s is None else s for s in given]
            ports += [params.get(name, value) for name, value in zip(self.params, self._values)]
            outputs = self._kernel.run(ports, frames)
            if not np.isfinite(outputs).all():
                self.reset()
                for name, signal in zip(self.output_names, outputs):
                    check_finite(signal, name)
            return list(outputs)
        silence = np.zeros(frames, np.float32)
        heard = [silence if s is None else s for s in given]
        if self.type == "output":
            return [heard[0] + heard[1], heard[0] + heard[2]]
        if self.type == "feedback":
            line = np.concatenate((self._line, heard[0]))
            self._line = line[frames:]
            heard = [line[:frames]]
        return [heard[0].copy()]

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles go on from the same state, each its own way."""
        kernel = self._kernel
        state = (kernel.state, kernel.memory, kernel.note) if kernel else None
        return _module_of, (self.type, self.sample_rate, self.seed, self.written, self._line, state)

    def __repr__(self) -> str:
        written = "".join(f", {name}={value:g}" for name, value in self.written.items())
        return f'Module("{self.type}"{written})'


def _module_of(type: str, sample_rate: int, seed: int | None, written: Mapping[str, float], line: Array,
               state: tuple[Any, ...] | None) -> Module:
    """A module as it was when it was copied."""
    made = Module(type, sample_rate=sample_rate, seed=seed, **written)
    made._line[:] = line
    if made._kernel and state:
        made._kernel.state[:], made._kernel.memory[:], made._kernel.note[:] = state
    return made


class PatchProcessor(AudioProcessor):
    """A whole patch as a processor: `PatchProcessor("keys.json", notes="C4 E4 G4")`; outputs left and right.

    Its inputs are the channels that the patch's `input` nodes name; what they hear is 64 frames late, as in any
    engine. `notes`, as for `Patch.render`, begin with each pass. Its parameters are the patch's knobs, 0..1, and
    those of its nodes, as "filt.freq".
    """

    def __init__(self, patch: Patch | Mapping[str, Json] | PathLike, *, notes: Notes = (),
                 beat: float = 0.5, voices: int | None = None, seed: int = 0) -> None:
        self.patch = as_patch(patch).copy()
        channels = [int(n["channel"]) for n in self.patch.nodes.values() if n.type == "input"]
        super().__init__([str(i) for i in range(max(channels, default=0))], ["left", "right"])
        self.latency = 64 if channels else 0  #: frames from input to output
        self._notes: Notes = notes if isinstance(notes, (str, Path)) else list(notes)
        self._beat, self._voices, self._seed = beat, voices, seed
        self.init(self.sample_rate)

    def reset(self) -> None:
        from .render import Player
        sequence = Piece(self.sample_rate, Path("."))
        sequence.read(self._notes, self._beat)
        self.engine = Engine(self.patch, rate=self.sample_rate, voices=self._voices,
                             seed=self._seed, inputs=len(self.input_names))
        for name, value in self.values.items():
            self._write(name, value)
        self._player = Player(self.engine, sequence.finish(), 8192)

    def _write(self, name: str, value: float) -> None:
        if "." in name:
            self.engine.param(name, value)
        else:
            self.engine.knob(name, value)

    def set_param(self, name: str, value: float) -> None:
        self._write(name, value)
        self.values[name] = value

    def get_param(self, name: str) -> float:
        return self.engine.param_value(name) if "." in name else self.engine.knob_value(name)

    def process(self, inputs: list[Array], frames: int | None = None) -> list[Array]:
        signals = as_signals(inputs, "inputs")
        if len(signals) != len(self.input_names) or (not signals and frames is None):
            raise BadValueError("bad-value", f"{len(signals)} inputs, where the patch has"
                                f" {len(self.input_names)}", path="inputs",
                                hint="process([], frames) where it has none")
        count = len(signals[0]) if signals else frames or 0
        return list(np.asarray(self._player.render(count, signals or None)))
