# SPDX-License-Identifier: MIT
"""Renders a patch with what it is to play: the samples of `megasynth render`, in numpy.

Every event is in the engine's ring before the block of its frame is rendered, every edit is made when exactly the
blocks before its own are, and the end is found frame by frame: so the block size changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from . import header
from .edits import End
from .engine import Engine
from .errors import BadValueError, OfflineError
from .library import Report, lib
from .notes import Note
from .patch import Patch
from .registry import modules
from .score import Event, Notes, Piece, frame_of
from .signals import Array
from .sound import Sound

BLOCK = 8192  #: frames asked for at once
_SILENCE = np.float32(1e-5)  # -100 dBFS
_DRONE_SECONDS, _RING_SECONDS, _TAIL_SECONDS, _DELAY_SECONDS_MAX = 5.0, 60.0, 0.25, 20.0


class Player:
    """A sequence, fed to an engine as it renders."""

    def __init__(self, engine: Engine, events: list[Event], block: int) -> None:
        self.engine, self.events, self.block = engine, events, block
        self.next = self.position = 0
        self.notes: dict[int, Note] = {}
        self.own = sorted({e.what for e in events if e.kind == "own"})
        self._open_own()

    def _open_own(self) -> None:
        """Parameters of which single notes will have values, as soon as the patch has them: before the first block, and
        right after an edit."""
        for node, name in self.own:
            with Report() as report:
                lib().mega_find_note_param(self.engine._handle, node.encode(), name.encode(), report.pointer)

    def _make(self, e: Event) -> None:
        try:
            if e.kind == "on":
                self.notes[e.what] = self.engine.note_on(e.value, e.detail, frame=e.frame)
            elif e.kind == "off":
                self.engine.note_off(self.notes[e.what], frame=e.frame)
            elif e.kind == "set":
                self.notes[e.id].set(e.what, e.value, frame=e.frame)
            elif e.kind == "own":
                self.notes[e.id].param(e.what, e.value, ramp_ms=None if e.detail < 0 else e.detail, frame=e.frame)
            elif e.kind == "control":
                self.engine.control(e.what, e.value, frame=e.frame)
            elif e.kind == "preset":
                self.engine.preset(e.what, morph_ms=e.detail, frame=e.frame)
            elif e.kind == "all_off":
                self.engine.all_notes_off(frame=e.frame)
            elif e.kind == "panic":
                self.engine.panic()
            elif e.kind == "knob":
                self.engine.knob(e.what, e.value, ramp_ms=None if e.detail < 0 else e.detail, frame=e.frame)
            elif e.kind == "param":
                ramp_ms = None if e.detail < 0 else e.detail
                self.engine.param(e.what, e.value, ramp_ms=ramp_ms, frame=e.frame)
            elif isinstance(e.what, Patch):
                self.engine.rewire(e.what, fade_ms=e.detail)
                self._open_own()
            else:
                self.engine.edit(e.what, fade_ms=e.detail)
                self._open_own()
        except OfflineError as error:
            raise error.within(e.place)

    def _feed(self, frames: int) -> int:
        """Feeds what the next frames can reach; nothing goes past an edit that is still to be made.

        Gives the frames to render now: fewer, up to the grid, where the ring is full.
        """
        reach = self.position + frames + header.BLOCK_FRAMES  # the engine is up to a block ahead
        while self.next < len(self.events):
            e = self.events[self.next]
            if e.due >= reach:
                break
            if e.kind in ("edit", "panic") and e.due > self.position:
                return min(frames, e.due - self.position)
            try:
                self._make(e)
            except OfflineError as error:
                if error.code != "full":
                    raise
                to_grid = header.BLOCK_FRAMES - self.position % header.BLOCK_FRAMES
                return min(frames, to_grid)
            self.next += 1
        return frames

    def step(self, end: int, inputs: list[Array] | None = None) -> Sound:
        """The next part, up to a block long. `inputs` begin where it does."""
        frames = self._feed(min(self.block, end - self.position))
        part = self.engine.render(frames, [i[:frames] for i in inputs] if inputs else None)
        self.position += frames
        return part

    def render(self, frames: int, inputs: list[Array] | None = None) -> Array:
        """So many frames on."""
        begin, parts = self.position, []
        while self.position < begin + frames:
            done = self.position - begin
            parts.append(self.step(begin + frames, [i[done:] for i in inputs] if inputs else None))
        return np.concatenate(parts, axis=1) if parts else np.zeros(
            (self.engine.channels, 0), np.float32)


class _Recorder:
    """A player whose parts are kept, and what its engine's taps hear."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.parts: list[Sound] = []
        self.taps: list[list[Array]] = []

    def step(self, end: int) -> Sound:
        part = self.player.step(end)
        self.parts.append(part)
        self.taps.append([tap.signal for tap in self.player.engine._taps])
        return part

    def sound(self, frames: int) -> Sound:
        """All that was rendered, or its beginning."""
        engine = self.player.engine
        whole = np.concatenate(self.parts, axis=1)[:, :frames]
        made = Sound(np.ascontiguousarray(whole), engine.rate)
        for i, tap in enumerate(engine._taps):
            made.captured[tap.name] = np.concatenate([t[i] for t in self.taps])[:frames]
        return made


