# SPDX-License-Identifier: MIT
"""A synth of a running server, and what is in it: its patch, knobs, parameters, notes, voices, buses."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping, MutableMapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from . import _commands
from ._link import Listener
from ._session import Heard, Json, TapBlock, address_for, check_bundled
from ._words import (Answer, BusWords, Document, EditList, KnobWords, NodeWords, NoteWords, Pitch, SynthWords, VoiceWords,
                     document_arguments, format_of_file, given, note_number, write_text)
from .offline import LibraryError, Patch

if TYPE_CHECKING:
    from .server import Server

_note_ids = itertools.count(1)


class _Typed(_commands.Commands):
    """The generated methods, over a synth's own way to call."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def _call(self, address: str, arguments: dict[str, Any]) -> Any:
        return self._synth.call(address, **given(**arguments))


class Synth(SynthWords[Answer]):
    """One of the server's synths: a patch, its voices and knobs, and an output. `Server` is the one named `main`."""

    name: str

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name

    def __repr__(self) -> str:
        return f"<synth {self.name} of {self._server.url}>"

    # ---- any command

    def call(self, address: str, /, **arguments: Json) -> Answer:
        """Any command of docs/protocol.md by its address, arguments by name; waits for the answer.

        Within `at` the answer is an empty dict, which is filled when the `with` ends.

        @raise ServerError the server refuses; ServerGone; Timeout
        """
        address = address_for(self.name, address)
        timed = self._server._timed
        if timed.gathered is None:
            link = self._server._link
            return link.wait(link.submit(address, arguments), address)
        check_bundled(address)
        answer: Answer = {}
        timed.gathered.append((address, {"at": timed.at, **arguments}, answer))
        return answer

    def submit(self, address: str, /, **arguments: Json) -> Future[Answer]:
        """The same without waiting: for thousands at once. Commands are carried out in the order of their sending.

        @return a future of the answer; not to be waited for in its own callbacks
        """
        return self._server._link.submit(address_for(self.name, address), arguments)

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
        """The patch that plays, as a dict, with all values as they are now."""
        return cast(dict[str, Json], self.call("/patch/get")["patch"])

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Writes the patch as it sounds now into a file, *.json or *.sexp.

        @raise FileExistsError for a file that is there, unless `overwrite`
        """
        answer = self.call("/patch/get", format=format_of_file(path))
        write_text(path, cast(str, answer["text"]), overwrite)

    @contextmanager
    def edit(self, *, fade_ms: float | None = None, rev: int | None = None) -> Iterator[EditList]:
        """One edit of many operations, sent when the `with` ends: all or nothing, at one frame. If an exception leaves the
        `with`, nothing is sent. The words are those of `Patch`: add, remove, replace, rename, connect, disconnect, set, add_knob,
        remove_knob.

        @param fade_ms in which cables fade in and out; 3
        @param rev only if the patch is still of that revision, else ServerError `conflict`
        """
        edit = EditList()
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

    def note(self, pitch: Pitch, velocity: float = 0.8, *, seconds: float | None = None) -> Note:
        """Starts a note. It lasts for `seconds`, or until `off`, or, in a `with`, until the end of the block.

        @param pitch "C4", 60, or 60.5 between two keys
        @param velocity 0..1
        """
        note = Note(self, next(_note_ids), pitch)
        note._answer = note._on(velocity, seconds)
        return note

    @property
    def voices(self) -> Voices:
        """`s.voices.alloc("C4")` reserves one, to be played by hand."""
        return Voices(self)

    # ---- signals

    @property
    def buses(self) -> Buses:
        """`s.buses.new("control")` makes one, `s.buses.of("filt", "low")` listens to an output port."""
        return Buses(self)

    def tap(self, bus: Bus | int | str, *, every: int = 1, ms: int | None = None) -> Listener[TapBlock]:
        """What goes over a bus, as an iterator of blocks with `samples`, float32 of shape (frames,):

            with s.tap("filt.low") as blocks:
                for block in blocks: ...

        @param bus a Bus, its number, or an output port as "node.port": the sum of its voices
        @param every of each so many frames one; 0: only `peak` and `rms`
        @param ms between two blocks; 50
        """
        own = self.buses.of(*bus.rsplit(".", 1)) if isinstance(bus, str) else None
        number = own.number if own else bus.number if isinstance(bus, Bus) else bus

        def close() -> None:
            (own.free() if own else self.call("/bus/untap", bus=number))

        def wanted(heard: Heard) -> bool:
            return isinstance(heard, TapBlock) and heard.bus == number

        listener: Listener[TapBlock] = Listener(self._server._link, wanted, close)
        try:
            self.call("/bus/tap", bus=number, every=every, **given(ms=ms))
        except BaseException:
            listener.close()
            raise
        return listener

    # ---- the synth itself

    def free(self) -> None:
        """Fades this synth out and forgets it; `main` stays."""
        self._server.call("/synth/free", name=self.name)

    def fader(self, gain: float) -> None:
        """Gain of its output, 0..4."""
        self._server.call("/synth/fader", name=self.name, value=gain)


class NodeView(NodeWords[Answer], MutableMapping[str, Json]):
    """Parameters of a node as they are turned now; setting one is `set`. What cables add is not in them."""

    @property
    def type(self) -> str:
        """The name of its module."""
        return str(self._synth.call("/param/list", node=self.id)["type"])

    def __getitem__(self, param: str) -> Json:
        row = self.describe(param)
        return row["choices"][int(row["value"])] if row.get("choices") else row.get("value")

    def __setitem__(self, param: str, value: float | str) -> None:
        self.set(param, value)

    def __delitem__(self, param: str) -> None:
        raise TypeError("parameters cannot be deleted; an edit with set(\"node.param\", None) unwrites one")

    def __iter__(self) -> Iterator[str]:
        return iter(self._synth.call("/param/list", node=self.id)["params"])

    def __len__(self) -> int:
        return len(self._synth.call("/param/list", node=self.id)["params"])


class PatchView(Mapping[str, NodeView]):
    """The nodes of the patch that plays, by id."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def _nodes(self) -> list[str]:
        nodes = self._synth.document.get("nodes", {})
        return list(nodes) if isinstance(nodes, dict) else [node["id"] for node in nodes]

    def __getitem__(self, node: str) -> NodeView:
        return NodeView(self._synth, node)  # whether there is such a node the server says when it is used

    def __contains__(self, node: object) -> bool:
        return node in self._nodes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._nodes())

    def __len__(self) -> int:
        return len(self._nodes())

    def __repr__(self) -> str:
        return f"<patch {', '.join(self)}>"

    def _repr_html_(self) -> str | None:
        """Its picture, in a notebook, where the engine's library is there."""
        try:
            return Patch(self._synth.document)._repr_html_()
        except LibraryError:
            return None


