# SPDX-License-Identifier: MIT
"""Listening inside: output ports of nodes, and buses that `bus.out` nodes write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from . import header
from .library import lib

Array = npt.NDArray[np.float32]


class Tap:
    """An output port that is listened to; see `Engine.tap`."""

    def __init__(self, name: str, bus: int, note: int) -> None:
        self.name = name
        self.bus = bus
        self.note = note
        self.signal: Array = np.zeros(0, np.float32)  #: the frames of the last render
        self._block = np.zeros(header.BLOCK_FRAMES, np.float32)

    def begin(self, frames: int) -> None:
        self.signal = np.zeros(frames, np.float32)

    def take(self, engine: int, start: int, offset: int, frames: int) -> None:
        """The block that has just been rendered, from its frame `offset` on."""
        lib().mega_bus_read(engine, self.bus, self.note, self._block.ctypes.data)
        self.signal[start:start + frames] = self._block[offset:offset + frames]

    def __repr__(self) -> str:
        return f"<tap of {self.name}: {len(self.signal)} frames>"


class Buses(Mapping[int, Array]):
    """What `bus.out` nodes gave in the last render, by the bus's number; `listen` says which are wanted."""

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        self._signals: dict[int, Array] = {}

    def listen(self, *numbers: int) -> None:
        """Keeps these from now on: 1..64."""
        self.numbers.update(numbers)

    def begin(self, frames: int) -> None:
        self._signals = {n: np.zeros(frames, np.float32) for n in self.numbers}

    def take(self, engine: int, start: int) -> None:
        for number, signal in self._signals.items():
            lib().mega_host_bus_read(engine, number, signal[start:].ctypes.data)

    def __getitem__(self, number: int) -> Array:
        return self._signals[number]

    def __iter__(self) -> Any:
        return iter(self._signals)

    def __len__(self) -> int:
        return len(self._signals)
