# SPDX-License-Identifier: MIT
"""A module's code alone: the engine's own one-lane kernel, called a segment of 64 frames at a time.

It is what the engine itself runs for a node that exists once, with the same bits: a kernel has no block of its
own, and splits change nothing (tests/unit/registry_test.c holds every module to that). So there is no delay, and
signals of any length do.
"""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from . import header
from .library import lib
from .signals import Array

SEGMENT = header.BLOCK_FRAMES
_LANES = 16  # floats from a field of a note to the next


class _FlushToZero:
    """The engine's floating-point mode while its kernels run: denormal numbers are zero.

    C's fegetenv and fesetenv carry the mode of the vector unit, whose bits are set here. Where they are not known,
    nothing is done: then sounds that die away may differ below 1e-37.
    """

    def __init__(self) -> None:
        place = {"x86_64": (28, 0x9fc0, 0xffc0), "aarch64": (0, 1 << 24, 1 << 24)}.get(
            platform.machine())
        self._set: Any = None
        if platform.libc_ver()[0] != "glibc" or not place:
            return
        offset, bits, mask = place
        math = ctypes.PyDLL("libm.so.6")
        self._set, self._get = math.fesetenv, math.fegetenv
        self._set.argtypes = self._get.argtypes = [ctypes.c_void_p]
        before, ours = (ctypes.c_uint8 * 64)(), (ctypes.c_uint8 * 64)()
        self._before, self._ours = ctypes.addressof(before), ctypes.addressof(ours)
        self._keep = before, ours
        self._get(self._ours)
        mode = ctypes.c_uint32.from_buffer(ours, offset)
        mode.value = mode.value & ~mask | bits

    def __enter__(self) -> None:
        if self._set:
            self._get(self._before)
            self._set(self._ours)

    def __exit__(self, *_: object) -> None:
        if self._set:
            self._set(self._before)


@lru_cache(maxsize=1)
def _flush_to_zero() -> _FlushToZero:
    return _FlushToZero()


def seed_of(node: str) -> int:
    """What a node's randomness begins with in a patch: FNV-1a of its id, 32 bits."""
    h = 2166136261
    for byte in node.encode():
        h = (h ^ byte) * 16777619 & 0xffffffff
    return h


def _memory_frames(seconds: float, rate: int) -> int:
    """A power of two, so that positions wrap by a mask; 16 more for interpolation. As engine/compile/state.c."""
    frames = 64
    while frames < seconds * np.float32(rate) + 16:
        frames *= 2
    return frames


class Kernel:
    """One node's state and the call that moves it on."""

    def __init__(self, module: str, rate: int, seed: int) -> None:
        self._mode = _flush_to_zero()
        row = lib().mega_module_find(module.encode()).contents
        self._process = ctypes.PYFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(row.process)
        self._inputs, self._outputs = int(row.input_count), int(row.output_count)
        lines = row.memory_lines
        frames = _memory_frames(row.memory_seconds, rate) if lines else 0
        self.state = np.zeros(max(1, row.state_fields), np.uint32)
        self.memory = np.zeros(lines * frames, np.float32)
        self.note = np.zeros((len(header.NOTE_FIELDS), _LANES), np.float32)
        self._seeds = np.full(_LANES, seed & 0xffffffff, np.uint32)
        count = self._inputs + int(row.param_count)
        self._still = np.zeros(max(1, count), np.float32)  # values of ports that stand
        self._ports, self._steps = np.zeros((2, max(1, count)), np.uint64)
        self._out_ports = np.zeros(max(1, self._outputs), np.uint64)
        self._call = header.mega_call(
            ports=self._ports.ctypes.data, outputs=self._out_ports.ctypes.data,
            state=self.state.ctypes.data, memory=self.memory.ctypes.data if lines else None,
            memory_frames=frames, state_stride=1,
            seconds_per_frame=np.float32(1) / np.float32(rate), frames_per_second=rate,
            note=self.note.ctypes.data, seeds=self._seeds.ctypes.data)
        self._address = ctypes.addressof(self._call)
        self._at_rest = self._still.ctypes.data + 4 * np.arange(max(1, count), dtype=np.uint64)

    def clear(self) -> None:
        """As new: all-zero is silence."""
        self.state[:] = 0
        self.memory[:] = 0

    def run(self, ports: Sequence[Array | float], frames: int) -> Array:
        """Renders `frames` frames.

        ports: inputs, then parameters: a signal of that length, or a value that stands. Gives (outputs, frames).
        """
        moving = 0
        self._ports[:] = self._at_rest
        self._steps[:] = 0
        for i, given in enumerate(ports):
            if isinstance(given, np.ndarray):
                moving |= 1 << i
                self._ports[i] = given.__array_interface__["data"][0]
                self._steps[i] = 4 * SEGMENT
            else:
                self._still[i] = given
        outputs = np.empty((self._outputs, frames), np.float32)
        start = outputs.__array_interface__["data"][0]
        for o in range(self._outputs):
            self._out_ports[o] = start + 4 * frames * o
        self._call.moving = moving
        with self._mode:
            self._run_segments(outputs, frames)
        return outputs

    def _run_segments(self, outputs: Array, frames: int) -> None:
        call, process, address = self._call, self._process, self._address
        ports, steps, out_ports = self._ports, self._steps, self._out_ports
        every, step = (1 << self._outputs) - 1, np.uint64(4 * SEGMENT)
        call.frames = SEGMENT
        for begin in range(0, frames, SEGMENT):
            if frames - begin < SEGMENT:
                call.frames = frames - begin
            moved = process(address)
            if moved & every != every:  # an output's one value stands for the segment
                for o in range(self._outputs):
                    if not moved >> o & 1:
                        outputs[o, begin:begin + SEGMENT] = outputs[o, begin]
            if frames - begin > SEGMENT:
                ports += steps
                out_ports += step
