# SPDX-License-Identifier: MIT
"""A synth of a running server, and what is in it: its patch, knobs, parameters, notes, voices, buses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, MutableMapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from . import _commands
from ._link import Listener, check_bundled
from ._session import Json, TapBlock
from ._words import Document, EditList, Pitch, document_arguments, given, note_number

if TYPE_CHECKING:
    from .server import Server

_note_ids = itertools.count(1)


class _Typed(_commands.Commands):
    """The generated methods, over a synth's own way to call."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def _call(self, address: str, arguments: dict[str, Any]) -> Any:
        return self._synth.call(address, **given(**arguments))


class Synth:
    """One of the server's synths: a patch, its voices and knobs, and an output. `Server` is the one named `main`."""

    name: str

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name

    # ---- any command

    def call(self, address: str, /, **arguments: Json) -> dict[str, Json]:
        """Any command of docs/protocol.md by its address, arguments by name; waits for the answer.

        Within `at` the answer is an empty dict, which is filled when the `with` ends.

        @raise ServerError the server refuses; ServerGone; Timeout
        """
        if self.name != "main" and address in _commands.OF_A_SYNTH:
            address = f"/synth/{self.name}{address}"
        timed = self._server._timed
        if timed.gathered is None:
            link = self._server._link
            return link.wait(link.submit(address, arguments), address)
        check_bundled(address)
        answer: dict[str, Json] = {}
        timed.gathered.append((address, {"at": timed.at, **arguments}, answer))
        return answer

    def submit(self, address: str, /, **arguments: Json) -> Future[dict[str, Json]]:
        """The same without waiting: for thousands at once. Commands are carried out in the order of their sending."""
        if self.name != "main" and address in _commands.OF_A_SYNTH:
            address = f"/synth/{self.name}{address}"
        return self._server._link.submit(address, arguments)

    @property
    def commands(self) -> _commands.Commands:
        """Every command as a method with typed arguments and answers: `s.commands.note_on(60, 0.8)`."""
        return _Typed(self)

    # ---- the patch

    def load(self, patch: Document, *, fade_ms: float | None = None) -> _commands.PatchLoadAnswer:
        """Plays a patch: a `Patch`, a dict, a file's path, or a document's text. What it has in common with the one that plays
        goes on; the rest fades in `fade_ms`.

        @return its revision, the first frame affected, warnings
        @raise ServerError with `path` and `hint`; nothing has changed then
        """
        arguments = document_arguments(patch)
        answer = self.call("/patch/load", **arguments, **given(fade_ms=fade_ms))
        self._server._loaded[self.name] = arguments
        return cast(_commands.PatchLoadAnswer, answer)

    @property
    def patch(self) -> PatchView:
        """The nodes of what plays: `s.patch["filt"]["freq"] = 800`."""
        return PatchView(self)

    @property
    def document(self) -> dict[str, Json]:
        """The patch that plays, as a dict."""
        return cast(dict[str, Json], self.call("/patch/get")["patch"])

    @contextmanager
    def edit(self, *, fade_ms: float | None = None, rev: int | None = None) -> Iterator[Edit]:
        """One edit of many operations, sent when the `with` ends: all or nothing, at one frame. If an exception leaves the
        `with`, nothing is sent.

        @param rev only if the patch is still of that revision, else ServerError `conflict`
        """
        edit = Edit()
        yield edit
        if edit.ops:
            edit.answer = cast(_commands.PatchEditAnswer,
                               self.call("/patch/edit", ops=edit.ops, **given(fade_ms=fade_ms, rev=rev)))

    def undo(self) -> _commands.PatchUndoAnswer:
        """Takes the last edit back."""
        return self.commands.patch_undo()

    def redo(self) -> _commands.PatchRedoAnswer:
        """Makes it again."""
        return self.commands.patch_redo()

    @property
    def knobs(self) -> Knobs:
        """`s.knobs["cutoff"] = 0.7`; a mapping of their values, 0..1."""
        return Knobs(self)

    # ---- notes

    def note(self, pitch: Pitch, velocity: float = 0.8) -> Note:
        """Starts a note. @param pitch "C4" or 60; @param velocity 0..1"""
        note = Note(self, next(_note_ids), note_number(pitch))
        note._answer = self.call("/note/on", key=note.key, velocity=velocity, id=note.id)
        return note

    def all_off(self) -> None:
        """Ends all notes."""
        self.call("/note/all_off")

    def voice(self, pitch: Pitch = 60) -> Voice:
        """Reserves a voice without a note, to be played by hand; it is silent until its gate is opened."""
        answer = self.commands.voice_alloc(note_number(pitch))
        return Voice(self, answer["voice"], answer["buses"])

    def voices(self) -> _commands.VoiceListAnswer:
        """Notes that sound, and voices that are reserved."""
        return self.commands.voice_list()

    # ---- signals

    def bus(self, node: str, port: str = "out", voice: int | None = None) -> Bus:
        """What goes over an output port of a node: of one voice, or the sum of all."""
        return Bus(self, self.commands.bus_new(node=node, port=port, voice=voice)["bus"])

    def free(self) -> None:
        """Fades this synth out and forgets it; `main` stays."""
        self._server.call("/synth/free", name=self.name)

    def fader(self, gain: float) -> None:
        """Gain of its output, 0..4."""
        self._server.call("/synth/fader", name=self.name, value=gain)