class Knobs(KnobWords[Answer], MutableMapping[str, float]):
    """Knobs and where they are, 0..1. Setting one is `set`, deleting one takes it out of the patch."""

    def __getitem__(self, name: str) -> float:
        return float(self.describe(name)["value"])

    def __setitem__(self, name: str, value: float) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        self._synth.call("/knob/free", name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._synth.call("/knob/list")["knobs"])

    def __len__(self) -> int:
        return len(self._synth.call("/knob/list")["knobs"])

    def __repr__(self) -> str:
        return f"<knobs {dict(self)}>"


class Note(NoteWords[Answer]):
    """A note that was started; in a `with` it ends with that."""

    def __enter__(self) -> Note:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(_commands.NotFoundError):  # it has ended by itself
            self.off()


class Voices:
    """The voices of a synth."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def alloc(self, pitch: Pitch = 60) -> Voice:
        """Reserves a voice without a note; it is silent until its gate is opened. In a `with` it is given back after that."""
        answer = self._synth.commands.voice_alloc(note_number(pitch))
        return Voice(self._synth, answer["voice"], answer["buses"])

    def list(self) -> _commands.VoiceListAnswer:
        """`notes` that sound, and voices that are `reserved`."""
        return self._synth.commands.voice_list()

    def __len__(self) -> int:
        """How many sound."""
        return self.list()["voices"]


class Voice(VoiceWords[Answer]):
    """As `VoiceWords`; in a `with` it is given back after that."""

    def bus(self, node: str, port: str = "out") -> Bus:
        """What goes over an output port of a node, of this voice."""
        return Bus(self._synth, self.buses[node][port])

    def __enter__(self) -> Voice:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(_commands.NotFoundError):  # it has ended by itself
            self.free()


class Buses:
    """The buses of a synth."""

    def __init__(self, synth: Synth) -> None:
        self._synth = synth

    def new(self, kind: str = "audio", name: str | None = None) -> Bus:
        """A bus for `bus.in` and `bus.out` nodes, "audio" or "control"; their `bus` is its number."""
        return Bus(self._synth, self._synth.commands.bus_new(kind, name)["bus"])

    def of(self, node: str, port: str = "out", *, voice: int | None = None) -> Bus:
        """What goes over an output port of a node: of one voice, or the sum of all."""
        return Bus(self._synth, self._synth.commands.bus_new(node=node, port=port, voice=voice)["bus"])

    def list(self) -> list[dict[str, Json]]:
        """All of the server."""
        return self._synth.commands.bus_list()["buses"]


class Bus(BusWords[Answer]):
    """As `BusWords`; in a `with` it is no longer a bus after that."""

    def __enter__(self) -> Bus:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(_commands.NotFoundError):  # it has ended by itself
            self.free()
