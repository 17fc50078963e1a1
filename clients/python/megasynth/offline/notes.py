# SPDX-License-Identifier: MIT
"""Notes of an engine, and voices that are played by hand: handles that go on being good for nothing once they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import header
from .edits import End, port
from .errors import NotFoundError
from .library import Report, lib

if TYPE_CHECKING:
    from .engine import Engine


class Note:
    """A note of an engine. Once it has ended, what is said to it changes nothing."""

    def __init__(self, engine: Engine, handle: int, key: float) -> None:
        self._engine = engine
        self.handle = handle
        self.key = key

    def off(self, *, velocity: float = 0.0, frame: int = header.MEGA_NOW) -> None:
        """Releases it. `velocity` 0..1 is how fast the key comes up."""
        self._engine.note_off(self, velocity=velocity, frame=frame)

    def set(self, what: str, value: float, *, frame: int = header.MEGA_NOW) -> None:
        """"bend" (semitones), "pressure", "timbre", "velocity" (0..1), "key" (0..127)."""
        if what not in header.EXPRESSIONS or (what == "gate" and not isinstance(self, Voice)):
            raise NotFoundError("not-found", f"a note has no `{what}`",
                                hint="bend, pressure, timbre, key, velocity")
        self._engine._send("mega_note_set", frame, self.handle, header.EXPRESSIONS[what], value)

    def bend(self, semitones: float, *, frame: int = header.MEGA_NOW) -> None:
        """Bends it away from its key."""
        self.set("bend", semitones, frame=frame)

    def param(self, end: End, value: float | str, *, ramp_ms: float | None = None,
              frame: int = header.MEGA_NOW) -> None:
        """Its own value of a per-voice parameter, in the place of what is written for all."""
        node, name = port(end)
        engine = self._engine
        with Report() as report:
            number = lib().mega_find_note_param(engine._handle, node.encode(), name.encode(),
                                                report.pointer)
            if number < 0:
                report.fail()
        engine._send("mega_note_param_set", frame, self.handle, number,
                     engine._param_value(node, name, value), -1 if ramp_ms is None else ramp_ms / 1000)

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