class Edit(EditList):
    """What `Synth.edit` gathers."""

    answer: _commands.PatchEditAnswer | None = None  #: once it is made: `rev`, `frame`, `undo`


class NodeView(MutableMapping[str, Json]):
    """Parameters of a node as they are turned now. Setting one turns it in all voices, smoothed as its module says."""

    def __init__(self, synth: Synth, node: str) -> None:
        self._synth = synth
        self.id = node

    @property
    def type(self) -> str:
        return str(self._synth.call("/param/list", node=self.id)["type"])

    def describe(self, param: str) -> _commands.ParamGetAnswer:
        """Value, unit, range, default, doc of a parameter."""
        return self._synth.commands.param_get(self.id, param)

    def set(self, param: str, value: float, ramp_ms: float | None = None) -> None:
        """Turns a parameter, in a straight ramp of `ramp_ms` if given."""
        self._synth.call("/param/set", node=self.id, param=param, value=value, **given(ramp_ms=ramp_ms))

    def __getitem__(self, param: str) -> Json:
        return self._synth.call("/param/get", node=self.id, param=param).get("value")

    def __setitem__(self, param: str, value: Json) -> None:
        self.set(param, value)

    def __delitem__(self, param: str) -> None:
        raise TypeError("parameters cannot be deleted; an edit with set(\"node.param\", None) unwrites one")

    def __iter__(self) -> Iterator[str]:
        return iter(self._synth.call("/param/list", node=self.id)["params"])

    def __len__(self) -> int:
        return len(self._synth.call("/param/list", node=self.id)["params"])

    def __repr__(self) -> str:
        return f"<node {self.id} of {self._synth.name}>"


class PatchView(Mapping[str, NodeView]):
    """The nodes of the patch that plays, by id."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def _nodes(self) -> list[str]:
        nodes = self._synth.document["nodes"]
        return list(nodes) if isinstance(nodes, dict) else [node["id"] for node in nodes]

    def __getitem__(self, node: str) -> NodeView:
        return NodeView(self._synth, node)

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes())

    def __len__(self) -> int:
        return len(self._nodes())


class Knobs(MutableMapping[str, float]):
    """Knobs and where they are, 0..1."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def set(self, name: str, value: float, ramp_ms: float | None = None) -> None:
        """Turns a knob, in `ramp_ms` if given."""
        self._synth.call("/knob/set", name=name, value=value, **given(ramp_ms=ramp_ms))

    def describe(self, name: str) -> _commands.KnobGetAnswer:
        """Value, range, scale, unit."""
        return self._synth.commands.knob_get(name)

    def __getitem__(self, name: str) -> float:
        return float(self._synth.call("/knob/get", name=name)["value"])

    def __setitem__(self, name: str, value: float) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        self._synth.call("/knob/free", name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._synth.call("/knob/list")["knobs"])

    def __len__(self) -> int:
        return len(self._synth.call("/knob/list")["knobs"])