def _delay_seconds(patch: Patch) -> float:
    """The longest that a patch may be silent before more comes; voices know when they have ended."""
    shared = [modules[n.type] for n in patch.nodes.values() if not n.per_voice]
    return max((max(m.memory_seconds, m.tail_seconds) for m in shared), default=0.0)


def _has_notes(patch: Patch) -> bool:
    return any(node.type == "note" for node in patch.nodes.values())


def _patches(first: Patch, events: list[Event]) -> list[Patch]:
    """The patch of each time, as edits make them: so that errors come before there is any sound."""
    found = [first]
    for e in events:
        if e.kind == "edit":
            after = (e.what if isinstance(e.what, Patch) else found[-1]).copy()
            try:
                if not isinstance(e.what, Patch):
                    after.edit(e.what)
                after.check()
            except OfflineError as error:
                raise error.within(e.place)
            found.append(after)
    return found


def _until_silence(r: _Recorder, s: Piece, patches: list[Patch]) -> int:
    """Renders until silence has lasted; gives the frames to keep."""
    p = r.player
    rate = p.engine.rate
    tail = frame_of(_TAIL_SECONDS, rate)
    quiet = tail + frame_of(min(max(map(_delay_seconds, patches)), _DELAY_SECONDS_MAX), rate)
    limit = s.settled() + int(_RING_SECONDS * rate)
    active_end, loud_end = s.settled(), 0
    while p.position < limit:
        start = p.position
        part = r.step(limit)
        active_end = max([active_end, *(frame for _, frame in p.engine.ended())])
        loud = start + 1 + np.flatnonzero((np.abs(part) > _SILENCE).any(axis=0))
        if p.next == len(p.events) and p.engine.counters.voices_active == 0:
            # in each stretch without a loud frame: the first one where silence has lasted
            lasts, until = np.append(loud_end, loud), np.append(loud, p.position + 1)
            over = np.maximum(np.maximum(lasts, active_end) + quiet, start + 1) < until
            if over.any():
                return max(int(lasts[over.argmax()]), s.end()) + tail
        if loud.size:
            loud_end = int(loud[-1])
    return p.position


def render(patch: Patch, seconds: float | None = None, notes: Notes | None = None, *, rate: int = 48000,
           block: int = BLOCK, voices: int | None = None, seed: int = 0, beat: float = 0.5,
           knobs: Mapping[str, float] | None = None, capture: Iterable[End] = (),
           folder: str | Path = ".", isa: str | None = None) -> Sound:
    """Plays a patch, as `megasynth render` does: the same bits.

    seconds: how long; None: until the last tail has died (drones: 5 s).
    notes: a melody, "C4 E4 G4", a word each `beat` seconds, "C4+E4" a chord, "-" a rest; or a list of
    (at, note[, length[, velocity]]) in seconds, 0..1, and of dicts as in a score's file: notes, "knob", "param",
    "ops", "load" and all else in docs/score.md; or the Path of such a file. `folder` is where the files begin that a
    list loads. None: a patch that waits for notes plays one C4.
    knobs: values to begin with, 0..1.  voices, seed, rate, block, isa: see Engine.
    capture: output ports to keep, as in ["filt.out"]; `sound.captured["filt.out"]` then has each.

    Gives a Sound: float32, (2, frames). Raises OfflineError for what is wrong with the patch or the notes, with the
    item's place in the list, and BadValueError for values that cannot be.
    """
    if seconds is not None and not 0 < seconds <= 86400:
        raise BadValueError("bad-value", f"{seconds} is not within 0..86400", path="seconds")
    begun = patch.copy()
    for name, value in (knobs or {}).items():
        begun.knobs[name] = value
    sequence = Piece(rate, Path(folder))
    if notes is None:
        notes = "C4" if _has_notes(begun) else ()
    sequence.read(notes, beat)
    events = sequence.finish()
    patches = _patches(begun, events)
    with Engine(begun, rate=rate, block=block, voices=voices, seed=seed, isa=isa) as engine:
        for end in capture:
            engine.tap(end)
        player = Player(engine, events, block)
        recorder = _Recorder(player)
        if seconds is None and _has_notes(patches[-1]):
            return recorder.sound(_until_silence(recorder, sequence, patches))
        frames = (max(1, frame_of(seconds, rate)) if seconds is not None
                  else sequence.end() + int(_DRONE_SECONDS * rate))
        while player.position < frames:
            recorder.step(frames)
        return recorder.sound(frames)
