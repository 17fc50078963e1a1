# SPDX-License-Identifier: MIT
"""Engine: a patch that sounds, a call at a time: notes, knobs, edits, signals in and out."""

from __future__ import annotations

import ctypes
import json
import operator
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

import numpy as np

from . import header
from .edits import Editable, End, Json, Operation, port, to_json
from .errors import BadValueError, NotFoundError, OfflineError
from .library import Report, lib, nearest, take_text
from .notes import Note, Voice, seconds_of
from .patch import Patch, PathLike, as_patch
from .registry import modules
from .score import key_of
from .signals import Array, as_channels
from .sound import Sound
from .taps import Buses, Tap

BLOCK_MAX = 1 << 20  #: frames asked for at once


@dataclass(frozen=True)
class Counters:
    """What has happened since an engine was made; see mega_counters in engine/megasynth.h."""

    frame: int
    frame_rendered: int
    voices_active: int
    voices_held: int
    notes_started: int
    notes_ended: int
    notes_stolen: int
    notes_dropped: int
    events_late: int
    events_dropped: int
    lanes_silenced: int
    outputs_silenced: int
    programs_swapped: int
    changes_late: int
    memory_bytes: int


@dataclass(frozen=True)
class Change:
    """What became of an edit: its number, the document's revision, the first frame that it can be heard in,
    and the operations that take it back (none for a whole patch)."""

    number: int
    rev: int
    frame: int
    undo: list[dict[str, Json]]


