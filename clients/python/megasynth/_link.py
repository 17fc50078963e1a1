# SPDX-License-Identifier: MIT
"""A connection with a thread that reads it: calls wait for their answers, notices and taps go to those who listen."""

from __future__ import annotations

import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import Any, Generic, TypeVar, Union

from . import _boot
from ._commands import NotFoundError
from ._session import RESEND_SECONDS, Call, Heard, Json, Notice, Outcome, Session, TapBlock, one_failure
from .errors import NoServer, ServerGone, Timeout

HEARD_MAX = 4096  #: what a listener keeps for one who does not ask; then the oldest is dropped, and counted
T = TypeVar("T", bound=Union[Notice, TapBlock])
Command = tuple[str, dict[str, Json]]


class Listener(Generic[T]):
    """What comes, one after another: `for x in s.tap(...)` ends it with the loop; in a `with` it lasts until the end of that.

    It raises ServerGone where the server goes. What nobody takes is kept, the last 4,096 of it; `dropped` counts the rest.
    """

    def __init__(self, link: Link, wanted: Callable[[Heard], bool], close: Callable[[], object]) -> None:
        self.dropped = 0
        self._link = link
        self._wanted = wanted
        self._close = close
        self._heard: deque[Any] = deque()
        self._some = threading.Condition()
        self._end: Exception | None = None
        self._lasts = False  # beyond a loop
        link.listeners.append(self)

    def _put(self, heard: Heard) -> None:
        if self._wanted(heard):
            with self._some:
                if len(self._heard) == HEARD_MAX:
                    self._heard.popleft()
                    self.dropped += 1
                self._heard.append(heard)
                self._some.notify()

    def _finish(self, why: Exception) -> None:
        with self._some:
            self._end = self._end or why
            self._some.notify_all()

    def get(self, timeout: float | None = None) -> T:
        """The next; waits for it. @raise Timeout after `timeout` seconds, StopIteration once it is closed"""
        with self._some:
            if not self._some.wait_for(lambda: self._heard or self._end, timeout):
                raise Timeout(f"nothing has come in {timeout:g} s")
            if self._heard:
                heard: T = self._heard.popleft()
                return heard
            assert self._end
            raise type(self._end)(*self._end.args)

    def __iter__(self) -> Iterator[T]:
        return self if self._lasts else self._once()

    def _once(self) -> Iterator[T]:
        with self:
            yield from self  # it lasts now

    def __next__(self) -> T:
        return self.get()

    def close(self) -> None:
        """No more of it."""
        if self in self._link.listeners:
            self._link.listeners.remove(self)
            self._finish(StopIteration())
            if not self._link.gone:
                with suppress(NotFoundError):  # it has gone with its node
                    self._close()

    def __enter__(self) -> Listener[T]:
        self._lasts = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Link:
    """Requests over one connection, from any thread.

    @raise OSError, ValueError: there is none at this address
    """

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url
        self.timeout = timeout  #: seconds that a call waits for its answer
        self.gone: ServerGone | None = None
        self.listeners: list[Listener[Any]] = []
        self._lock = threading.RLock()  # of the session
        self._order = threading.RLock()  # of what is sent; a full socket must not keep the reader from reading
        self._socket, is_stream = _boot.open_socket(url, timeout)
        self._socket.settimeout(None if is_stream else RESEND_SECONDS)
        if is_stream:  # a server that does not read is as good as gone
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO,
                                    struct.pack("ll", int(timeout), int(timeout % 1 * 1e6)))
        self._session = Session(is_stream)
        self._reader = threading.Thread(target=self._read, name="megasynth", daemon=True)
        self._reader.start()

    @staticmethod
    def first_of(urls: list[str], timeout: float) -> Link:
        """To the first that answers. @raise NoServer"""
        failures = []
        for url in urls:
            try:
                return Link(url, timeout)
            except (OSError, ValueError) as error:
                failures.append(f"{url}: {error}")
        raise NoServer("no server: " + "; ".join(failures) + ". `Server.boot()` starts one")

    # ---- out

    def submit(self, address: str, arguments: dict[str, Json]) -> Future[dict[str, Json]]:
        """Sends a request. @return its answer, once it is there"""
        answer: Future[dict[str, Json]] = Future()
        self._send(lambda: self._session.request(Call(address, arguments, _settler(answer))))
        return answer

    def bundle(self, commands: list[Command]) -> list[dict[str, Json]]:
        """Sends requests that happen together or not at all, and waits for their answers."""
        answers: list[Future[dict[str, Json]]] = [Future() for _ in commands]
        calls = [Call(address, arguments, _settler(answer)) for (address, arguments), answer in zip(commands, answers)]
        self._send(lambda: self._session.bundle(calls))
        outcomes: list[Outcome] = []
        for call, answer in zip(calls, answers):
            try:
                outcomes.append(self.wait(answer, call.address))
            except Exception as error:
                outcomes.append(error)
        failure = one_failure(outcomes)
        if failure:
            raise failure
        return [outcome for outcome in outcomes if isinstance(outcome, dict)]

    def _send(self, ask: Callable[[], None]) -> None:
        with self._order:
            with self._lock:
                if self.gone:
                    raise ServerGone(*self.gone.args)
                ask()
                packets = self._session.take_out()
            try:
                for packet in packets:
                    self._socket.sendall(packet)
            except BlockingIOError as error:
                raise self._lost(f"the server has read nothing for {self.timeout:g} s") from error
            except OSError as error:
                raise self._lost(str(error)) from error

    def wait(self, answer: Future[dict[str, Json]], what: str) -> dict[str, Json]:
        """@raise ServerError what the server says, ServerGone, Timeout"""
        if threading.current_thread() is self._reader:
            raise RuntimeError(f"{what}: in a callback of a future nobody can wait for an answer: use `submit`")
        try:
            return answer.result(self.timeout)
        except FutureTimeout:
            if answer.done():  # it is what the call failed with
                raise
            raise Timeout(f"{what}: no answer in {self.timeout:g} s") from None

    # ---- in

    def _read(self) -> None:
        try:
            while True:
                for one in self._receive():
                    for listener in list(self.listeners):
                        listener._put(one)
        except (OSError, ValueError) as error:
            self._lost(str(error))

    def _receive(self) -> list[Heard]:
        heard: list[Heard] = []
        try:
            data = self._socket.recv(1 << 20)
            if not data:
                raise ConnectionError(self._session.parting)
            with self._lock:
                heard = self._session.feed(data)
            self._settle()
        except TimeoutError:  # only datagrams have one
            pass
        if not self._session.is_stream:
            with self._lock:
                self._session.resend()
                for packet in self._session.take_out():
                    self._socket.send(packet)
        return heard

    def _settle(self) -> None:
        with self._lock:
            settled = self._session.take_settled()
        for call, outcome in settled:  # without the lock: a callback may submit
            call.settle(outcome)

    def _lost(self, why: str) -> ServerGone:
        """All that wait are told."""
        with self._lock:
            if self.gone:
                return ServerGone(*self.gone.args)
            self.gone = ServerGone(f"{self.url}: {why}")
            try:
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader
            except OSError:
                pass
            self._socket.close()
            self._session.fail_all(ServerGone(*self.gone.args))
        self._settle()
        for listener in list(self.listeners):
            listener._finish(ServerGone(*self.gone.args))
        return ServerGone(*self.gone.args)

    def close(self) -> None:
        """Ends it; calls that wait raise ServerGone."""
        self._lost("closed by this program")


def _settler(answer: Future[dict[str, Json]]) -> Callable[[Outcome], None]:
    def settle(outcome: Outcome) -> None:
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
    return settle
