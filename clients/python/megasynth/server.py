# SPDX-License-Identifier: MIT
"""A connection to a running megasynthd: `Server`."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from . import _boot, _commands
from ._link import Link, Listener
from ._session import Json, Notice
from ._words import TOPICS, given, one_of, when
from .errors import NoServer, ServerGone, Timeout
from .synth import Bus, Synth


class Timed(threading.local):
    """What a thread has gathered within `at`; None outside of it."""

    gathered: list[tuple[str, dict[str, Json], dict[str, Json]]] | None = None
    at: dict[str, Json]


class Server(Synth):
    """A connection to a megasynthd.

        with Server.boot() as s:
            s.load("examples/keys.json")
            note = s.note("C4")
            s.knobs["cutoff"] = 0.3
            note.off()

    It may be used from several threads.
    """

    def __init__(self, link: Link, process: _boot.Process | None = None, again: Mapping[str, Any] | None = None) -> None:
        super().__init__(self, "main")
        self._link = link
        self._process = process
        self._again = dict(again or {})
        self._timed = Timed()
        self._topics: Counter[str] = Counter()  # by how many listeners each is wanted
        self._loaded: dict[str, dict[str, Json]] = {}
        try:
            self.info = self._hello()  #: what it said of itself
        except BaseException:
            self.close()
            raise

    def _hello(self) -> _commands.HelloAnswer:
        token = self._again.get("token") or _boot.own_token(self._link.url)
        try:
            try:
                return self.commands.hello(proto=1, client="python", token=token)
            except _commands.DeniedError as error:
                if error.path != "session":
                    raise
                # datagrams from another machine: the server wants to see that its answers arrive
                return self.commands.hello(proto=1, client="python", token=token, session=error.want)
        except (ServerGone, Timeout) as error:
            raise NoServer(f"no server: {error}") from None

    @classmethod
    def boot(cls, *, program: str | None = None, backend: str = "auto", name: str | None = None,
             options: Sequence[str] = (), timeout: float = 10) -> Server:
        """Starts a server that ends with this program, even if that is killed.

        @param program megasynthd's path; else MEGASYNTHD in the environment, else the PATH
        @param backend "auto", "jack", "pulse", "alsa", ...; "dummy" makes no sound
        @param options more words of its command line
        @raise NoServer with what it said
        """
        process = _boot.Process(program, backend, name, options, timeout)
        try:
            return cls(Link.first_of(process.urls, timeout), process,
                       {"program": program, "backend": backend, "name": name, "options": options, "timeout": timeout})
        except BaseException:
            process.stop()
            raise

    @classmethod
    def connect(cls, url: str | None = None, *, name: str = "main", token: str | None = None, timeout: float = 10) -> Server:
        """To a server that runs: at `url` (`unix:PATH`, `tcp://HOST:PORT`, `udp://HOST:PORT`), or MEGASYNTH_URL, or the one of
        that name on this machine.

        @param timeout seconds that each call waits for its answer
        @raise NoServer
        """
        return cls(Link.first_of(_boot.addresses(url, name), timeout), None,
                   {"url": url, "name": name, "token": token, "timeout": timeout})

    @classmethod
    def connect_or_boot(cls, *, name: str = "main", program: str | None = None, backend: str = "auto",
                        options: Sequence[str] = (), timeout: float = 10) -> Server:
        """To the server of that name; where none runs, one is booted, as `boot` says, which ends with this program."""
        until = time.monotonic() + timeout
        while True:
            try:
                return cls.connect(name=name, timeout=timeout)
            except NoServer:
                pass
            try:
                return cls.boot(name=name, program=program, backend=backend, options=options, timeout=timeout)
            except NoServer as error:  # perhaps another program was faster, and its server is getting ready
                if error.exit_code != _boot.EXIT_IN_USE or time.monotonic() > until:
                    raise
            time.sleep(_boot.POLL_SECONDS)

    def reconnect(self, reload: bool = True) -> None:
        """After ServerGone: connects again; boots again where the server was booted here and is dead.

        Notes, voices, buses and listeners of before are gone.

        @param reload loads what each synth had loaded last through this object
        @raise NoServer
        """
        self._link.close()
        how, timeout = self._again, self._again.get("timeout", 10)
        urls = self._process.urls if self._process else _boot.addresses(how.get("url"), how.get("name", "main"))
        try:
            self._link = Link.first_of(urls, timeout)
            self.info = self._hello()
        except NoServer:
            self._link.close()
            if not self._process:
                raise
            self._process.stop()
            self._process = _boot.Process(how["program"], how["backend"], how["name"], how["options"], timeout)
            self._link = Link.first_of(self._process.urls, timeout)
            self.info = self._hello()
        self._topics.clear()
        for name, arguments in list(self._loaded.items()) if reload else ():
            (self if name == "main" else self.synth(name)).call("/patch/load", **arguments)

    def close(self) -> None:
        """Ends the connection, and the server if it was booted here."""
        self._link.close()
        if self._process:
            self._process.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return self._link.url

    @property
    def pid(self) -> int | None:
        """The process of a server that was booted here."""
        return self._process.pid if self._process else None

    # ---- time

    @contextmanager
    def at(self, *, seconds: float | None = None, frame: int | None = None) -> Iterator[Timed]:
        """What is called within happens together: all of it at one frame, or, if any of it is refused, nothing of it.

        Sent when the `with` ends; if an exception leaves the `with`, nothing is sent. Exactly one of

        @param seconds from now
        @param frame of the server, as `clock` tells it; to the frame

        What comes too late happens at once, and is told as a notice; after `s.commands.hello(late="error")` it raises LateError,
        with "drop" it does not happen.
        """
        one_of(seconds=seconds, frame=frame)
        timed = self._timed
        if timed.gathered is not None:
            raise ValueError("at() within at()")
        at = when(seconds, None if seconds is None else self.clock(), frame)
        timed.gathered, timed.at = [], at
        try:
            yield timed
            gathered = timed.gathered
        finally:
            timed.gathered = None
        answers = self._link.bundle([(address, arguments) for address, arguments, _ in gathered])
        for (_, _, answer), told in zip(gathered, answers):
            answer.update(told)

    def clock(self) -> _commands.ClockAnswer:
        """Frame, monotonic and wall clock of one moment."""
        return self.commands.clock()

    def sync(self) -> _commands.SyncAnswer:
        """Waits until all that was sent before is built and heard."""
        return self.commands.sync()

    # ---- the rest of it

    def status(self) -> _commands.StatusAnswer:
        """Load, voices, late events, memory, the device, each synth."""
        return self.commands.status()

    def synth(self, name: str) -> Synth:
        """A synth by its name; made if there is none yet."""
        if name not in self.call("/synth/list")["synths"]:
            self.call("/synth/new", name=name)
        return Synth(self, name)

    def notices(self, *topics: str) -> Listener[Notice]:
        """What happens, as an iterator:

            with s.notices("note", "xrun") as notices:
                for notice in notices: print(notice.topic, notice.data)

        Topics as in docs/protocol.md, or all.
        """
        wanted = topics or TOPICS

        def close() -> None:
            self._topics.subtract(wanted)
            unwanted = [topic for topic in wanted if self._topics[topic] <= 0]
            if unwanted:
                self.commands.unsubscribe(unwanted)

        listener: Listener[Notice] = Listener(
            self._link, lambda heard: isinstance(heard, Notice) and heard.topic in wanted, close)
        self._topics.update(wanted)
        try:
            self.commands.subscribe(wanted)
        except BaseException:
            self._topics.subtract(wanted)
            listener._close = lambda: None
            listener.close()
            raise
        return listener

    @contextmanager
    def record(self, file: str, *, bus: Bus | int | None = None, format: str | None = None,
               seconds: float | None = None) -> Iterator[dict[str, Json]]:
        """Records what is heard, or goes over a bus, into a .wav or .flac below the server's root, until the `with` ends.

        @param format "float", "pcm24" or "pcm16"
        @return a dict, which then has what became of it: frames, dropped, ...
        """
        number = bus.number if isinstance(bus, Bus) else bus
        told: dict[str, Json] = dict(self.call("/record/start", file=file, **given(bus=number, format=format, seconds=seconds)))
        try:
            yield told
        finally:
            told.update(next(iter(self.call("/record/stop", file=file)["recordings"]), {}))

    def panic(self) -> None:
        """Silences everything within a block, drones too, until something is loaded or played."""
        self.call("/panic")

    def quit(self) -> None:
        """Ends the server, whoever started it."""
        try:
            self.call("/quit")
        except ServerGone:
            pass
        self.close()
