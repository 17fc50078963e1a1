# SPDX-License-Identifier: MIT
"""The words that `Server` and `AsyncServer` share: what they turn into commands, once for both.

`R` is what a command comes to: its answer, or something to await for it.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Iterable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, Union

from . import _commands
from ._session import Json
from .offline.edits import Editable, Operation
from .offline.score import key_of

#: of notices; docs/protocol.md says what each tells
TOPICS = ("note", "voice", "patch", "knob", "xrun", "late", "nan", "device", "log", "meter", "client")
Pitch = Union[int, float, str]  #: a MIDI key 0..127, fractions allowed, or a name: "C4" is 60
Answer = dict[str, Json]
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class HasDocument(Protocol):
    """`megasynth.Patch`, for one."""

    @property
    def document(self) -> Mapping[str, Json]: ...


Document = Union[Mapping[str, Json], HasDocument, str, "os.PathLike[str]"]


class Caller(Protocol[R_co]):
    """What carries commands out: a synth."""

    def call(self, address: str, /, **arguments: Json) -> R_co: ...


def given(**arguments: Json) -> dict[str, Json]:
    """Those that are not None."""
    return {key: value for key, value in arguments.items() if value is not None}


def document_arguments(patch: Document) -> dict[str, Json]:
    """A patch as the server takes it: a map as it is, a text or a file as text with its format.

    A str is a file's path, or a document if it begins with `{` or `(`.
    """
    if isinstance(patch, Mapping):
        return {"patch": dict(patch)}
    if isinstance(patch, (str, os.PathLike)):
        text = str(patch)
        if text.lstrip().startswith(("{", "(", ";")):
            return {"text": text, "format": "json" if text.lstrip().startswith("{") else "sexp"}
        path = Path(patch)
        if path.suffix == ".msgpack":
            from ._wire import unpack
            return {"patch": unpack(path.read_bytes())}
        return {"text": path.read_text(), "format": "sexp" if path.suffix == ".sexp" else "json"}
    document = getattr(patch, "document", None)
    if not isinstance(document, Mapping):
        raise TypeError(f"{type(patch).__name__} is no patch: a Patch, a dict, a file's path, a document's text")
    return {"patch": dict(document)}


def when(seconds: float | None, clock: _commands.ClockAnswer | None, frame: int | None) -> dict[str, Json]:
    """The `at` of timed commands; `seconds` from what `clock` says."""
    if seconds is not None and clock:
        frame = clock["frame"] + round(seconds * clock["rate"])
    return given(frame=frame)


def one_of(**arguments: Any) -> None:
    """@raise ValueError unless exactly one is given"""
    if sum(value is not None for value in arguments.values()) != 1:
        raise ValueError("one is wanted of: " + ", ".join(arguments))


def note_number(note: Pitch) -> float:
    """@raise ValueError for what is no pitch"""
    return key_of(note.item() if hasattr(note, "item") else note)  # numpy's numbers, too


class EditList(Editable):
    """Operations of one edit, gathered: the words are those of `Patch`. The server checks them, all at once."""

    def __init__(self) -> None:
        self.ops: list[Operation] = []
        self.answer: _commands.PatchEditAnswer | None = None  #: once it is made: `rev`, `frame`, `undo`

    def edit(self, operations: Iterable[Operation]) -> None:
        """Adds operations as they stand in a list: `{"op": "remove", "id": "filt"}`."""
        self.ops += operations


class Expression(Generic[R]):
    """What can be done to one sounding note or reserved voice."""

    def __init__(self, synth: Caller[R], which: dict[str, int]) -> None:
        self._synth = synth
        self._which = which

    def _set(self, **what: Json) -> R:
        return self._synth.call("/note/set", **self._which, **what)

    def key(self, pitch: Pitch) -> R:
        """Another pitch; its `note` module glides there if it says so."""
        return self._set(key=note_number(pitch))

    def bend(self, semitones: float) -> R:
        """-127..127 semitones, from its key."""
        return self._set(bend=semitones)

    def pressure(self, value: float) -> R:
        """0..1."""
        return self._set(pressure=value)

    def timbre(self, value: float) -> R:
        """0..1."""
        return self._set(timbre=value)

    def set(self, node: str, param: str, value: float, ramp_ms: float | None = None) -> R:
        """Its own value of a parameter of a per-voice node, in the parameter's unit."""
        return self._set(node=node, param=param, value=value, **given(ramp_ms=ramp_ms))