class Note:
    """A note that was started; in a `with` it ends with that."""

    def __init__(self, synth: Synth, id: int, key: float) -> None:
        self._synth = synth
        self._answer: dict[str, Json] = {}
        self.id = id  #: this program's own number for it
        self.key = key

    @property
    def handle(self) -> int | None:
        """The server's number; None until it is known, within `at`."""
        return self._answer.get("note")

    @property
    def frame(self) -> int | None:
        """The first frame of it."""
        return self._answer.get("frame")

    def _set(self, **what: Json) -> None:
        self._synth.call("/note/set", id=self.id, **what)

    def bend(self, semitones: float) -> None:
        """-127..127, from its key."""
        self._set(bend=semitones)

    def pressure(self, value: float) -> None:
        """0..1."""
        self._set(pressure=value)

    def timbre(self, value: float) -> None:
        """0..1."""
        self._set(timbre=value)

    def glide(self, pitch: Pitch) -> None:
        """Another key, as its `note` module glides."""
        self._set(key=note_number(pitch))

    def set(self, node: str, param: str, value: float, ramp_ms: float | None = None) -> None:
        """Its own value of a parameter of a per-voice node."""
        self._set(node=node, param=param, value=value, **given(ramp_ms=ramp_ms))

    def off(self, velocity: float = 0) -> None:
        """Releases it."""
        self._synth.call("/note/off", id=self.id, velocity=velocity)

    def __enter__(self) -> Note:
        return self

    def __exit__(self, *_: object) -> None:
        self.off()


class Voice:
    """A reserved voice: `gate(1)` opens it. `buses` are the numbers of what its nodes give: `buses["filt"]["low"]`."""

    def __init__(self, synth: Synth, number: int, buses: dict[str, dict[str, int]]) -> None:
        self._synth = synth
        self.number = number
        self.buses = buses

    def set(self, **what: float) -> None:
        """`key`, `velocity`, `gate`, `bend`, `pressure`, `timbre`."""
        self._synth.call("/note/set", note=self.number, **what)

    def gate(self, open: float) -> None:
        """1 opens, 0 shuts."""
        self.set(gate=open)

    def param(self, node: str, param: str, value: float, ramp_ms: float | None = None) -> None:
        """Its own value of a parameter of a per-voice node."""
        self._synth.call("/note/set", note=self.number, node=node, param=param, value=value, **given(ramp_ms=ramp_ms))

    def bus(self, node: str, port: str = "out") -> Bus:
        return Bus(self._synth, self.buses[node][port])

    def free(self) -> None:
        """Gives it back."""
        self._synth.call("/voice/free", voice=self.number)

    def __enter__(self) -> Voice:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()


class Bus:
    """A signal with a number."""

    def __init__(self, synth: Synth, number: int) -> None:
        self._synth = synth
        self.number = number

    def get(self) -> _commands.BusGetAnswer:
        """What goes over it: value, peak, rms."""
        return self._synth.commands.bus_get(self.number)

    def set(self, value: float) -> None:
        """Of a control bus."""
        self._synth.call("/bus/set", bus=self.number, value=value)

    def tap(self, every: int = 1, ms: float | None = None) -> Listener[TapBlock]:
        """What goes over it, as an iterator of blocks with `samples` (float32): of each `every`-th frame, or (0) peak and rms only.

        @param ms between two blocks; 50
        """
        server = self._synth._server
        listener: Listener[TapBlock] = Listener(
            server._link, lambda heard: isinstance(heard, TapBlock) and heard.bus == self.number,
            lambda: cast(None, server.call("/bus/untap", bus=self.number)))
        server.call("/bus/tap", bus=self.number, every=every, **given(ms=ms))
        return listener

    def free(self) -> None:
        """No longer a bus."""
        self._synth.call("/bus/free", bus=self.number)

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
