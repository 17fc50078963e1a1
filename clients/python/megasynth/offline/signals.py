# SPDX-License-Identifier: MIT
"""Signals from outside: mono float32 arrays of one length, or an error that says what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from .errors import BadValueError

Array = npt.NDArray[np.float32]
#: one mono signal, (channels, frames), or a list of mono signals
Signals = Union[npt.NDArray[Any], Sequence[Any]]


def _fail(what: str, message: str, hint: str) -> BadValueError:
    return BadValueError("bad-value", message, path=what, hint=hint)


def as_signal(given: Any, what: str, frames: int | None = None) -> Array:
    """A mono signal as contiguous float32, itself where it is that already.

    Raises BadValueError for other types than floats, other shapes than (frames,), NaN and infinity.
    """
    array = np.asarray(given)
    if array.ndim == 1 and array.size == 0:
        array = array.astype(np.float32)
    if array.dtype.kind != "f":
        hint = "signals are float32: x.astype(np.float32)"
        if array.dtype.kind in "iu":
            hint = f"full scale is 1: x / {np.iinfo(array.dtype).max + 1}"
        raise BadValueError("bad-type", f"a signal of {array.dtype}", path=what, hint=hint)
    if array.ndim != 1:
        raise _fail(what, f"a mono signal has one dimension, not shape {array.shape}",
                    "N channels are N signals: x[0], x[1] of (channels, frames)")
    if frames is not None and array.size != frames:
        raise _fail(what, f"{array.size} frames where {frames} are wanted",
                    "all signals of a call are of one length")
    signal = np.ascontiguousarray(array, np.float32)
    check_finite(signal, what)
    return signal


def check_finite(signal: Array, what: str) -> None:
    """Raises BadValueError that names the first frame of NaN or infinity."""
    if not np.isfinite(signal).all():
        bad = int(np.flatnonzero(~np.isfinite(signal))[0])
        raise _fail(what, f"{signal[bad]} at frame {bad}", "np.nan_to_num, or look where it comes from")


def as_signals(given: Signals | None, what: str) -> list[Array]:
    """Mono signals of one length, of an array (frames,) or (channels, frames), or a list of such as are mono."""
    if given is None:
        return []
    if isinstance(given, np.ndarray):
        if given.ndim == 1:
            given = [given]
        elif given.ndim != 2:
            raise _fail(what, f"shape {given.shape}", "(frames,), (channels, frames), or a list")
        elif given.shape[0] > 64 >= given.shape[1]:
            raise _fail(what, f"shape {given.shape}: {given.shape[0]} channels",
                        "it is (channels, frames): x.T")
    elif not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        raise BadValueError("bad-type", f"{type(given).__name__} is no signal", path=what,
                            hint="a numpy array, or a list of them")
    signals: list[Array] = []
    for i, one in enumerate(given):
        signals.append(as_signal(one, f"{what}[{i}]", len(signals[0]) if signals else None))
    return signals


def as_channels(given: Signals | None, channels: int, frames: int, what: str) -> Array:
    """(channels, frames) of signals; none at all is silence."""
    signals = as_signals(given, what)
    if not signals:
        return np.zeros((channels, frames), np.float32)
    if len(signals) != channels:
        raise _fail(what, f"{len(signals)} channels where {channels} are wanted",
                    f"Engine(inputs={len(signals)})" if what == "inputs" else "")
    if len(signals[0]) != frames:
        raise _fail(what, f"{len(signals[0])} frames where {frames} are wanted", "")
    return np.stack(signals)
