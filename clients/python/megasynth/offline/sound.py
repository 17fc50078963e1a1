# SPDX-License-Identifier: MIT
"""Sound: frames as a numpy array that knows its rate; what notebooks and files want of it."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .errors import BadValueError, OfflineError

if TYPE_CHECKING:
    _Base = np.ndarray[Any, np.dtype[np.float32]]
else:
    _Base = np.ndarray

_WIDGET_BITS = 16  # browsers play that everywhere
_WIDGET_SECONDS_MAX = 120  # a notebook keeps what it shows: 15 MB a minute
_PCM, _FLOAT = 1, 3  # WAVE's codes

#: programs that play a WAV file, the likeliest to find a device first
PLAYERS = (("pw-play",), ("paplay",), ("aplay", "-q"), ("afplay",), ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
           ("play", "-q"))


def players() -> list[tuple[str, ...]]:
    """Those of PLAYERS that are installed."""
    return [command for command in PLAYERS if shutil.which(command[0])]


class Sound(_Base):
    """Frames: a float32 array of shape (channels, frames), full scale at 1, with a `rate` in frames a second.

    It is a numpy array: slices, sums and functions of it are Sounds, too. `captured` has what was asked for with
    `capture=`, by name.
    """

    rate: int
    captured: dict[str, npt.NDArray[np.float32]]

    def __new__(cls, frames: npt.ArrayLike, rate: int) -> Sound:
        made = np.asarray(frames, np.float32).view(cls)
        made.rate = int(rate)
        made.captured = {}
        return made

    def __array_finalize__(self, source: object) -> None:
        self.rate = getattr(source, "rate", 0)
        self.captured = getattr(source, "captured", {})

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Single numbers, comparisons, doubles are no sounds any more."""
        if array.ndim == 0:
            return array[()]
        if array.dtype != np.float32:
            return np.asarray(array)
        return super().__array_wrap__(array, context)

    def __reduce__(self) -> tuple[Any, ...]:
        return Sound, (np.asarray(self), self.rate)

    @property
    def _channels(self) -> npt.NDArray[np.float32]:
        """Always (channels, frames)."""
        return np.atleast_2d(np.asarray(self, np.float32))

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self._channels.shape[1] / self.rate

    @property
    def peak_db(self) -> float:
        """The highest peak, in dB below full scale; -inf for silence."""
        with np.errstate(divide="ignore"):
            return float(20 * np.log10(float(np.abs(self._channels).max(initial=0))))

    # ---- files ---------------------------------------------------------------------------------

    def wav(self, bits: int | str = "32f") -> bytes:
        """A WAV file: "32f" (exact), 24 or 16 bits; what is beyond full scale is clipped in 24 and 16."""
        frames = self._channels.T
        if str(bits) == "32f":
            data, code, width = frames.astype("<f4").tobytes(), _FLOAT, 4
        elif bits in (16, 24):
            width, code = int(bits) // 8, _PCM
            full = 2.0 ** (8 * width - 1)
            whole = np.clip(np.round(frames.astype(float) * full), -full, full - 1).astype("<i4")
            data = whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
        else:
            raise BadValueError("bad-value", f"{bits!r} bits", path="bits", hint='"32f", 24 or 16')
        channels = frames.shape[1]
        form = struct.pack("<HHIIHH", code, channels, self.rate, self.rate * channels * width,
                           channels * width, 8 * width)
        if len(data) >= 2**32 - 64:
            raise OfflineError("limit", "over 4 GiB, more than a WAV file can hold")
        pad = b"\0" * (len(data) % 2)
        chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack(
            "<I", len(data)) + data + pad
        return b"RIFF" + struct.pack("<I", len(chunks)) + chunks

    def save(self, path: str | Path, bits: int | str = "32f") -> None:
        """Writes a WAV file."""
        if Path(path).suffix.lower() != ".wav":
            raise BadValueError("unsupported", f"{path} is no name of a WAV file",
                                hint="call it *.wav; for others there is the package soundfile")
        Path(path).write_bytes(self.wav(bits))

    @classmethod
    def load(cls, path: str | Path) -> Sound:
        """Reads a WAV file of 16, 24 or 32 bits or floats. Raises OSError, or OfflineError for any other."""
        data = Path(path).read_bytes()
        chunks: dict[bytes, bytes] = {}
        at = 12
        while at + 8 <= len(data):
            name, size = data[at:at + 4], int.from_bytes(data[at + 4:at + 8], "little")
            chunks.setdefault(name, data[at + 8:at + 8 + size])
            at += 8 + size + size % 2
        if data[:4] != b"RIFF" or data[8:12] != b"WAVE" or len(chunks.get(b"fmt ", b"")) < 16:
            raise OfflineError("unsupported", f"{path} is no WAV file",
                               hint="for others there is the package soundfile")
        code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
        if code == 0xFFFE and len(chunks[b"fmt "]) >= 26:  # extensible: the code is further on
            code = int.from_bytes(chunks[b"fmt "][24:26], "little")
        samples = _samples(chunks.get(b"data", b""), code, bits)
        if samples is None or not channels:
            raise OfflineError("unsupported", f"{path}: {bits} bits of code {code}",
                               hint="16, 24, 32 bits, or 32-bit floats")
        whole = samples[:samples.size // channels * channels].reshape(-1, channels)
        return cls(np.ascontiguousarray(whole.T), rate)

    # ---- loudspeakers --------------------------------------------------------------------------

    def play(self) -> None:
        """Plays it on this machine's loudspeakers and returns at its end; ^C stops it.

        Raises OfflineError where no player works. In a notebook the sound shows a player of its own instead.
        """
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sound.wav"
            file.write_bytes(self.wav())
            for command in players():
                if subprocess.run([*command, file], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0:
                    return
        tried = ", ".join(command[0] for command in players()) or "none is installed"
        raise OfflineError("audio", f"no player worked ({tried})",
                           hint="save it and open the file, or install one of " + ", ".join(c[0] for c in PLAYERS))

    # ---- notebooks -----------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        if not self.rate or self.ndim > 2 or not self.size:
            return repr(self)
        played = Sound(self._channels[:, :_WIDGET_SECONDS_MAX * self.rate], self.rate)
        text = base64.b64encode(played.wav(_WIDGET_BITS)).decode()
        cut = f" (the player has {_WIDGET_SECONDS_MAX} s of it)" if played.seconds < self.seconds else ""
        return (f'<div><audio controls src="data:audio/wav;base64,{text}"></audio><br><small>'
                f"{self._channels.shape[0]} channels, {self.seconds:.3f} s{cut} at {self.rate} Hz,"
                f" peak {self.peak_db:.1f} dBFS</small>{self._waveform()}</div>")

    def _waveform(self, width: int = 600, height: int = 60) -> str:
        """Highest and lowest of each column, of all channels, as a shape; as high as its peak."""
        channels = np.nan_to_num(self._channels)
        columns = np.array_split(channels, min(width, channels.shape[1]), axis=1)
        scale = 0.5 * height / max(float(np.abs(channels).max()), 1e-9)
        high = [0.5 * height - scale * float(c.max()) for c in columns]
        low = [0.5 * height - scale * float(c.min()) for c in columns]
        step = width / len(columns)
        points = [f"{i * step:.1f},{y:.1f}" for i, y in enumerate(high)]
        points += [f"{i * step:.1f},{y:.1f}" for i, y in reversed(list(enumerate(low)))]
        return (f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="display:block">'
                f'<polygon points="{" ".join(points)}" fill="#4a78b0" stroke="#4a78b0"/></svg>')

    def plot(self, axes: Any = None) -> Any:
        """Draws each channel over seconds, by matplotlib; gives the axes. Raises ImportError without it."""
        from matplotlib import pyplot
        axes = axes or pyplot.subplots(figsize=(9, 2.5))[1]
        times = np.arange(self._channels.shape[1]) / self.rate
        names = ("left", "right") if len(self._channels) == 2 else map(str, range(64))
        for name, channel in zip(names, self._channels):
            axes.plot(times, channel, label=name, linewidth=0.6, alpha=0.7)
        axes.set_xlabel("seconds")
        axes.margins(x=0)
        if len(self._channels) > 1:
            axes.legend(loc="upper right")
        return axes


def _samples(data: bytes, code: int, bits: int) -> npt.NDArray[np.float32] | None:
    """Samples of a WAV file, full scale at 1; None for a kind that is not known."""
    if code == _FLOAT and bits == 32:
        return np.frombuffer(data[:len(data) // 4 * 4], "<f4").astype(np.float32)
    if code != _PCM or bits not in (16, 24, 32):
        return None
    width = bits // 8
    rows = np.frombuffer(data[:len(data) // width * width], np.uint8).reshape(-1, width)
    wide = np.zeros((len(rows), 4), np.uint8)
    wide[:, 4 - width:] = rows  # at the top, so that the sign is right
    return (wide.view("<i4")[:, 0] / np.float64(2**31)).astype(np.float32)
