# SPDX-License-Identifier: MIT
"""A connection to a running megasynthd for asyncio: `AsyncServer`, with the words of `Server`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from . import _boot, _commands
from ._alink import Answered, AsyncLink, AsyncListener, listening, opening
from ._session import Json, Notice, check_bundled
from ._words import TOPICS, given, one_of, when
from .aio_synth import AsyncBus, AsyncSynth
from .errors import NoServer, ServerGone, Timeout


@dataclass
class _Block:
    """What a task gathers within `at`."""

    at: dict[str, Json]
    gathered: list[tuple[str, dict[str, Json], dict[str, Json]]] = field(default_factory=list)


class AsyncServer(AsyncSynth):
    """A connection to a megasynthd, in an event loop.

        async with AsyncServer.boot() as s:
            await s.load("examples/keys.json")
            note = await s.note("C4")
            await s.knobs.set("cutoff", 0.3)
            await note.off()
    """

    info: _commands.HelloAnswer  #: what it said of itself

    def __init__(self, link: AsyncLink, process: _boot.Process | None = None, again: Mapping[str, Any] | None = None) -> None:
        super().__init__(self, "main")
        self._link = link
        self._process = process
        self._again = dict(again or {})
        self._topics: Counter[str] = Counter()
        self._blocks: dict[asyncio.Task[Any] | None, _Block] = {}  # by the task that is within `at`
        self._loaded: dict[str, dict[str, Json]] = {}

    async def _hello(self) -> None:
        token = self._again.get("token") or _boot.own_token(self._link.url)
        try:
            try:
                self.info = await self.commands.hello(proto=1, client="python", token=token)
            except _commands.DeniedError as error:
                if error.path != "session":
                    raise
                self.info = await self.commands.hello(proto=1, client="python", token=token, session=error.want)
        except (ServerGone, Timeout) as error:
            raise NoServer(f"no server: {error}") from None

    async def _opened(self) -> AsyncServer:
        try:
            await self._hello()
        except BaseException:
            await self.close()
            raise
        return self

    @classmethod
    @opening
    async def boot(cls, *, program: str | None = None, backend: str = "auto", name: str | None = None,
                   options: Sequence[str] = (), timeout: float = 10) -> AsyncServer:
        """As `Server.boot`."""
        process = await asyncio.to_thread(_boot.Process, program, backend, name, options, timeout)
        try:
            link = await AsyncLink.first_of(process.urls, timeout)
        except BaseException:
            await asyncio.to_thread(process.stop)
            raise
        return await cls(link, process, {"program": program, "backend": backend, "name": name, "options": options,
                                         "timeout": timeout})._opened()

    @classmethod
    @opening
    async def connect(cls, url: str | None = None, *, name: str = "main", token: str | None = None,
                      timeout: float = 10) -> AsyncServer:
        """As `Server.connect`."""
        return await cls(await AsyncLink.first_of(_boot.addresses(url, name), timeout), None,
                         {"url": url, "name": name, "token": token, "timeout": timeout})._opened()

    @classmethod
    @opening
    async def connect_or_boot(cls, *, name: str = "main", program: str | None = None, backend: str = "auto",
                              options: Sequence[str] = (), timeout: float = 10) -> AsyncServer:
        """As `Server.connect_or_boot`."""
        until = time.monotonic() + timeout
        while True:
            try:
                return await cls.connect(name=name, timeout=timeout)
            except NoServer:
                pass
            try:
                return await cls.boot(name=name, program=program, backend=backend, options=options, timeout=timeout)
            except NoServer as error:
                if error.exit_code != _boot.EXIT_IN_USE or time.monotonic() > until:
                    raise
            await asyncio.sleep(_boot.POLL_SECONDS)

    async def reconnect(self, reload: bool = True) -> None:
        """As `Server.reconnect`."""
        self._link.close()
        how, timeout = self._again, self._again.get("timeout", 10)
        urls = self._process.urls if self._process else _boot.addresses(how.get("url"), how.get("name", "main"))
        try:
            self._link = await AsyncLink.first_of(urls, timeout)
            await self._hello()
        except NoServer:
            self._link.close()
            if not self._process:
                raise
            await asyncio.to_thread(self._process.stop)
            self._process = await asyncio.to_thread(_boot.Process, how["program"], how["backend"], how["name"],
                                                    how["options"], timeout)
            self._link = await AsyncLink.first_of(self._process.urls, timeout)
            await self._hello()
        self._topics.clear()
        for name, arguments in list(self._loaded.items()) if reload else ():
            await (self if name == "main" else await self.synth(name)).call("/patch/load", **arguments)

    async def close(self) -> None:
        """Ends the connection, and the server if it was booted here."""
        self._link.close()
        if self._process:
            await asyncio.to_thread(self._process.stop)

    async def __aenter__(self) -> AsyncServer:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """Where it is."""
        return self._link.url

    @property
    def pid(self) -> int | None:
        """The process of a server that was booted here."""
        return self._process.pid if self._process else None

    # ---- time

    def _submit(self, address: str, arguments: dict[str, Json]) -> Answered:
        block = self._blocks.get(asyncio.current_task())
        if block is None:
            return self._link.submit(address, arguments)
        check_bundled(address)
        answer: dict[str, Json] = {}
        block.gathered.append((address, {"at": block.at, **arguments}, answer))
        known: Answered = asyncio.get_running_loop().create_future()
        known.set_result(answer)
        return known

    @asynccontextmanager
    async def at(self, *, seconds: float | None = None, frame: int | None = None) -> AsyncIterator[None]:
        """As `Server.at`: what this task calls within happens together, sent when the `async with` ends."""
        one_of(seconds=seconds, frame=frame)
        task = asyncio.current_task()
        if task in self._blocks:
            raise ValueError("at() within at()")
        block = _Block(when(seconds, None if seconds is None else await self.clock(), frame))
        self._blocks[task] = block
        try:
            yield
        finally:
            del self._blocks[task]
        answers = await self._link.bundle([(address, arguments) for address, arguments, _ in block.gathered])
        for (_, _, answer), told in zip(block.gathered, answers):
            answer.update(told)

    async def clock(self) -> _commands.ClockAnswer:
        """Frame, monotonic and wall clock of one moment."""
        return await self.commands.clock()

    async def sync(self) -> _commands.SyncAnswer:
        """Waits until all that was sent before is built and heard."""
        return await self.commands.sync()

    # ---- the rest of it

    async def status(self) -> _commands.StatusAnswer:
        """Load, voices, late events, memory, the device, each synth."""
        return await self.commands.status()

    async def synth(self, name: str) -> AsyncSynth:
        """A synth by its name; made if there is none yet."""
        if name not in (await self.call("/synth/list"))["synths"]:
            await self.call("/synth/new", name=name)
        return AsyncSynth(self, name)

    @listening
    async def notices(self, *topics: str) -> AsyncListener[Notice]:
        """As `Server.notices`: `async for notice in s.notices("note"): ...`, or with `async with`."""
        wanted = topics or TOPICS

        def close() -> Answered | None:
            self._topics.subtract(wanted)
            unwanted = [topic for topic in wanted if self._topics[topic] <= 0]
            return self.call("/unsubscribe", topics=unwanted) if unwanted else None

        listener: AsyncListener[Notice] = AsyncListener(
            self._link, lambda heard: isinstance(heard, Notice) and heard.topic in wanted, close)
        self._topics.update(wanted)
        try:
            await self.commands.subscribe(wanted)
        except BaseException:
            self._topics.subtract(wanted)
            listener._close = lambda: None
            await listener.close()
            raise
        return listener

    @asynccontextmanager
    async def record(self, file: str, *, bus: AsyncBus | int | None = None, format: str | None = None,
                     seconds: float | None = None) -> AsyncIterator[dict[str, Json]]:
        """As `Server.record`."""
        number = bus.number if isinstance(bus, AsyncBus) else bus
        told = dict(await self.call("/record/start", file=file, **given(bus=number, format=format, seconds=seconds)))
        try:
            yield told
        finally:
            told.update(next(iter((await self.call("/record/stop", file=file))["recordings"]), {}))

    async def panic(self) -> None:
        """Silences everything within a block, drones too, until something is loaded or played."""
        await self.call("/panic")

    async def quit(self) -> None:
        """Ends the server, whoever started it."""
        try:
            await self.call("/quit")
        except ServerGone:
            pass
        await self.close()
