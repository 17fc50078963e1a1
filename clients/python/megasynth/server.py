# SPDX-License-Identifier: MIT
"""A connection to a running megasynthd: `Server`."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from . import _boot, _commands
from ._link import Link, Listener
from ._session import Json, Notice
from ._words import TOPICS, given
from .errors import NoServer
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
        self._loaded: dict[str, dict[str, Json]] = {}
        self.info = self._hello()  #: what it said of itself

    def _hello(self) -> _commands.HelloAnswer:
        try:
            return self.commands.hello(proto=1, client="python", token=self._again.get("token"))
        except BaseException:
            self.close()
            raise

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
    def connect_or_boot(cls, *, name: str = "main", **how: Any) -> Server:
        """To the server of that name; where none runs, one is booted, as `boot` says."""
        try:
            return cls.connect(name=name)
        except NoServer:
            return cls.boot(name=name, **how)

    def reconnect(self, reload: bool = True) -> None:
        """After ServerGone: connects again, boots again where the server was booted here and is dead.

        @param reload loads what each synth had loaded last through this object
        """
        self._link.close()
        how = self._again
        if self._process and not self._process.alive():
            self._process.stop()
            self._process = _boot.Process(how["program"], how["backend"], how["name"], how["options"], how["timeout"])
        urls = self._process.urls if self._process else _boot.addresses(how.get("url"), how.get("name", "main"))
        self._link = Link.first_of(urls, how.get("timeout", 10))
        self.info = self._hello()
        for name, arguments in self._loaded.items() if reload else ():
            (self if name == "main" else self.synth(name)).call("/patch/load", **arguments)

    def close(self) -> None:
        """Ends the connection, and the server if it was booted here."""
        self._link.close()
        if self._process and self._process.alive():
            self._process.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return self._link.url

    # ---- time

    @contextmanager
    def at(self, *, seconds: float | None = None, frame: int | None = None, beat: float | None = None) -> Iterator[Timed]:
        """What is called within happens together: all of it at one frame, or, if any of it is refused, nothing of it.

        Sent when the `with` ends; if an exception leaves the `with`, nothing is sent. Exactly one of

        @param seconds from now
        @param frame of the server, as `clock` tells it; to the frame
        @param beat of its transport (servers without one answer `unsupported`)
        """
        if sum(x is not None for x in (seconds, frame, beat)) != 1:
            raise ValueError("at() takes one of seconds, frame, beat")
        timed = self._timed
        if timed.gathered is not None:
            raise ValueError("at() within at()")
        if seconds is not None:
            clock = self.clock()
            frame = clock["frame"] + round(seconds * clock["rate"])
        timed.gathered, timed.at = [], given(frame=frame, beat=beat)
        try:
            yield timed
            gathered = timed.gathered
        finally:
            timed.gathered = None
        answers = self._link.submit_bundle([(address, arguments) for address, arguments, _ in gathered])
        failure: Exception | None = None
        for (address, _, answer), future in zip(gathered, answers):
            try:
                answer.update(self._link.wait(future, address))
            except _commands.NotAppliedError as error:
                failure = failure or error
            except Exception as error:  # the one that is at fault says more than those that were left out for it
                failure = error if failure is None or isinstance(failure, _commands.NotAppliedError) else failure
        if failure:
            raise failure

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

    def bus_new(self, kind: str = "audio", name: str | None = None) -> Bus:
        """A bus for `bus.in` and `bus.out` nodes, "audio" or "control"."""
        return Bus(self, self.commands.bus_new(kind=kind, name=name)["bus"])

    def notices(self, *topics: str) -> Listener[Notice]:
        """What happens, as an iterator: topics as in docs/protocol.md, or all of them."""
        wanted = list(topics) or list(TOPICS)
        listener: Listener[Notice] = Listener(
            self._link, lambda heard: isinstance(heard, Notice) and heard.topic in wanted,
            lambda: None)
        self.commands.subscribe(wanted)
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
        """All sound off within a block."""
        self.call("/panic")

    def quit(self) -> None:
        """Ends the server, whoever started it."""
        self.call("/quit")
