# SPDX-License-Identifier: MIT
"""A connection with a thread that reads it: calls wait for their answers, notices and taps go to those who listen."""

from __future__ import annotations

import queue
import select
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Generic, TypeVar, Union

from . import _boot
from ._commands import IN_BUNDLES
from ._session import Call, Json, Notice, Outcome, Session, TapBlock
from .errors import NoServer, ServerGone, Timeout

RESEND_SECONDS = 0.25  #: a datagram that is not answered by then is sent again
T = TypeVar("T", bound=Union[Notice, TapBlock])
Heard = Union[Notice, TapBlock]


class Listener(Generic[T]):
    """What comes, one after another: `for x in listener`. It ends when it is closed, and raises ServerGone where the server goes."""

    def __init__(self, link: Link, wanted: Callable[[Heard], bool], close: Callable[[], None]) -> None:
        self._link = link
        self._wanted = wanted
        self._close = close
        self._queue: queue.SimpleQueue[T | BaseException | None] = queue.SimpleQueue()
        link.listeners.append(self)

    def _put(self, heard: Any) -> None:
        if isinstance(heard, BaseException) or self._wanted(heard):
            self._queue.put(heard)

    def get(self, timeout: float | None = None) -> T:
        """The next; waits for it. @raise Timeout after `timeout` seconds; StopIteration once it is closed"""
        try:
            heard = self._queue.get(timeout=timeout)
        except queue.Empty:
            raise Timeout(f"nothing has come in {timeout:g} s") from None
        if heard is None:
            raise StopIteration
        if isinstance(heard, BaseException):
            raise heard
        return heard

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return self.get()

    def close(self) -> None:
        """No more of it."""
        if self in self._link.listeners:
            self._link.listeners.remove(self)
            self._queue.put(None)
            if not self._link.gone:
                self._close()

    def __enter__(self) -> Listener[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Link:
    """Requests over one connection, from any thread."""

    def __init__(self, url: str, timeout: float) -> None:
        self.url = url
        self.timeout = timeout  #: seconds that a call waits for its answer
        self.gone: ServerGone | None = None
        self.listeners: list[Listener[Any]] = []
        self._lock = threading.RLock()  # of the session
        self._order = threading.Lock()  # of what is sent; a full socket must not keep the reader from reading
        self._socket, is_stream = _boot.open_socket(url, timeout)
        self._socket.settimeout(None if is_stream else timeout)
        self.session = Session(is_stream)
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
        return self._send([(address, arguments)], lambda calls: self.session.request(calls[0]))[0]

    def submit_bundle(self, commands: list[tuple[str, dict[str, Json]]]) -> list[Future[dict[str, Json]]]:
        """Sends requests that happen together or not at all."""
        return self._send(commands, self.session.bundle)

    def _send(self, commands: list[tuple[str, dict[str, Json]]],
              framed: Callable[[list[Call]], bytes]) -> list[Future[dict[str, Json]]]:
        answers: list[Future[dict[str, Json]]] = [Future() for _ in commands]
        calls = [Call(address, arguments, _settler(answer)) for (address, arguments), answer in zip(commands, answers)]
        with self._order:
            with self._lock:
                if self.gone:
                    raise ServerGone(*self.gone.args)
                data = framed(calls)
            try:
                self._socket.sendall(data)
            except OSError as error:
                raise self._lost(str(error)) from error
        return answers

    def wait(self, answer: Future[dict[str, Json]], what: str) -> dict[str, Json]:
        """@raise ServerError what the server says, ServerGone, Timeout"""
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
                if not self.session.is_stream and not select.select([self._socket], [], [], RESEND_SECONDS)[0]:
                    self._resend()
                    continue
                data = self._socket.recv(1 << 20)
                if not data:
                    raise ConnectionError("the server is gone")
                with self._lock:
                    heard = self.session.feed(data)
                for one in heard:
                    for listener in list(self.listeners):
                        listener._put(one)
        except (OSError, ValueError) as error:
            self._lost(str(error))

    def _resend(self) -> None:
        with self._lock:
            for packet in self.session.overdue(RESEND_SECONDS):
                self._socket.send(packet)

    def _lost(self, why: str) -> ServerGone:
        """All that wait are told."""
        with self._lock:
            if self.gone:
                return ServerGone(*self.gone.args)
            self.gone = ServerGone(f"{self.url}: {why}")
            self._socket.close()
            self.session.fail_all(ServerGone(*self.gone.args))
        for listener in list(self.listeners):
            listener._put(ServerGone(*self.gone.args))
        return ServerGone(*self.gone.args)

    def close(self) -> None:
        """Ends it; calls that wait raise ServerGone."""
        if self.gone is None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._lost("closed by this program")


def _settler(answer: Future[dict[str, Json]]) -> Callable[[Outcome], None]:
    def settle(outcome: Outcome) -> None:
        if isinstance(outcome, Exception):
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)
    return settle


def check_bundled(address: str) -> None:
    """@raise ValueError if a command cannot be within `at`"""
    base = "/" + address.split("/", 3)[3] if address.startswith("/synth/") and address.count("/") > 2 else address
    if base not in IN_BUNDLES:
        raise ValueError(f"{address} cannot be timed: within `at` are those that change the sound or the patch")
