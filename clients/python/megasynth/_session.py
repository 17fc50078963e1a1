# SPDX-License-Identifier: MIT
"""A client's side of a connection, without the connection: what to send, and what that which comes means.

`Server` feeds it from a thread, `AsyncServer` from an event loop; neither knows more of the protocol than this.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

from . import _wire
from ._commands import ERRORS, IN_BUNDLES, OF_A_SYNTH, NotAppliedError, TooBigError
from .errors import ServerError

RESEND_SECONDS = 0.25  #: a datagram that is not answered by then is sent again
DATAGRAM_BYTES_MAX = 65507
Json = Any  #: what a payload holds: None, bool, int, float, str, bytes, lists and dicts of them
Outcome = Union[dict[str, Json], Exception]  #: the map of /done, or what /fail says


@dataclass
class Notice:
    """Something that has happened: `topic` as in docs/protocol.md, and what there is to say of it."""

    topic: str
    data: dict[str, Json]

    def __getitem__(self, key: str) -> Json:
        return self.data[key]


@dataclass
class TapBlock:
    """What went over a bus since the last one. `samples`: float32, one of each `every` frames, or None without `every`."""

    bus: int
    frame: int  #: of the server, where it ends, give or take a block
    peak: float
    rms: float
    rate: int | None = None  #: frames a second of the server
    every: int | None = None
    samples: np.ndarray[Any, np.dtype[np.float32]] | None = None


Heard = Union[Notice, TapBlock]


@dataclass
class Call:
    """A command on its way."""

    address: str
    arguments: dict[str, Json]
    settle: Callable[[Outcome], None]  #: to be called once, with what came of it
    number: int = 0
    packet: bytes = b""
    sent: float = field(default_factory=time.monotonic)


class Session:
    """Numbers requests, tells answers from notices, and gives each call exactly one outcome.

    `proto` 1. On streams packets are framed. A datagram is sent again until it is answered, and the server, which remembers the
    last of them, carries it out once; the next waits for that, or one that was lost would come after it.
    """

    def __init__(self, is_stream: bool) -> None:
        self.is_stream = is_stream
        self._deframer = _wire.Deframer()
        # a datagram's sender may have the port of one that the server remembers: it must not get the answers of that
        self._last = 0 if is_stream else random.getrandbits(30)
        self._calls: dict[int, Call] = {}  # that are not answered, in the order of their numbers
        self._waiting: deque[list[Call]] = deque()  # datagrams whose turn has not come
        self._out: list[bytes] = []
        self._settled: list[tuple[Call, Outcome]] = []
        self.parting = "the server is gone"  #: what there is to say when the connection ends

    # ---- out

    def request(self, call: Call) -> None:
        """To be sent. @raise TypeError for arguments that no payload holds; nothing is sent then"""
        self.bundle([call])

    def bundle(self, calls: Sequence[Call]) -> None:
        """To be sent, and to happen together or not at all. @raise as `request`"""
        for call in calls:
            self._last = self._last % 0x7FFFFFFF + 1
            call.number = self._last
            call.packet = _wire.request(call.number, call.address, call.arguments)
        if calls:
            packet = calls[0].packet if len(calls) == 1 else _wire.bundle([call.packet for call in calls])
            if not self.is_stream and len(packet) > DATAGRAM_BYTES_MAX:
                raise TooBigError(calls[0].address, "too-big", {
                    "message": "longer than a datagram", "got": len(packet), "want": DATAGRAM_BYTES_MAX,
                    "hint": "connect over TCP or the unix socket"})
            for call in calls:
                call.packet = packet  # sent again as a whole
            self._waiting.append(list(calls))
            self._fill()

    def _fill(self) -> None:
        while self._waiting and (self.is_stream or not self._calls):
            calls = self._waiting.popleft()
            for call in calls:
                call.sent = time.monotonic()
                self._calls[call.number] = call
            self._out.append(_wire.frame(calls[0].packet) if self.is_stream else calls[0].packet)

    def take_out(self) -> list[bytes]:
        """What is to be sent now: after `request`, `bundle`, `feed` and `resend`. Packets, on streams with their frames."""
        out, self._out = self._out, []
        return out

    def resend(self) -> None:
        """Puts out again what was sent `RESEND_SECONDS` ago as a datagram, and is not answered."""
        now = time.monotonic()
        late = [call for call in self._calls.values() if now - call.sent > RESEND_SECONDS]
        for call in late:
            call.sent = now
        self._out += dict.fromkeys(call.packet for call in late)

    # ---- in

    def feed(self, data: bytes) -> list[Heard]:
        """Takes what came: answers are to be told (`take_settled`), the rest is given.

        @raise ValueError: what came is not of this protocol; the connection is of no use any more
        """
        packets = self._deframer.feed(data) if self.is_stream else [data]
        heard = [told for told in map(self._take, packets) if told]
        self._fill()
        return heard

    def _take(self, packet: bytes) -> Heard | None:
        try:
            return self._told(*_wire.parse(packet))
        except (IndexError, KeyError, TypeError) as error:
            raise ValueError(f"no packet of a megasynthd: {error!r}") from error

    def _told(self, address: str, values: list[Any]) -> Heard | None:
        if address == "/done":
            self._settle(values[0], _wire.unpack(values[2]))
        elif address == "/fail":
            error = ERRORS.get(values[2], ServerError)(values[1], values[2], _wire.unpack(values[3]))
            if values[0] == 0:  # of a message that was sent without a number, or of nothing that is known
                self.parting = f"{error.message} ({error.code})"
            self._settle(values[0], error)
        elif address == "/notice":
            return Notice(values[0], _wire.unpack(values[1]))
        elif address == "/tap":
            return self._tapped(values[0], _wire.unpack(values[1]))
        return None

    @staticmethod
    def _tapped(bus: int, data: dict[str, Json]) -> TapBlock:
        samples = data.get("samples")
        block = TapBlock(bus, data["frame"], data["peak"], data["rms"], data.get("rate"), data.get("every"))
        if samples is not None:
            block.samples = np.frombuffer(samples, "<f4").astype(np.float32)
        return block

    def _settle(self, number: int, outcome: Outcome) -> None:
        call = self._calls.pop(number, None)  # None: a datagram that was sent, and answered, again
        if call:
            self._settled.append((call, outcome))

    def fail_all(self, error: Exception) -> None:
        """The connection has ended: all that wait are to be told."""
        calls = [*self._calls.values(), *(call for calls in self._waiting for call in calls)]
        self._calls.clear()
        self._waiting.clear()
        self._settled += [(call, error) for call in calls]

    def take_settled(self) -> list[tuple[Call, Outcome]]:
        """Calls, and what came of them, after `feed` and `fail_all`: to be told, where no lock is held."""
        settled, self._settled = self._settled, []
        return settled


# ---- what both kinds of server do with commands ---------------------------------------------------

def address_for(synth: str, address: str) -> str:
    """A command's address, of a synth."""
    return f"/synth/{synth}{address}" if synth != "main" and address in OF_A_SYNTH else address


def check_bundled(address: str) -> None:
    """@raise ValueError if a command cannot be within `at`"""
    base = "/" + address.split("/", 3)[3] if address.startswith("/synth/") and address.count("/") > 2 else address
    if base not in IN_BUNDLES:
        raise ValueError(f"{address} cannot be timed: within `at` are those that change the sound or the patch")


def one_failure(outcomes: Sequence[Outcome]) -> Exception | None:
    """Of a bundle's outcomes the one that tells why, if it failed: not those that were left out for it."""
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return min(failures, key=lambda failure: isinstance(failure, NotAppliedError), default=None)
