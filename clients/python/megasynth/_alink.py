# SPDX-License-Identifier: MIT
"""A connection in an event loop: what `_link` is for threads."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, Union

from . import _boot
from ._commands import NotFoundError
from ._link import HEARD_MAX
from ._session import RESEND_SECONDS, Call, Heard, Json, Notice, Outcome, Session, TapBlock, one_failure
from .errors import NoServer, ServerGone, Timeout

T = TypeVar("T", bound=Union[Notice, TapBlock])
P = ParamSpec("P")


class Closes(Protocol):
    """What an `async with` ends."""

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *_: object) -> None: ...


C = TypeVar("C", bound=Closes)
Answered = asyncio.Future[dict[str, Json]]


class AsyncListener(Generic[T]):
    """What comes, one after another: `async for x in listener`; closed at the end of its `async with`. As `Listener`."""

    def __init__(self, link: AsyncLink, wanted: Callable[[Heard], bool], close: Callable[[], Answered | None]) -> None:
        self.dropped = 0
        self._link = link
        self._wanted = wanted
        self._close = close
        self._heard: deque[Any] = deque()
        self._some = asyncio.Event()
        self._end: Exception | None = None
        link.listeners.append(self)

    def _put(self, heard: Heard) -> None:
        if self._wanted(heard):
            if len(self._heard) == HEARD_MAX:
                self._heard.popleft()
                self.dropped += 1
            self._heard.append(heard)
            self._some.set()

    def _finish(self, why: Exception) -> None:
        self._end = self._end or why
        self._some.set()

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while not self._heard:
            if self._end:
                raise type(self._end)(*self._end.args)
            self._some.clear()
            await self._some.wait()
        heard: T = self._heard.popleft()
        return heard

    async def close(self) -> None:
        """No more of it."""
        if self in self._link.listeners:
            self._link.listeners.remove(self)
            self._finish(StopAsyncIteration())
            last = None if self._link.gone else self._close()
            if last is not None:
                with suppress(NotFoundError):  # it has gone with its node
                    await last

    async def __aenter__(self) -> AsyncListener[T]:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Opening(Coroutine[Any, Any, C]):
    """Something to be awaited, `x = await s.note("C4")`, or to be ended with its block: `async with s.note("C4") as x`.

    It is a coroutine for whoever wants one: a task may be made of it.
    """

    def __init__(self, opening: Coroutine[Any, Any, C]) -> None:
        self._opening = opening

    def send(self, value: Any) -> Any:
        return self._opening.send(value)

    def throw(self, *what: Any) -> Any:
        return self._opening.throw(*what)

    def close(self) -> None:
        self._opening.close()

    def __await__(self) -> Generator[Any, None, C]:
        return self._opening.__await__()

    async def __aenter__(self) -> C:
        self._opened = await self._opening
        await self._opened.__aenter__()
        return self._opened

    async def __aexit__(self, *what: object) -> None:
        await self._opened.__aexit__(*what)


class Listening(Opening[AsyncListener[T]]):
    """A listener that opens; also `async for x in s.tap("filt.out")`."""

    async def __aiter__(self) -> AsyncIterator[T]:
        async with self as listener:
            async for heard in listener:
                yield heard


def opening(open: Callable[P, Coroutine[Any, Any, C]]) -> Callable[P, Opening[C]]:
    """A coroutine function that makes something to be closed."""
    @functools.wraps(open)
    def opened(*args: P.args, **kwargs: P.kwargs) -> Opening[C]:
        return Opening(open(*args, **kwargs))
    return opened


def listening(open: Callable[P, Coroutine[Any, Any, AsyncListener[T]]]) -> Callable[P, Listening[T]]:
    """One that makes a listener."""
    @functools.wraps(open)
    def opened(*args: P.args, **kwargs: P.kwargs) -> Listening[T]:
        return Listening(open(*args, **kwargs))
    return opened


class AsyncLink(asyncio.Protocol, asyncio.DatagramProtocol):
    """Requests over one connection, from one event loop."""

    def __init__(self, url: str, timeout: float, is_stream: bool) -> None:
        self.url = url
        self.timeout = timeout
        self.gone: ServerGone | None = None
        self.listeners: list[AsyncListener[Any]] = []
        self._session = Session(is_stream)
        self._transport: Any = None
        self._again: asyncio.TimerHandle | None = None

    @staticmethod
    async def open(url: str, timeout: float) -> AsyncLink:
        """@raise OSError, ValueError: there is none at this address"""
        loop = asyncio.get_running_loop()
        made, is_stream = await asyncio.to_thread(_boot.open_socket, url, timeout)
        made.setblocking(False)
        link = AsyncLink(url, timeout, is_stream)
        if not is_stream:
            await loop.create_datagram_endpoint(lambda: link, sock=made)
            link._tick()
        elif made.family == socket.AF_UNIX:
            await loop.create_unix_connection(lambda: link, sock=made)
        else:
            await loop.create_connection(lambda: link, sock=made)
        return link

    @staticmethod
    async def first_of(urls: list[str], timeout: float) -> AsyncLink:
        """To the first that answers. @raise NoServer"""
        failures = []
        for url in urls:
            try:
                return await AsyncLink.open(url, timeout)
            except (OSError, ValueError) as error:
                failures.append(f"{url}: {error}")
        raise NoServer("no server: " + "; ".join(failures) + ". `AsyncServer.boot()` starts one")

    # ---- out

    def submit(self, address: str, arguments: dict[str, Json]) -> Answered:
        """Sends a request. @return its answer, to be awaited"""
        call, answer = self._call(address, arguments)
        try:
            self._session.request(call)
        except BaseException:
            answer.cancel()
            raise
        self._flush()
        return answer

    async def bundle(self, commands: list[tuple[str, dict[str, Json]]]) -> list[dict[str, Json]]:
        """Sends requests that happen together or not at all, and waits for their answers."""
        made = [self._call(address, arguments) for address, arguments in commands]
        try:
            self._session.bundle([call for call, _ in made])
        except BaseException:
            for _, answer in made:
                answer.cancel()
            raise
        self._flush()
        outcomes = await asyncio.gather(*(answer for _, answer in made), return_exceptions=True)
        failure = one_failure([o for o in outcomes if isinstance(o, (dict, Exception))])
        if failure:
            raise failure
        return [outcome for outcome in outcomes if isinstance(outcome, dict)]

    def _call(self, address: str, arguments: dict[str, Json]) -> tuple[Call, Answered]:
        if self.gone:
            raise ServerGone(*self.gone.args)
        loop = asyncio.get_running_loop()
        answer: Answered = loop.create_future()

        def settle(outcome: Outcome) -> None:
            late.cancel()
            if not answer.done():
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(outcome)

        late = loop.call_later(self.timeout, lambda: settle(Timeout(f"{address}: no answer in {self.timeout:g} s")))
        return Call(address, arguments, settle), answer

    def _flush(self) -> None:
        for packet in self._session.take_out():
            if self._session.is_stream:
                self._transport.write(packet)
            else:
                self._transport.sendto(packet)

    def _tick(self) -> None:
        self._session.resend()
        self._flush()
        self._again = asyncio.get_running_loop().call_later(RESEND_SECONDS, self._tick)

    # ---- in: what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            heard = self._session.feed(data)
        except ValueError as error:
            return self._lost(str(error))
        self._settle()
        self._flush()
        for one in heard:
            for listener in list(self.listeners):
                listener._put(one)

    def _settle(self) -> None:
        for call, outcome in self._session.take_settled():
            call.settle(outcome)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.data_received(data)

    def error_received(self, exc: Exception) -> None:
        self._lost(str(exc))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(str(exc) if exc else self._session.parting)

    def _lost(self, why: str) -> None:
        """All that wait are told."""
        if self.gone:
            return
        self.gone = ServerGone(f"{self.url}: {why}")
        if self._again:
            self._again.cancel()
        self._transport.close()
        self._session.fail_all(ServerGone(*self.gone.args))
        self._settle()
        for listener in list(self.listeners):
            listener._finish(ServerGone(*self.gone.args))

    def close(self) -> None:
        """Ends it; calls that wait raise ServerGone."""
        self._lost("closed by this program")
