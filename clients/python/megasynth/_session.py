# SPDX-License-Identifier: MIT
"""A client's side of a connection, without the connection: what to send, and what that which comes means.

`Server` feeds it from a thread, `AsyncServer` from an event loop; neither knows more of the protocol than this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

import numpy as np

from . import _wire
from ._commands import ERRORS
from .errors import ServerError

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
    frame: int  #: of the server, where it begins
    peak: float
    rms: float
    rate: int | None = None
    every: int | None = None
    samples: np.ndarray[Any, np.dtype[np.float32]] | None = None


@dataclass
class Call:
    """A command on its way."""

    address: str
    arguments: dict[str, Json]
    settle: Callable[[Outcome], None]  #: called once, with what came of it
    number: int = 0
    packet: bytes = b""
    sent: float = field(default_factory=time.monotonic)


class Session:
    """Numbers requests, tells answers from notices, and settles each call exactly once.

    `proto` 1. On streams packets are framed; datagrams are sent again until they are answered (`overdue`), which the server
    answers once.
    """

    def __init__(self, is_stream: bool) -> None:
        self.is_stream = is_stream
        self.progress: Callable[[int, float], None] | None = None
        self._deframer = _wire.Deframer()
        self._last = 0
        self._calls: dict[int, Call] = {}

    # ---- out

    def _number(self, call: Call) -> bytes:
        self._last = self._last % 0x7FFFFFFF + 1
        call.number = self._last
        call.packet = _wire.request(call.number, call.address, call.arguments)
        self._calls[call.number] = call
        return call.packet

    def _framed(self, packet: bytes) -> bytes:
        return _wire.frame(packet) if self.is_stream else packet

    def request(self, call: Call) -> bytes:
        """What to send for a call."""
        return self._framed(self._number(call))

    def bundle(self, calls: Sequence[Call]) -> bytes:
        """What to send for calls that are to happen together or not at all."""
        packet = _wire.bundle([self._number(call) for call in calls])
        for call in calls:
            call.packet = packet  # sent again as a whole
        return self._framed(packet)

    def overdue(self, seconds: float) -> list[bytes]:
        """Datagrams that were sent so long ago, and are not answered."""
        now = time.monotonic()
        late = [call for call in self._calls.values() if now - call.sent > seconds]
        for call in late:
            call.sent = now
        return list({call.packet: None for call in late})

    # ---- in

    def feed(self, data: bytes) -> list[Notice | TapBlock]:
        """Takes what came: settles the calls that it answers, gives the rest.

        @raise ValueError: what came is not of this protocol; the connection is of no use any more
        """
        packets = self._deframer.feed(data) if self.is_stream else [data]
        return [told for told in map(self._take, packets) if told]

    def _take(self, packet: bytes) -> Notice | TapBlock | None:
        address, values = _wire.parse(packet)
        if address == "/done":
            self._settle(values[0], _wire.unpack(values[2]))
        elif address == "/fail":
            error = self._error(values[1], values[2], _wire.unpack(values[3]))
            if values[0] == 0:  # of a message that was sent without a number, or of nothing that is known
                return Notice("fail", {"command": values[1], "code": values[2], **error.details})
            self._settle(values[0], error)
        elif address == "/notice":
            return Notice(values[0], _wire.unpack(values[1]))
        elif address == "/tap":
            return self._tapped(values[0], _wire.unpack(values[1]))
        elif address == "/progress" and self.progress:
            self.progress(values[0], values[1])
        return None

    @staticmethod
    def _error(command: str, code: str, details: Mapping[str, Json]) -> ServerError:
        return ERRORS.get(code, ServerError)(command, code, details)

    @staticmethod
    def _tapped(bus: int, data: dict[str, Json]) -> TapBlock:
        samples = data.pop("samples", None)
        block = TapBlock(bus, data["frame"], data["peak"], data["rms"], data.get("rate"), data.get("every"))
        if samples is not None:
            block.samples = np.frombuffer(samples, "<f4").astype(np.float32)
        return block

    def _settle(self, number: int, outcome: Outcome) -> None:
        call = self._calls.pop(number, None)
        if call:
            call.settle(outcome)

    def forget(self, call: Call) -> None:
        """Nobody waits for it any more."""
        self._calls.pop(call.number, None)

    def fail_all(self, error: Exception) -> None:
        """The connection has ended: settles all that wait."""
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.settle(error)
