# SPDX-License-Identifier: MIT
"""What a render plays: a melody in a line of text, notes as tuples, scores as lists of dicts.

The two languages, and the order of what falls on one frame, are those of `megasynth render`.
"""

from __future__ import annotations

import json
import math
import numbers
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

from . import header
from .edits import Json
from .errors import BadValueError
from .library import nearest
from .patch import Patch, as_patch

#: "C4 E4 G4"; a list of (at, note[, length[, velocity]]) and dicts as in a score's file; such a file's Path
Notes = Union[str, Path, Iterable[Union[Sequence[Any], Mapping[str, Json]]]]

LENGTH, VELOCITY = 0.5, 0.8  #: of a note that does not say
_BEAT_SHARE = 0.9  # of a beat is a note of a melody held
_SECONDS_MAX = 86400
_ABOVE_C = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEYS = {
    "note": {"at", "note", "id", "velocity", "length"}, "knob": {"at", "knob", "value", "ramp_ms"},
    "param": {"at", "param", "value", "ramp_ms", "id"}, "preset": {"at", "preset", "morph_ms"},
    "bend": {"at", "bend", "id"}, "pressure": {"at", "pressure", "id"}, "timbre": {"at", "timbre", "id"},
    "key": {"at", "key", "id"}, "sustain": {"at", "sustain"}, "sostenuto": {"at", "sostenuto"},
    "all_off": {"at", "all_off"}, "panic": {"at", "panic"},
    "ops": {"at", "ops", "fade_ms"}, "load": {"at", "load", "fade_ms"},
    "velocity": {"at", "velocity", "id"}}
_OF_NOTE = {"bend": (-127, 127), "pressure": (0, 1), "timbre": (0, 1), "key": (0, 127), "velocity": (0, 1)}
_OF_ALL = {"bend": (-1, 1), "pressure": (0, 1), "timbre": (0, 1), "sustain": (0, 1), "sostenuto": (0, 1)}
_RAMP_MS_MAX = 3600e3
_BLOCK_KINDS = ("edit", "panic")  # with their block, before all else there


@dataclass
class Event:
    """One thing at a frame. `kind` is "edit", "panic", "off", "on", "knob", "param", "preset", "set" (of a note), "own" (a
    note's value of a parameter), "control" or "all_off"."""

    frame: int
    kind: str
    what: Any  #: the number of the note, (operations | Patch), the name of what is turned, (node, parameter)
    value: Any = 0.0  #: key, or value
    detail: float = 0.0  #: velocity; or ramp, morph or fade in milliseconds
    place: str = ""  #: "[3]", for messages
    id: Any = None  #: by which others mean the note; of those others: the note's number, once it is known

    @property
    def due(self) -> int:
        """When it takes effect: an edit with its block."""
        return self.frame - self.frame % header.BLOCK_FRAMES if self.kind in _BLOCK_KINDS else self.frame

    def order(self) -> tuple[int, int, int]:
        """The lane that a release frees first is there for the note that starts."""
        rank = {"edit": 0, "panic": 0, "off": 1}.get(self.kind, 2)
        return self.due, rank, self.frame if self.kind in _BLOCK_KINDS else 0


def key_of(note: float | str) -> float:
    """A MIDI key, 0..127, of a number or a name: 60, "C4", "F#3", "Bb-1", "61.5".

    Raises BadValueError for what is neither.
    """
    key = math.nan
    if isinstance(note, str):
        named = re.fullmatch(r"([A-Ga-g])([#b♯♭]{0,2})(-?\d)", note)
        if named:
            letter, accidentals, octave = named.groups()
            key = (12 * (int(octave) + 1) + _ABOVE_C[letter.upper()]
                   + sum(1 if sign in "#♯" else -1 for sign in accidentals))
        elif re.fullmatch(r"\d{1,12}(\.\d*)?", note):
            key = float(note)
    elif isinstance(note, numbers.Real) and not isinstance(note, bool):
        key = float(note)
    if not 0 <= key <= 127:
        raise BadValueError("bad-value", f"{note!r} is no note",
                            hint='write a MIDI key 0..127, "C4", "F#3", "Bb-1"')
    return float(key)


def frame_of(seconds: float, rate: int) -> int:
    """The nearest frame; halves go up."""
    whole = math.floor(seconds * rate)
    return whole + (seconds * rate - whole >= 0.5)