class NoteWords(Expression[R]):
    """A note that was started."""

    def __init__(self, synth: Caller[R], id: int, pitch: Pitch) -> None:
        super().__init__(synth, {"id": id})
        self.id = id  #: this program's own number for it
        self.pitch = note_number(pitch)
        self._answer: Answer = {}

    @property
    def handle(self) -> int | None:
        """The server's number; None until it is known, within `at`."""
        return self._answer.get("note")

    @property
    def frame(self) -> int | None:
        """The first frame of it; None until it is known."""
        return self._answer.get("frame")

    def _on(self, velocity: float, seconds: float | None) -> R:
        return self._synth.call("/note/on", key=self.pitch, velocity=velocity, id=self.id, **given(seconds=seconds))

    def off(self, velocity: float = 0) -> R:
        """Releases it."""
        return self._synth.call("/note/off", id=self.id, velocity=velocity)

    def __repr__(self) -> str:
        return f"<note {self.pitch:g}>"


class VoiceWords(Expression[R]):
    """A reserved voice: `gate(1)` opens it. `buses` are the numbers of what its nodes give: `buses["filt"]["low"]`."""

    def __init__(self, synth: Caller[R], number: int, buses: dict[str, dict[str, int]]) -> None:
        super().__init__(synth, {"note": number})
        self.number = number
        self.buses = buses

    def gate(self, open: float) -> R:
        """1 opens, 0 shuts."""
        return self._set(gate=open)

    def velocity(self, value: float) -> R:
        """0..1."""
        return self._set(velocity=value)

    def free(self) -> R:
        """Gives it back."""
        return self._synth.call("/voice/free", voice=self.number)

    def __repr__(self) -> str:
        return f"<voice {self.number}>"


class BusWords(Generic[R]):
    """A signal with a number."""

    def __init__(self, synth: Caller[R], number: int) -> None:
        self._synth = synth
        self.number = number

    def get(self) -> R:
        """What goes over it: `value`, `peak`, `rms`."""
        return self._synth.call("/bus/get", bus=self.number)

    def set(self, value: float) -> R:
        """Of a control bus; reached within a block."""
        return self._synth.call("/bus/set", bus=self.number, value=value)

    def free(self) -> R:
        """Frees a bus."""
        return self._synth.call("/bus/free", bus=self.number)

    def __repr__(self) -> str:
        return f"<bus {self.number}>"


class NodeWords(Generic[R]):
    """A node of the patch that plays."""

    def __init__(self, synth: Caller[R], node: str) -> None:
        self._synth = synth
        self.id = node

    def set(self, param: str, value: float | str, ramp_ms: float | None = None) -> R:
        """Turns a parameter in all voices, in its unit; in a straight ramp of `ramp_ms` if given, else smoothed as its module
        says. A choice's name is written into the document, as an edit. For one note alone: `Note.set`.
        """
        if isinstance(value, str):
            return self._synth.call("/patch/edit", ops=[{"op": "set", "id": self.id, "param": param, "value": value}])
        return self._synth.call("/param/set", node=self.id, param=param, value=value, **given(ramp_ms=ramp_ms))

    def describe(self, param: str) -> R:
        """Value, unit, range, default, choices, doc of a parameter, as `ParamGetAnswer`."""
        return self._synth.call("/param/get", node=self.id, param=param)

    def __repr__(self) -> str:
        return f"<node {self.id}>"


class KnobWords(Generic[R]):
    """The knobs of a synth."""

    def __init__(self, synth: Caller[R]) -> None:
        self._synth = synth

    def set(self, name: str, value: float, ramp_ms: float | None = None) -> R:
        """Turns a knob, 0..1; in a straight ramp of `ramp_ms` if given."""
        return self._synth.call("/knob/set", name=name, value=value, **given(ramp_ms=ramp_ms))

    def describe(self, name: str) -> R:
        """`value`, and `range`, `scale`, `unit` where it has its own, as `KnobGetAnswer`."""
        return self._synth.call("/knob/get", name=name)


class SynthWords(Generic[R]):
    """What one command does for a synth."""

    def call(self, address: str, /, **arguments: Json) -> R:
        """Any command."""
        raise NotImplementedError

    def recall(self, preset: str, morph_ms: float | None = None) -> R:
        """Knobs and parameters go to what a preset says."""
        return self.call("/preset/recall", name=preset, **given(morph_ms=morph_ms))

    def control(self, what: str, value: float) -> R:
        """Of all notes: "bend" (-1..1, times the patch's bend range), "pressure", "timbre", "sustain", "sostenuto" (0..1)."""
        return self.call("/note/control", what=what, value=value)

    def all_off(self) -> R:
        """Releases all notes."""
        return self.call("/note/all_off")


Soon = Awaitable[Answer]


def format_of_file(path: str | os.PathLike[str]) -> str:
    """json or sexp, by the name's ending.

    @raise ValueError for any other
    """
    ending = os.path.splitext(path)[1].lower()
    if ending not in (".json", ".sexp"):
        raise ValueError(f"{os.fspath(path)}: patches are saved as *.json or *.sexp")
    return ending[1:]


def write_text(path: str | os.PathLike[str], text: str, overwrite: bool) -> None:
    """@raise FileExistsError unless `overwrite`"""
    with open(path, "w" if overwrite else "x", encoding="utf-8") as file:
        file.write(text)
