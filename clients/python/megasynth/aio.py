# SPDX-License-Identifier: MIT
"""The same words for asyncio: `AsyncServer`. What answers is awaited; assignments become `set`."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, Union, cast

from . import _boot, _commands
from ._link import check_bundled
from ._session import Call, Json, Notice, Outcome, Session, TapBlock
from ._words import TOPICS, Document, EditList, Pitch, document_arguments, given, note_number
from .errors import NoServer, ServerGone, Timeout

_note_ids = itertools.count(1 << 20)  # apart from those of `Server`, which may share the connection's server
T = TypeVar("T", bound=Union[Notice, TapBlock])
Heard = Union[Notice, TapBlock]


@dataclass
class _Block:
    """What a task gathers within `at`."""

    server: AsyncServer
    at: dict[str, Json]
    calls: list[Call] = field(default_factory=list)


_block: ContextVar[_Block | None] = ContextVar("_block", default=None)


class AsyncListener(Generic[T]):
    """What comes, one after another: `async for x in listener`. Where the server goes, it raises ServerGone."""

    def __init__(self, server: AsyncServer, wanted: Callable[[Heard], bool]) -> None:
        self._server = server
        self._wanted = wanted
        self._queue: asyncio.Queue[T | Exception | None] = asyncio.Queue()
        server._listeners.append(self)

    def _put(self, heard: Any) -> None:
        if isinstance(heard, Exception) or self._wanted(heard):
            self._queue.put_nowait(heard)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        heard = await self._queue.get()
        if heard is None:
            raise StopAsyncIteration
        if isinstance(heard, Exception):
            raise heard
        return heard

    def close(self) -> None:
        if self in self._server._listeners:
            self._server._listeners.remove(self)
            self._queue.put_nowait(None)


class _Typed(_commands.AsyncCommands):
    def __init__(self, synth: AsyncSynth) -> None:
        self._synth = synth

    def _call(self, address: str, arguments: dict[str, Any]) -> Any:
        return self._synth.call(address, **given(**arguments))


class AsyncSynth:
    """As `megasynth.Synth`."""

    def __init__(self, server: AsyncServer, name: str) -> None:
        self._server = server
        self.name = name

    def call(self, address: str, /, **arguments: Json) -> Awaitable[dict[str, Json]]:
        """Any command: sent at once, in the order of the calls, whether it is awaited or not."""
        if self.name != "main" and address in _commands.OF_A_SYNTH:
            address = f"/synth/{self.name}{address}"
        return self._server._submit(address, arguments)

    @property
    def commands(self) -> _commands.AsyncCommands:
        """Every command as a method with typed arguments and answers."""
        return _Typed(self)

    async def load(self, patch: Document, *, fade_ms: float | None = None) -> _commands.PatchLoadAnswer:
        """As `Synth.load`."""
        arguments = document_arguments(patch)
        answer = await self.call("/patch/load", **arguments, **given(fade_ms=fade_ms))
        self._server._loaded[self.name] = arguments
        return cast(_commands.PatchLoadAnswer, answer)

    async def document(self) -> dict[str, Json]:
        """The patch that plays, as a dict."""
        return cast(dict[str, Json], (await self.call("/patch/get"))["patch"])

    @asynccontextmanager
    async def edit(self, *, fade_ms: float | None = None, rev: int | None = None) -> AsyncIterator[EditList]:
        """As `Synth.edit`: `async with s.edit() as e: e.add(...)`."""
        edit = EditList()
        yield edit
        if edit.ops:
            await self.call("/patch/edit", ops=edit.ops, **given(fade_ms=fade_ms, rev=rev))

    async def undo(self) -> _commands.PatchUndoAnswer:
        return await self.commands.patch_undo()

    async def redo(self) -> _commands.PatchRedoAnswer:
        return await self.commands.patch_redo()

    async def knobs(self) -> dict[str, float]:
        """All knobs and where they are."""
        told = (await self.call("/knob/list"))["knobs"]
        return {name: knob["value"] for name, knob in told.items()}

    async def knob(self, name: str, value: float, ramp_ms: float | None = None) -> None:
        """Turns one, 0..1."""
        await self.call("/knob/set", name=name, value=value, **given(ramp_ms=ramp_ms))

    async def set(self, node: str, param: str, value: float, ramp_ms: float | None = None) -> None:
        """Turns a parameter of all voices, in its unit."""
        await self.call("/param/set", node=node, param=param, value=value, **given(ramp_ms=ramp_ms))

    async def get(self, node: str, param: str) -> float:
        """Where a parameter is."""
        return float((await self.call("/param/get", node=node, param=param))["value"])

    async def note(self, pitch: Pitch, velocity: float = 0.8) -> AsyncNote:
        """Starts a note."""
        note = AsyncNote(self, next(_note_ids), note_number(pitch))
        await self.call("/note/on", key=note.key, velocity=velocity, id=note.id)
        return note

    async def all_off(self) -> None:
        await self.call("/note/all_off")

    async def bus(self, node: str, port: str = "out") -> int:
        """The number of what goes over an output port."""
        return (await self.commands.bus_new(node=node, port=port))["bus"]


class AsyncNote:
    """As `megasynth.Note`."""

    def __init__(self, synth: AsyncSynth, id: int, key: float) -> None:
        self._synth = synth
        self.id = id
        self.key = key

    async def set(self, **what: Json) -> None:
        """`bend` (semitones), `pressure`, `timbre`, `key`; or `node`, `param` and `value`."""
        await self._synth.call("/note/set", id=self.id, **what)

    async def bend(self, semitones: float) -> None:
        await self.set(bend=semitones)

    async def off(self, velocity: float = 0) -> None:
        await self._synth.call("/note/off", id=self.id, velocity=velocity)

    async def __aenter__(self) -> AsyncNote:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.off()


class AsyncServer(AsyncSynth):
    """A connection to a megasynthd over its unix socket or TCP, in an event loop.

        async with await AsyncServer.boot() as s:
            await s.load("examples/keys.json")
            note = await s.note("C4")
            await s.knob("cutoff", 0.3)
            await note.off()
    """

    info: _commands.HelloAnswer

    def __init__(self, timeout: float) -> None:
        super().__init__(self, "main")
        self.timeout = timeout
        self.url = ""
        self._session = Session(True)
        self._process: _boot.Process | None = None
        self._gone: Exception | None = None
        self._listeners: list[AsyncListener[Any]] = []
        self._loaded: dict[str, dict[str, Json]] = {}

    @classmethod
    async def boot(cls, *, program: str | None = None, backend: str = "auto", name: str | None = None,
                   options: Sequence[str] = (), timeout: float = 10) -> AsyncServer:
        """As `Server.boot`."""
        process = await asyncio.to_thread(_boot.Process, program, backend, name, options, timeout)
        server = cls(timeout)
        server._process = process
        return await server._open(process.urls)

    @classmethod
    async def connect(cls, url: str | None = None, *, name: str = "main", timeout: float = 10) -> AsyncServer:
        """As `Server.connect`."""
        return await cls(timeout)._open(_boot.addresses(url, name))

    async def _open(self, urls: list[str]) -> AsyncServer:
        failures = []
        for url in urls:
            kind, _, place = url.partition(":")
            try:
                if kind == "unix":
                    streams = await asyncio.open_unix_connection(place)
                elif kind == "tcp":
                    host, _, port = place.removeprefix("//").rpartition(":")
                    streams = await asyncio.open_connection(host.strip("[]"), int(port))
                else:
                    raise ValueError("only unix sockets and TCP")
            except (OSError, ValueError) as error:
                failures.append(f"{url}: {error}")
                continue
            self.url, (reader, self._writer) = url, streams
            self._reading = asyncio.create_task(self._read(reader))
            self.info = await self.commands.hello(proto=1, client="python")
            return self
        raise NoServer("no server: " + "; ".join(failures))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        why = "the server is gone"
        try:
            while data := await reader.read(1 << 20):
                for heard in self._session.feed(data):
                    for listener in list(self._listeners):
                        listener._put(heard)
        except (OSError, ValueError) as error:
            why = str(error)
        self._lost(why)

    def _lost(self, why: str) -> None:
        if self._gone:
            return
        self._gone = ServerGone(f"{self.url}: {why}")
        self._writer.close()
        self._session.fail_all(ServerGone(*self._gone.args))
        for listener in list(self._listeners):
            listener._put(ServerGone(*self._gone.args))

    def _submit(self, address: str, arguments: dict[str, Json]) -> Awaitable[dict[str, Json]]:
        answer: asyncio.Future[dict[str, Json]] = asyncio.get_running_loop().create_future()

        def settle(outcome: Outcome) -> None:
            if answer.done():
                return
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        call = Call(address, arguments, settle)
        block = _block.get()
        if block is not None and block.server is self:
            check_bundled(address)
            call.arguments = {"at": block.at, **arguments}
            block.calls.append(call)
            answer.set_result({})
            return answer
        if self._gone:
            raise ServerGone(*self._gone.args)
        self._writer.write(self._session.request(call))
        late = asyncio.get_running_loop().call_later(
            self.timeout, lambda: settle(Timeout(f"{address}: no answer in {self.timeout:g} s")))
        answer.add_done_callback(lambda _: late.cancel())
        return answer

    @asynccontextmanager
    async def at(self, *, seconds: float | None = None, frame: int | None = None,
                 beat: float | None = None) -> AsyncIterator[None]:
        """As `Server.at`: what is called within happens together, sent when the `async with` ends."""
        if sum(x is not None for x in (seconds, frame, beat)) != 1:
            raise ValueError("at() takes one of seconds, frame, beat")
        if seconds is not None:
            clock = await self.commands.clock()
            frame = clock["frame"] + round(seconds * clock["rate"])
        block = _Block(self, given(frame=frame, beat=beat))
        token = _block.set(block)
        try:
            yield
        finally:
            _block.reset(token)
        if not block.calls:
            return
        if self._gone:
            raise ServerGone(*self._gone.args)
        answers: list[asyncio.Future[Outcome]] = []
        for call in block.calls:
            future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            call.settle = future.set_result
            answers.append(future)
        self._writer.write(self._session.bundle(block.calls))
        outcomes = await asyncio.wait_for(asyncio.gather(*answers), self.timeout)
        failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        failures.sort(key=lambda error: isinstance(error, _commands.NotAppliedError))
        if failures:
            raise failures[0]

    async def synth(self, name: str) -> AsyncSynth:
        """A synth by its name; made if there is none yet."""
        if name not in (await self.call("/synth/list"))["synths"]:
            await self.call("/synth/new", name=name)
        return AsyncSynth(self, name)

    async def notices(self, *topics: str) -> AsyncListener[Notice]:
        """What happens, as an asynchronous iterator."""
        listener: AsyncListener[Notice] = AsyncListener(
            self, lambda heard: isinstance(heard, Notice) and (not topics or heard.topic in topics))
        await self.call("/subscribe", topics=list(topics) or list(TOPICS))
        return listener

    async def tap(self, bus: int, every: int = 1) -> AsyncListener[TapBlock]:
        """What goes over a bus, as an asynchronous iterator of blocks."""
        listener: AsyncListener[TapBlock] = AsyncListener(
            self, lambda heard: isinstance(heard, TapBlock) and heard.bus == bus)
        await self.call("/bus/tap", bus=bus, every=every)
        return listener

    async def status(self) -> _commands.StatusAnswer:
        return await self.commands.status()

    async def sync(self) -> _commands.SyncAnswer:
        return await self.commands.sync()

    async def panic(self) -> None:
        await self.call("/panic")

    async def close(self) -> None:
        """Ends the connection, and the server if it was booted here."""
        self._lost("closed by this program")
        if hasattr(self, "_reading"):
            self._reading.cancel()
        if self._process and self._process.alive():
            await asyncio.to_thread(self._process.stop)

    async def __aenter__(self) -> AsyncServer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