class Piece:
    """Events, from what was written; sorted by `finish`."""

    def __init__(self, rate: int, folder: Path) -> None:
        self.rate = rate
        self.folder = folder  #: where the names of a score's `load` begin
        self.events: list[Event] = []
        self.notes = 0

    def read(self, notes: Notes, beat: float) -> None:
        """Whichever of the languages it is."""
        if isinstance(notes, str):
            self.melody(notes, beat)
        elif isinstance(notes, Path):
            self.folder = notes.parent
            self.score(json.loads(notes.read_text()))
        else:
            self.score(notes)

    # ---- melodies ------------------------------------------------------------------------------

    def melody(self, text: str, beat: float) -> None:
        """One word a beat: a note, a chord "C4+E4", or "-" for a rest."""
        words = [word for word in re.split(r"[ \t\r\n,]+", text) if word]
        if not words:
            raise BadValueError("bad-value", "no notes", hint='write some, such as "C4 E4 G4"')
        for i, word in enumerate(words):
            for note in [] if word == "-" else word.split("+"):
                try:
                    self.note(i * beat, key_of(note), _BEAT_SHARE * beat, VELOCITY, f"beat {i + 1}")
                except BadValueError:
                    raise BadValueError(
                        "bad-value", f"`{word}` (beat {i + 1}) is no note", path=f"beat {i + 1}",
                        hint="write C4, F#3, Bb-1, a MIDI key 0..127, a chord C4+E4+G4, or - for a rest"
                    ) from None

    def note(self, at: float, key: float, length: float, velocity: float, place: str,
             id_: int | str | None = None) -> None:
        """A note: two events. One of no length lasts a frame."""
        on, off = frame_of(at, self.rate), frame_of(at + length, self.rate)
        self.events.append(Event(on, "on", self.notes, key, velocity, place, id_))
        self.events.append(Event(max(off, on + 1), "off", self.notes, place=place))
        self.notes += 1

    # ---- scores --------------------------------------------------------------------------------

    def score(self, items: Iterable[Sequence[Any] | Mapping[str, Json]]) -> None:
        """Tuples (at, note[, length[, velocity]]), and dicts as in a score's file."""
        for i, item in enumerate(items):
            place = f"[{i}]"
            if isinstance(item, Mapping):
                self._item(item, place)
            elif isinstance(item, (tuple, list)) and 2 <= len(item) <= 4:
                names = ("at", "note", "length", "velocity")
                self._item(dict(zip(names, item)), place)
            else:
                raise BadValueError("bad-type", f"{item!r} is no item of a score", path=place,
                                    hint='(at, note, length, velocity), or {"at": 0, "note": 60}')

    def _item(self, item: Mapping[str, Json], place: str) -> None:
        kinds = [kind for kind in _KEYS if kind in item]
        if kinds == ["note", "velocity"]:
            kinds.pop()
        if len(kinds) != 1:
            raise BadValueError("bad-value", f"must have one of {', '.join(_KEYS)}",
                                path=place, hint='such as {"at": 0, "note": 60, "length": 0.5}')
        kind = kinds[0]
        for key in item:
            if key not in _KEYS[kind] and not key.startswith("x-"):
                raise BadValueError("unknown-key", f"unknown key `{key}`", path=place,
                                    hint=nearest(key, sorted(_KEYS[kind])))
        at = self._number(item, "at", place, 0, _SECONDS_MAX)
        if kind == "note":
            self.note(at, self._key(item, "note", place),
                      self._number(item, "length", place, 0, _SECONDS_MAX, LENGTH),
                      self._number(item, "velocity", place, 0, 1, VELOCITY), place, self._id(item, place))
            return
        frame = frame_of(at, self.rate)
        if kind == "knob":
            value = self._number(item, "value", place, 0, 1)
            ramp_ms = self._number(item, "ramp_ms", place, 0, _RAMP_MS_MAX, -1.0)
            self.events.append(Event(frame, "knob", str(item["knob"]), value, ramp_ms, place))
        elif kind == "param":
            self._param(frame, item, place)
        elif kind == "preset":
            morph_ms = self._number(item, "morph_ms", place, 0, _RAMP_MS_MAX, 0.0)
            self.events.append(Event(frame, "preset", str(item["preset"]), 0, morph_ms, place))
        elif kind in ("all_off", "panic"):
            if item[kind] is not True:
                raise BadValueError("bad-value", "must be true", path=f"{place}.{kind}")
            self.events.append(Event(frame, kind, None, place=place))
        elif kind in _OF_NOTE or kind in _OF_ALL:
            self._expression(frame, kind, item, place)
        else:
            change = (list(item["ops"]) if kind == "ops" else self._patch(item["load"]))
            fade = self._number(item, "fade_ms", place, 0, header.MEGA_FADE_MS_MAX,
                                header.MEGA_FADE_MS_DEFAULT)
            self.events.append(Event(frame, "edit", change, None, fade, place))

    def _key(self, item: Mapping[str, Json], key: str, place: str) -> float:
        try:
            return key_of(item[key])
        except BadValueError as error:
            raise error.within(f"{place}.{key}") from None

    def _id(self, item: Mapping[str, Json], place: str) -> int | str | None:
        name = item.get("id")
        good = isinstance(name, (str, int)) and not isinstance(name, bool) and name != "" and len(str(name)) <= 64
        if name is not None and not good:
            raise BadValueError("bad-value", "must be a name, at most 64 bytes long, or a whole number",
                                path=f"{place}.id")
        return name

    def _expression(self, frame: int, kind: str, item: Mapping[str, Json], place: str) -> None:
        """Of the note of its id, or of all."""
        name = self._id(item, place)
        if name is None and kind not in _OF_ALL:
            raise BadValueError("missing", "`id` is missing", path=f"{place}.{kind}",
                                hint="give the note and this item the same `id`")
        if kind == "key":
            value = self._key(item, kind, place)
        elif kind in ("sustain", "sostenuto") and isinstance(item[kind], bool):
            value = float(item[kind])
        else:
            value = self._number(item, kind, place, *(_OF_ALL if name is None else _OF_NOTE)[kind])
        self.events.append(Event(frame, "control" if name is None else "set", kind, value, 0, place, name))

    def _patch(self, given: Json) -> Patch:
        return as_patch(self.folder / given if isinstance(given, str) else given)

    def _param(self, frame: int, item: Mapping[str, Json], place: str) -> None:
        names = item["param"]
        if not isinstance(names, (tuple, list)) or len(names) != 2:
            raise BadValueError("bad-value", "must be [node, parameter]", path=f"{place}.param",
                                hint='as in ["filt", "freq"]')
        if "value" not in item:
            raise BadValueError("missing", "`value` is missing", path=place,
                                hint="a number, or the name of a choice")
        ramp_ms = self._number(item, "ramp_ms", place, 0, _RAMP_MS_MAX, -1.0)
        name = self._id(item, place)
        self.events.append(Event(frame, "param" if name is None else "own", tuple(names), item["value"], ramp_ms, place, name))

    def _number(self, item: Mapping[str, Json], key: str, place: str, low: float, high: float,
                otherwise: float | None = None) -> float:
        value = item.get(key, otherwise)
        if value is None:
            raise BadValueError("missing", f"`{key}` is missing", path=place,
                                hint=f"a number {low:g}..{high:g}")
        if isinstance(value, bool) or not hasattr(value, "__float__"):
            raise BadValueError("bad-type", "must be a number", path=f"{place}.{key}",
                                hint=f"{low:g}..{high:g}")
        if value != otherwise and not low <= float(value) <= high:
            raise BadValueError("bad-value", f"{value} is out of range; it must be {low:g}..{high:g}",
                                path=f"{place}.{key}")
        return float(value)

    # ---- all of it -----------------------------------------------------------------------------

    def finish(self) -> list[Event]:
        """The events in the order of a render: when due; there edits first, then releases."""
        self.events.sort(key=Event.order)
        begun: dict[Any, int] = {}
        for e in self.events:
            if e.kind == "on" and e.id is not None:
                begun[e.id] = e.what
            elif e.kind in ("set", "own"):
                if e.id not in begun:
                    raise BadValueError("not-found", "no note of this id has begun by then", path=f"{e.place}.id")
                e.id = begun[e.id]
        return self.events

    def end(self) -> int:
        """The frame after the last event."""
        return self.events[-1].due + 1 if self.events else 0

    def settled(self) -> int:
        """As `end`, but with the fades of edits, which may bring in what sounds."""
        now = after = 0  # end of the fade under way, and of what waits for it
        for e in self.events:
            if e.kind != "edit":
                continue
            length = 2 * header.BLOCK_FRAMES + int(2 * e.detail * 0.001 * self.rate)
            if e.frame >= now:
                now = after
            if e.frame >= now:
                now = after = e.frame + length
            else:
                after = now + length
        return max(after, self.end())
