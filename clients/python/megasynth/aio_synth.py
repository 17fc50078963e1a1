# SPDX-License-Identifier: MIT
"""A synth of a running server, for asyncio: what answers is awaited, as each command is."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

from . import _commands
from ._alink import Answered, AsyncListener, listening, opening
from ._session import Heard, Json, TapBlock, address_for
from ._words import (BusWords, Document, EditList, KnobWords, NodeWords, NoteWords, Pitch, SynthWords, VoiceWords,
                     document_arguments, format_of_file, given, note_number, write_text)

if TYPE_CHECKING:
    from .aio import AsyncServer

_note_ids = itertools.count(1)


class _Typed(_commands.AsyncCommands):
    def __init__(self, synth: AsyncSynth) -> None:
        self._synth = synth

    def _call(self, address: str, arguments: dict[str, Any]) -> Any:
        return self._synth.call(address, **given(**arguments))


class AsyncSynth(SynthWords[Answered]):
    """As `megasynth.Synth`."""

    name: str

    def __init__(self, server: AsyncServer, name: str) -> None:
        self._server = server
        self.name = name

    def __repr__(self) -> str:
        return f"<synth {self.name} of {self._server.url}>"

    def call(self, address: str, /, **arguments: Json) -> Answered:
        """Any command: sent at once, in the order of the calls, whether it is awaited or not.

        Within `at` it is an empty dict, which is filled when the `async with` ends.

        @raise ServerError the server refuses; ServerGone; Timeout
        """
        return self._server._submit(address_for(self.name, address), arguments)

    @property
    def commands(self) -> _commands.AsyncCommands:
        """Every command as a method with typed arguments and answers."""
        return _Typed(self)

    # ---- the patch

    async def load(self, patch: Document, *, fade_ms: float | None = None) -> _commands.PatchLoadAnswer:
        """As `Synth.load`."""
        arguments = document_arguments(patch)
        answer = await self.call("/patch/load", **arguments, **given(fade_ms=fade_ms))
        self._server._loaded[self.name] = arguments
        return cast(_commands.PatchLoadAnswer, answer)

    async def document(self) -> dict[str, Json]:
        """The patch that plays, as a dict, with all values as they are now."""
        return cast(dict[str, Json], (await self.call("/patch/get"))["patch"])

    async def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """As `Synth.save`."""
        answer = await self.call("/patch/get", format=format_of_file(path))
        write_text(path, cast(str, answer["text"]), overwrite)

    @property
    def patch(self) -> AsyncPatchView:
        """The nodes of what plays: `await s.patch["filt"].set("freq", 800)`."""
        return AsyncPatchView(self)

    @asynccontextmanager
    async def edit(self, *, fade_ms: float | None = None, rev: int | None = None) -> AsyncIterator[EditList]:
        """As `Synth.edit`: `async with s.edit() as e: e.add(...)`."""
        edit = EditList()
        yield edit
        if edit.ops:
            edit.answer = cast(_commands.PatchEditAnswer,
                               await self.call("/patch/edit", ops=edit.ops, **given(fade_ms=fade_ms, rev=rev)))

    async def undo(self) -> _commands.PatchUndoAnswer:
        """Takes the last edit back."""
        return await self.commands.patch_undo()

    async def redo(self) -> _commands.PatchRedoAnswer:
        """Makes it again."""
        return await self.commands.patch_redo()

    @property
    def knobs(self) -> AsyncKnobs:
        """`await s.knobs.set("cutoff", 0.7)`, `await s.knobs.get("cutoff")`."""
        return AsyncKnobs(self)

    # ---- notes and voices

    @opening
    async def note(self, pitch: Pitch, velocity: float = 0.8, *, seconds: float | None = None) -> AsyncNote:
        """As `Synth.note`: `note = await s.note("C4")`, or `async with s.note("C4"): ...`."""
        note = AsyncNote(self, next(_note_ids), pitch)
        note._answer = await note._on(velocity, seconds)
        return note

    @property
    def voices(self) -> AsyncVoices:
        """`await s.voices.alloc("C4")`."""
        return AsyncVoices(self)

    # ---- signals

    @property
    def buses(self) -> AsyncBuses:
        """`await s.buses.new("control")`, `await s.buses.of("filt", "low")`."""
        return AsyncBuses(self)

    @listening
    async def tap(self, bus: AsyncBus | int | str, *, every: int = 1, ms: int | None = None) -> AsyncListener[TapBlock]:
        """As `Synth.tap`: `async for block in s.tap("filt.low"): ...`, or `async with s.tap("filt.low") as blocks: ...`."""
        own = await self.buses.of(*bus.rsplit(".", 1)) if isinstance(bus, str) else None
        number = own.number if own else bus.number if isinstance(bus, AsyncBus) else bus

        def wanted(heard: Heard) -> bool:
            return isinstance(heard, TapBlock) and heard.bus == number

        listener: AsyncListener[TapBlock] = AsyncListener(
            self._server._link, wanted, lambda: own.free() if own else self.call("/bus/untap", bus=number))
        try:
            await self.call("/bus/tap", bus=number, every=every, **given(ms=ms))
        except BaseException:
            await listener.close()
            raise
        return listener

    # ---- the synth itself

    async def free(self) -> None:
        """Fades this synth out and forgets it; `main` stays."""
        await self._server.call("/synth/free", name=self.name)

    async def fader(self, gain: float) -> None:
        """Gain of its output, 0..4."""
        await self._server.call("/synth/fader", name=self.name, value=gain)


class AsyncNode(NodeWords[Answered]):
    """As `NodeView`, with `get` and `set`."""

    async def get(self, param: str) -> Json:
        """What a parameter is set to."""
        row = await self.describe(param)
        return row["choices"][int(row["value"])] if row.get("choices") else row.get("value")


class AsyncPatchView:
    """The nodes of the patch that plays, by id."""

    def __init__(self, synth: AsyncSynth) -> None:
        self._synth = synth

    def __getitem__(self, node: str) -> AsyncNode:
        return AsyncNode(self._synth, node)


class AsyncKnobs(KnobWords[Answered]):
    """As `Knobs`, with `get`, `set`, `all`."""

    async def get(self, name: str) -> float:
        """Where a knob is, 0..1."""
        return float((await self.describe(name))["value"])

    async def all(self) -> dict[str, float]:
        """Where all knobs are."""
        told = (await self._synth.call("/knob/list"))["knobs"]
        return {name: knob["value"] for name, knob in told.items()}


class AsyncNote(NoteWords[Answered]):
    """As `megasynth.Note`; in an `async with` it ends with that."""

    async def __aenter__(self) -> AsyncNote:
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(_commands.NotFoundError):  # it has ended by itself
            await self.off()


class AsyncVoices:
    """As `Voices`."""

    def __init__(self, synth: AsyncSynth) -> None:
        self._synth = synth

    @opening
    async def alloc(self, pitch: Pitch = 60) -> AsyncVoice:
        """Reserves a voice without a note; it is silent until its gate is opened."""
        answer = await self._synth.commands.voice_alloc(note_number(pitch))
        return AsyncVoice(self._synth, answer["voice"], answer["buses"])

    async def list(self) -> _commands.VoiceListAnswer:
        """`notes` that sound, and voices that are `reserved`."""
        return await self._synth.commands.voice_list()


class AsyncVoice(VoiceWords[Answered]):
    """As `megasynth.Voice`; in an `async with` it is given back after that."""

    def bus(self, node: str, port: str = "out") -> AsyncBus:
        """What goes over an output port of a node, of this voice."""
        return AsyncBus(self._synth, self.buses[node][port])

    async def __aenter__(self) -> AsyncVoice:
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(_commands.NotFoundError):  # it has ended by itself
            await self.free()


class AsyncBuses:
    """As `Buses`."""

    def __init__(self, synth: AsyncSynth) -> None:
        self._synth = synth

    @opening
    async def new(self, kind: str = "audio", name: str | None = None) -> AsyncBus:
        """A bus for `bus.in` and `bus.out` nodes, "audio" or "control"."""
        return AsyncBus(self._synth, (await self._synth.commands.bus_new(kind, name))["bus"])

    @opening
    async def of(self, node: str, port: str = "out", *, voice: int | None = None) -> AsyncBus:
        """What goes over an output port of a node: of one voice, or the sum of all."""
        return AsyncBus(self._synth, (await self._synth.commands.bus_new(node=node, port=port, voice=voice))["bus"])

    async def list(self) -> list[dict[str, Json]]:
        """All of the server."""
        return (await self._synth.commands.bus_list())["buses"]


class AsyncBus(BusWords[Answered]):
    """As `megasynth.Bus`; in an `async with` it is no longer a bus after that."""

    async def __aenter__(self) -> AsyncBus:
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(_commands.NotFoundError):  # it has ended by itself
            await self.free()