class Engine(Editable):
    """The engine in this process, with one patch that sounds.

        engine = Engine(Patch.load("examples/keys.json"))
        note = engine.note_on("C4", 0.8)
        first = engine.render(24000)                    # a Sound: (2, 24000) float32
        engine.edit([{"op": "set", "id": "filt", "param": "res", "value": 0.9}])
        note.off()
        rest = engine.render(48000)

    Frames are counted from 0, the first that is rendered; `frame=` says when something happens (default: with
    the next frame that can be affected). The engine renders blocks of 64 frames: edits take effect at the start
    of one, notes and knobs on their frame. How many frames `render` is asked for never changes the sound.

    One thread at a time may use an engine; `render` lets other threads run.
    """

    def __init__(self, patch: Patch | Mapping[str, Json] | PathLike | None = None, *,
                 rate: int = 48000, block: int = 8192, voices: int | None = None, inputs: int = 0,
                 channels: int = 2, seed: int = 0, whole_blocks: bool = False,
                 isa: str | None = None) -> None:
        """
        rate: frames a second, 8000..384000.  block: frames asked of the engine at once, 1..1048576.
        voices: how many notes can sound (default: as the patch says).
        inputs: channels of sound going in, 0..64. They are heard 64 frames late, unless `whole_blocks`: then at
        once, and `render` takes multiples of 64 only.
        channels: of sound coming out, 1..64; 1 is the mean of left and right.
        seed: of everything random.  isa: "v2", "v3", "v4", "neon", "one" (default: the best there is).
        """
        if not 1 <= block <= BLOCK_MAX:
            raise BadValueError("bad-value", f"block: {block} is not within 1..{BLOCK_MAX}")
        options = header.mega_options(rate=rate, input_channels=inputs, output_channels=channels,
                                      whole_blocks=whole_blocks, seed=seed & 0xffffffff,
                                      isa=isa.encode() if isa else None)
        with Report() as report:
            self._pointer: int = lib().mega_create(ctypes.byref(options), report.pointer) or 0
            if not self._pointer:
                report.fail()
        self._finalizer = weakref.finalize(self, lib().mega_destroy, self._pointer)
        self.rate = rate
        self.block = block
        self.inputs = inputs
        self.channels = channels
        self.whole_blocks = whole_blocks
        self._types: dict[str, str] = {}
        self._types_rev = -1
        self._taps: list[Tap] = []
        self.buses = Buses()  #: what `bus.out` nodes gave in the last render, by number
        if patch is not None:
            given = as_patch(patch)
            if voices is not None:
                given = given.copy()
                given.voices = voices
            self.load(given)

    def close(self) -> None:
        """Frees it; also done when it is forgotten, or at the end of `with`."""
        self._finalizer()
        self._pointer = 0

    @property
    def _handle(self) -> int:
        if not self._pointer:
            raise OfflineError("forgotten", "the engine was closed", hint="make another")
        return self._pointer

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("an engine cannot be copied or pickled; Engine(engine.patch) is another one")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- facts ---------------------------------------------------------------------------------

    @property
    def isa(self) -> str:
        """The instruction set in use."""
        name: bytes = lib().mega_isa(self._handle)
        return name.decode()

    @property
    def frame(self) -> int:
        """The next frame to be rendered."""
        return self.counters.frame

    @property
    def counters(self) -> Counters:
        """What has happened since it was made."""
        c = lib().mega_counters_get(self._handle)
        return Counters(**{name: getattr(c, name) for name in Counters.__dataclass_fields__})

    @property
    def patch(self) -> Patch:
        """The document in force, edits and all: a copy."""
        loaded = lib().mega_loaded_patch(self._handle)
        if not loaded:
            raise OfflineError("not-found", "nothing is loaded", hint="engine.load(patch)")
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        lib().mega_patch_write(loaded, header.FORMATS["json"], ctypes.byref(text),
                               ctypes.byref(size))
        return Patch.parse(take_text(lib(), text.value))

    @property
    def rev(self) -> int:
        """Number of the document in force."""
        return int(lib().mega_rev(self._handle))

    # ---- documents -----------------------------------------------------------------------------

    def _change(self, function: str, *arguments: Any) -> Change:
        done = header.mega_changed()
        with Report() as report:
            status = getattr(lib(), function)(self._handle, *arguments, ctypes.byref(done),
                                              report.pointer)
            if status == header.ERROR_NAME:
                raise OfflineError("not-found", "nothing to undo or redo; loading a patch starts a new history")
            if status != header.OK:
                report.fail()
        undo = json.loads(take_text(lib(), done.undo_json)) if done.undo_json else []
        return Change(done.number, done.rev, done.frame, undo)

    def _how(self, fade_ms: float, frame: int) -> Any:
        if not isinstance(frame, (int, np.integer)) or frame < 0:
            raise BadValueError("bad-value", f"{frame!r} is no frame", path="frame")
        if not 0 <= fade_ms <= header.MEGA_FADE_MS_MAX:
            raise BadValueError("bad-value", f"{fade_ms} is not within 0..2000", path="fade_ms")
        return ctypes.byref(header.mega_change(header.MEGA_REV_ANY, float(fade_ms), int(frame)))

    def load(self, patch: Patch | Mapping[str, Json] | PathLike) -> None:
        """Makes a patch the one that sounds, from the next block on. On an error the old one goes on."""
        with Report() as report:
            if lib().mega_load(self._handle, as_patch(patch), report.pointer) != header.OK:
                report.fail()

    def rewire(self, patch: Patch | Mapping[str, Json] | PathLike, *,
               fade_ms: float = header.MEGA_FADE_MS_DEFAULT,
               frame: int = header.MEGA_NOW) -> Change:
        """Turns the patch that sounds into another: nodes of the same id and type go on, cables fade."""
        return self._change("mega_rewire", as_patch(patch), self._how(fade_ms, frame))

    def edit(self, operations: Iterable[Operation], *, fade_ms: float = header.MEGA_FADE_MS_DEFAULT,
             frame: int = header.MEGA_NOW) -> Change:
        """Applies operations to the patch that sounds, all or nothing; `add`, `connect` and so on are such edits.

        It is heard from the start of the block that holds `frame`, or of the next one.
        """
        text = to_json(list(operations))
        return self._change("mega_edit", text, len(text), header.FORMATS["json"],
                            self._how(fade_ms, frame))

    def undo(self, *, fade_ms: float = header.MEGA_FADE_MS_DEFAULT) -> Change:
        """Takes the last edit back."""
        return self._change("mega_undo", fade_ms)

    def redo(self, *, fade_ms: float = header.MEGA_FADE_MS_DEFAULT) -> Change:
        """Makes what was undone again."""
        return self._change("mega_redo", fade_ms)

    # ---- events --------------------------------------------------------------------------------

    def _send(self, function: str, frame: int, *arguments: Any) -> None:
        """An event. Raises OfflineError ("full") where the ring is, BadValueError for what is no frame or number."""
        plain = [a.item() if isinstance(a, np.generic) else a for a in arguments]
        if not isinstance(frame, (int, np.integer)) or frame < 0:
            raise BadValueError("bad-value", f"{frame!r} is no frame", path="frame",
                                hint="a whole number, from 0: seconds times the rate")
        try:
            status = getattr(lib(), function)(self._handle, int(frame), *plain)
        except ctypes.ArgumentError as error:
            raise BadValueError("bad-type", str(error), hint="numbers") from None
        if status == header.ERROR_FULL:
            raise OfflineError("full", "16384 events wait already", hint="render, then send more")
        if status != header.OK:
            raise OfflineError(header.STATUS[status], f"{function} was refused")

    def note_on(self, key: float | str, velocity: float = 0.8, *,
                frame: int = header.MEGA_NOW) -> Note:
        """Starts a note: a MIDI key 0..127, fractions allowed, or "C4". `velocity` 0..1."""
        handle, number = ctypes.c_uint64(), key_of(key)
        if not 0 <= velocity <= 1:
            raise BadValueError("bad-value", f"{velocity} is not within 0..1", path="velocity",
                                hint="MIDI's 0..127 is divided by 127")
        self._send("mega_note_on", frame, number, velocity, ctypes.byref(handle))
        return Note(self, handle.value, number)

    def reserve(self, key: float | str = 60, *, frame: int = header.MEGA_NOW) -> Voice:
        """Takes a voice to be played by hand."""
        handle, number = ctypes.c_uint64(), key_of(key)
        self._send("mega_voice_reserve", frame, number, ctypes.byref(handle))
        return Voice(self, handle.value, number)

    def note_off(self, note: Note | float | str, *, velocity: float = 0.0,
                 frame: int = header.MEGA_NOW) -> None:
        """Releases a note, or the oldest held note of a key."""
        if isinstance(note, Note):
            self._send("mega_note_off", frame, note.handle, velocity)
        else:
            self._send("mega_key_off", frame, key_of(note), velocity)

    def all_notes_off(self, *, frame: int = header.MEGA_NOW) -> None:
        """Releases every note."""
        self._send("mega_all_notes_off", frame)

    def panic(self) -> None:
        """All sound off with the next block."""
        lib().mega_panic(self._handle)

    def control(self, which: str, value: float, *, frame: int = header.MEGA_NOW) -> None:
        """Of all notes: "bend" -1..1, "pressure", "timbre" 0..1; pedals "sustain", "sostenuto": down from 0.5."""
        if which not in header.CONTROLLERS:
            raise NotFoundError("not-found", f"no such controller: `{which}`",
                                hint=", ".join(header.CONTROLLERS))
        self._send("mega_controller_set", frame, header.CONTROLLERS[which], value)

    def knob(self, name: str, value: float, *, ramp_ms: float | None = None,
             frame: int = header.MEGA_NOW) -> None:
        """Sets a knob, 0..1: with its targets' smoothing, or with a linear ramp of `ramp_ms`."""
        number = lib().mega_find_knob(self._handle, name.encode())
        if number < 0:
            raise NotFoundError("not-found", f"no such knob: `{name}`", path=f"knobs.{name}",
                                hint=nearest(name, list(self.patch.knobs)))
        if not 0 <= value <= 1:
            raise BadValueError("bad-value", f"{value} is not within 0..1", path=f"knobs.{name}",
                                hint="a knob turns from 0 to 1; `range` says what that means")
        self._send("mega_knob_ramp", frame, number, value, seconds_of(ramp_ms, "ramp_ms"))

    def _type_of(self, node: str) -> str:
        """The type of a node of the patch in force: asked for at each write, so read once a revision."""
        rev = self.rev
        if self._types_rev != rev:
            loaded = lib().mega_loaded_patch(self._handle)
            rows = [lib().mega_patch_node(loaded, i)
                    for i in range(lib().mega_patch_node_count(loaded) if loaded else 0)]
            self._types = {row.id.decode(): row.type.decode() for row in rows}
            self._types_rev = rev
        if node not in self._types:
            raise NotFoundError("not-found", f"no such node: `{node}`", path=f"nodes.{node}",
                                hint=nearest(node, list(self._types)))
        return self._types[node]

    def _param_value(self, node: str, name: str, value: float | str) -> float:
        return modules[self._type_of(node)].param(name).value(value)

    def param(self, end: End, value: float | str, *, ramp_ms: float | None = None,
              frame: int = header.MEGA_NOW) -> None:
        """Sets the live value of a parameter, in its unit or by a choice's name: with its own smoothing, or with a
        ramp of `ramp_ms`; 0 is at once. The patch document stays as it is; `set` changes that."""
        node, name = port(end)
        number_value = self._param_value(node, name, value)
        number = lib().mega_find_param(self._handle, node.encode(), name.encode())
        if number < 0:
            raise OfflineError("limit", "more parameters than an engine can number", path=name)
        self._send("mega_param_set", frame, number, number_value, seconds_of(ramp_ms, "ramp_ms"))

    def preset(self, name: str, *, morph_ms: float = 0.0, frame: int = header.MEGA_NOW) -> None:
        """Recalls a preset; knobs and parameters reach its values after `morph_ms` milliseconds."""
        number = lib().mega_find_preset(self._handle, name.encode())
        if number < 0:
            raise NotFoundError("not-found", f"no such preset: `{name}`", path=f"presets.{name}",
                                hint=nearest(name, list(self.patch.document.get("presets", {}))))
        self._send("mega_preset_recall", frame, number, seconds_of(morph_ms, "morph_ms"))

    def save_preset(self, name: str) -> Change:
        """Saves the current values of all knobs and parameters as a preset: an edit of the document."""
        return self._change("mega_preset_save", name.encode())

    def knob_value(self, name: str) -> float:
        """Where a knob is, or is going to: 0..1."""
        value = ctypes.c_float()
        if lib().mega_knob_get(self._handle, name.encode(), ctypes.byref(value)) != header.OK:
            raise NotFoundError("not-found", f"no such knob: `{name}`", path=f"knobs.{name}",
                                hint=nearest(name, list(self.patch.knobs)))
        return value.value

    def param_value(self, end: End) -> float:
        """Where a parameter is, or is going to, in its unit, without what cables bring."""
        node, name = port(end)
        value = ctypes.c_float()
        if lib().mega_param_get(self._handle, node.encode(), name.encode(),
                                ctypes.byref(value)) != header.OK:
            modules[self._type_of(node)].param(name)  # says what is missing
        return value.value

    def ended(self) -> Iterator[tuple[int, int]]:
        """(handle, frame) of each note that has ended since this was last asked."""
        note, frame = ctypes.c_uint64(), ctypes.c_uint64()
        while lib().mega_next_ended(self._handle, ctypes.byref(note), ctypes.byref(frame)):
            yield note.value, frame.value

    # ---- sound ---------------------------------------------------------------------------------

    def tap(self, end: End, note: Note | None = None) -> Tap:
        """Listens to an output port: after each `render`, `tap.signal` has its frames.

        Of a per-voice node it is the sum of all voices, or one `note`'s.
        """
        node, name = port(end)
        with Report() as report:
            bus = lib().mega_bus_open(self._handle, node.encode(), name.encode(), report.pointer)
            if bus < 0:
                report.fail()
        tap = Tap(f"{node}.{name}", bus, note.handle if note else 0)
        self._taps.append(tap)
        return tap

    def untap(self, tap: Tap) -> None:
        """Stops listening."""
        self._taps.remove(tap)
        lib().mega_bus_close(self._handle, ctypes.byref(ctypes.c_int32(tap.bus)), 1)

    def render(self, frames: int, inputs: Union[Array, list[Array], None] = None, *,
               buses: Mapping[int, Array] | None = None) -> Sound:
        """The next frames: a Sound, float32 of shape (channels, frames).

        inputs: as many channels as the engine was made with, `frames` long each: (inputs, frames), or a list.
        buses: signals for `bus.in` nodes, by number 1..64; then and where `bus.out` is to be read (`self.buses`),
        frames and position must be multiples of 64.

        Raises BadValueError for wrong shapes and types, and for NaN.
        """
        frames = operator.index(frames)
        if frames < 0 or (self.whole_blocks and frames % header.BLOCK_FRAMES):
            raise BadValueError("bad-value", f"{frames} frames cannot be rendered", path="frames",
                                hint="0 or more; multiples of 64 with whole_blocks")
        given = as_channels(inputs, self.inputs, frames, "inputs")
        out = np.zeros((self.channels, frames), np.float32)
        writes = {bus: as_channels([signal], 1, frames, f"buses[{bus}]")[0]
                  for bus, signal in (buses or {}).items()}
        if self._taps or writes or self.buses.numbers:
            self._render_blocks(out, given, writes, frames)
        else:
            for start in range(0, frames, self.block):
                self._render_part(out, given, start, min(self.block, frames - start))
        return Sound(out, self.rate)

    def _render_part(self, out: Array, inputs: Array, start: int, frames: int) -> None:
        outs = (ctypes.c_void_p * self.channels)(
            *(out.ctypes.data + row * out.strides[0] + 4 * start for row in range(self.channels)))
        ins = None
        if self.inputs:
            ins = (ctypes.c_void_p * self.inputs)(
                *(inputs.ctypes.data + row * inputs.strides[0] + 4 * start
                  for row in range(self.inputs)))
        lib().mega_render(self._handle, ins, outs, frames)

    def _render_blocks(self, out: Array, inputs: Array, writes: Mapping[int, Array],
                       frames: int) -> None:
        """Block by block of the engine's grid, so that each can be read and written."""
        grid = header.BLOCK_FRAMES
        position = self.frame
        if (writes or self.buses.numbers) and (position % grid or frames % grid):
            raise BadValueError("bad-value", "buses want whole blocks", path="frames",
                                hint="render multiples of 64 frames, from the first on")
        for tap in self._taps:
            tap.begin(frames)
        self.buses.begin(frames)
        start = 0
        while start < frames:
            offset = (position + start) % grid
            part = min(grid - offset, frames - start)
            for bus, signal in writes.items():
                lib().mega_host_bus_write(self._handle, bus, signal[start:].ctypes.data)
            self._render_part(out, inputs, start, part)
            for tap in self._taps:
                tap.take(self._handle, start, offset, part)
            self.buses.take(self._handle, start)
            start += part
