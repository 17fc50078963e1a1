# SPDX-License-Identifier: MIT
"""Handles of an engine's notes and of reserved voices; after its end a handle has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import header
from .edits import End, port
from .errors import BadValueError, NotFoundError
from .library import Report, lib

if TYPE_CHECKING:
    from .engine import Engine


def seconds_of(milliseconds: float | None, key: str) -> float:
    """For the C library: seconds, or -1 for a parameter's own smoothing."""
    if milliseconds is None:
        return -1.0
    if isinstance(milliseconds, bool) or not hasattr(milliseconds, "__float__"):
        raise BadValueError("bad-type", f"`{key}` must be a number of milliseconds", path=key)
    return float(milliseconds) / 1000


class Note:
    """A note of an engine. After its end its methods have no effect."""

    def __init__(self, engine: Engine, handle: int, key: float) -> None:
        self._engine = engine
        self.handle = handle
        self.key = key

    def off(self, *, velocity: float = 0.0, frame: int = header.MEGA_NOW) -> None:
        """Releases the note; `velocity`, 0..1, is the release velocity."""
        self._engine.note_off(self, velocity=velocity, frame=frame)

    def set(self, what: str, value: float, *, frame: int = header.MEGA_NOW) -> None:
        """"bend" (semitones), "pressure", "timbre", "velocity" (0..1), "key" (0..127)."""
        if what not in header.EXPRESSIONS or (what == "gate" and not isinstance(self, Voice)):
            raise NotFoundError("not-found", f"a note has no `{what}`",
                                hint="bend, pressure, timbre, key, velocity")
        self._engine._send("mega_note_set", frame, self.handle, header.EXPRESSIONS[what], value)

    def bend(self, semitones: float, *, frame: int = header.MEGA_NOW) -> None:
        """Bends the note, in semitones."""
        self.set("bend", semitones, frame=frame)

    def param(self, end: End, value: float | str, *, ramp_ms: float | None = None,
              frame: int = header.MEGA_NOW) -> None:
        """Sets a per-voice parameter for this note only."""
        node, name = port(end)
        engine = self._engine
        with Report() as report:
            number = lib().mega_find_note_param(engine._handle, node.encode(), name.encode(),
                                                report.pointer)
            if number < 0:
                report.fail()
        engine._send("mega_note_param_set", frame, self.handle, number,
                     engine._param_value(node, name, value), seconds_of(ramp_ms, "ramp_ms"))

    def __repr__(self) -> str:
        return f"<note {self.handle}: key {self.key:g}>"


class Voice(Note):
    """A voice without a note, played by hand: its gate is shut until `gate` opens it, and it does not end."""

    def gate(self, open: bool, *, frame: int = header.MEGA_NOW) -> None:
        """Opens or shuts it."""
        self.set("gate", float(open), frame=frame)

    def free(self, *, frame: int = header.MEGA_NOW) -> None:
        """Gives it back: it fades out in 3 ms."""
        self._engine._send("mega_voice_free", frame, self.handle)
