# SPDX-License-Identifier: MIT
"""Bytes: OSC messages with MessagePack payloads, and the frames they stand in on streams.

The codec is our own, forty lines for the six types that the protocol uses, because python3-liblo brings sockets and threads
with it, reads no unix socket, and drops TCP connections at packets over 64 KiB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgpack

NOW = 1  #: the time tag for "at once"
FRAME_BYTES_MAX = 1 << 26  #: a longer frame is no answer of a server


def pack(value: Any) -> bytes:
    """A payload. Numbers and arrays of numpy may stand for Python's."""
    def plain(other: Any) -> Any:
        if hasattr(other, "tolist"):  # numpy's scalars and arrays
            return other.tolist()
        raise TypeError(f"{type(other).__name__} cannot be sent: {other!r}")
    packed: bytes = msgpack.packb(value, use_bin_type=True, default=plain)
    return packed


def unpack(data: bytes) -> Any:
    """What a payload holds; ValueError if it is none."""
    return msgpack.unpackb(data, raw=False, strict_map_key=False)


# ---- OSC ----------------------------------------------------------------------------------------

def _text(value: str) -> bytes:
    data = value.encode()
    return data + b"\0" * (4 - len(data) % 4)  # ends with 1 to 4 zeros


def _blob(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data + b"\0" * (-len(data) % 4)


def message(address: str, *arguments: Any) -> bytes:
    """An OSC message; ints beyond 32 bits become `h`, bytes become blobs."""
    tags, body = ",", b""
    for value in arguments:
        if isinstance(value, bool):
            tags += "T" if value else "F"
        elif isinstance(value, int):
            wide = not -1 << 31 <= value < 1 << 31
            tags += "h" if wide else "i"
            body += struct.pack(">q" if wide else ">i", value)
        elif isinstance(value, float):
            tags += "f"
            body += struct.pack(">f", value)
        elif isinstance(value, str):
            tags += "s"
            body += _text(value)
        else:
            tags += "b"
            body += _blob(value)
    return _text(address) + _text(tags) + body


def request(number: int, address: str, arguments: Mapping[str, Any]) -> bytes:
    """The request form of a command, which is answered under its number."""
    return message(address, number, pack(arguments))


def bundle(packets: Iterable[bytes], time: int = NOW) -> bytes:
    """Messages that happen together, or not at all."""
    return b"#bundle\0" + struct.pack(">Q", time) + b"".join(struct.pack(">i", len(p)) + p for p in packets)


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 4 - (end - at) % 4


def parse(packet: bytes) -> tuple[str, list[Any]]:
    """Address and arguments of a message; blobs stay bytes. ValueError if it is none."""
    try:
        address, at = _read_text(packet, 0)
        tags, at = _read_text(packet, at)
        values: list[Any] = []
        for tag in tags[1:]:
            if tag == "s":
                value, at = _read_text(packet, at)
                values.append(value)
            elif tag == "b":
                size = struct.unpack_from(">i", packet, at)[0]
                if size < 0 or at + 4 + size > len(packet):
                    raise ValueError("a blob is longer than its packet")
                values.append(packet[at + 4:at + 4 + size])
                at += 4 + size + -size % 4
            elif tag in "TF":
                values.append(tag == "T")
            else:
                form = {"i": ">i", "h": ">q", "f": ">f", "d": ">d"}[tag]
                values.append(struct.unpack_from(form, packet, at)[0])
                at += struct.calcsize(form)
        return address, values
    except (struct.error, KeyError, UnicodeDecodeError) as error:
        raise ValueError(f"no OSC message: {error}") from error


# ---- streams ------------------------------------------------------------------------------------

def frame(packet: bytes) -> bytes:
    """A packet after its length, as it goes over a stream."""
    return struct.pack(">I", len(packet)) + packet


class Deframer:
    """Takes bytes as they come, gives the packets that are whole."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        self._data += data
        at = 0
        while len(self._data) - at >= 4:
            size = struct.unpack_from(">I", self._data, at)[0]
            if size > FRAME_BYTES_MAX:
                raise ValueError(f"a frame of {size} bytes: this is no megasynthd")
            if len(self._data) - at < 4 + size:
                break
            yield bytes(self._data[at + 4:at + 4 + size])
            at += 4 + size
        del self._data[:at]
