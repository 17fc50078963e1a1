# SPDX-License-Identifier: MIT
"""The bytes: tests/protocol/vectors.json, all of it; packets cut anywhere; rubbish."""

import json
import random
import socket
import unittest

from live_support import ROOT, boot

from megasynth import TooBigError, _wire
from megasynth._session import Call, Session

VECTORS = json.loads((ROOT / "tests" / "protocol" / "vectors.json").read_text())


def of_kind(kind):
    chosen = [(v, bytes.fromhex(v["bytes"])) for v in VECTORS if v["kind"] == kind]
    assert chosen, kind
    return chosen


class Vectors(unittest.TestCase):
    def test_no_kind_is_left_out(self):
        self.assertEqual({v["kind"] for v in VECTORS}, {"packet", "payload", "frames"})

    def test_packets_are_read_and_written(self):
        read = written = 0
        for v, data in of_kind("packet"):
            with self.subTest(v["name"]):
                if data.startswith(b"#bundle"):
                    continue
                if v["expect"] == "bad-packet":
                    self.assertRaises(ValueError, _wire.parse, data)
                    continue
                address, values = _wire.parse(data)
                read += 1
                if b",ib\0" in data:
                    again = _wire.request(values[0], address, _wire.unpack(values[1]))
                    self.assertEqual(_wire.unpack(_wire.parse(again)[1][1]), _wire.unpack(values[1]))
                else:
                    again = _wire.message(address, *values)
                written += again == data
        print(f"{read} packets read, {written} written with the same bytes")
        self.assertGreater(written, 8)

    def test_a_server_says_what_they_are_to_come_to(self):
        def told(connection):
            def some():
                while True:
                    yield from deframer.feed(connection.recv(1 << 16))
            deframer = _wire.Deframer()
            return map(_wire.parse, some())

        with boot() as server:
            document = next(data for v, data in of_kind("packet") if v["name"] == "document")
            server.call("/patch/load", **_wire.unpack(_wire.parse(document)[1][1]))
            for v, data in of_kind("packet"):
                with self.subTest(v["name"]), socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(server.url.removeprefix("unix:"))
                    fence = _wire.request(999, "/ping", {})
                    connection.sendall(_wire.frame(data) + _wire.frame(fence))
                    said = "nothing"
                    for address, values in told(connection):
                        if values[0] == 999:
                            if said != "nothing" or b",ib\0" not in data or v["expect"] == "nothing":
                                break  # the answer to a build command may come after the fence's
                        else:
                            said = "done" if address == "/done" else values[2]
                            if b",ib\0" in data:
                                break
                    self.assertEqual(said, v["expect"])

    def test_payloads(self):
        readable = 0
        for v, data in of_kind("payload"):
            with self.subTest(v["name"]):
                if v["expect"] == "ok":
                    value = _wire.unpack(data)
                    self.assertEqual(_wire.unpack(_wire.pack(value)), value)
                    readable += 1
                elif v["name"] in ("trailing", "truncated", "huge count", "overlong UTF-8", "surrogate"):
                    self.assertRaises(ValueError, _wire.unpack, data)
        print(f"{readable} payloads read")

    def test_frames(self):
        for v, data in of_kind("frames"):
            if v["name"].startswith("slip"):
                continue  # this client speaks the other framing
            with self.subTest(v["name"]):
                for step in range(1, len(data) + 1):
                    deframer, packets = _wire.Deframer(), []
                    for at in range(0, len(data), step):
                        packets += deframer.feed(data[at:at + step])
                    self.assertEqual([p.hex() for p in packets], v["packets"])


class Rubbish(unittest.TestCase):
    def test_bytes_of_all_kinds_are_refused_or_read(self):
        dice = random.Random(1)
        seeds = [data for _, data in of_kind("packet")] + [
            _wire.message("/done", 1, "/ping", _wire.pack({"frame": 1})),
            _wire.message("/fail", 1, "/ping", "not-found", _wire.pack({"message": "x"})),
            _wire.message("/notice", "note", _wire.pack({"frame": 1})),
            _wire.message("/tap", 1, _wire.pack({"frame": 1, "peak": 0.5, "rms": 0.1, "samples": b"\0\0\0\0"}))]
        refused = 0
        for _ in range(20000):
            data = bytearray(dice.choice(seeds))
            for _ in range(dice.randrange(4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            session = Session(False)
            session.request(Call("/ping", {}, lambda outcome: None))
            try:
                session.feed(bytes(data[:dice.randrange(len(data) + 1)]))
            except ValueError:
                refused += 1
        print(f"{refused} of 20,000 packets refused, the others read")

    def test_a_frame_that_no_server_sends(self):
        self.assertRaises(ValueError, list, _wire.Deframer().feed(b"HTTP/1.1 400"))

    def test_what_cannot_be_sent(self):
        self.assertRaisesRegex(TypeError, "object cannot be sent", _wire.pack, {"a": object()})


class Numpy(unittest.TestCase):
    def test_its_numbers_are_numbers(self):
        import numpy as np
        value = {"a": np.float32(0.5), "b": np.int64(7), "c": np.arange(3)}
        self.assertEqual(_wire.unpack(_wire.pack(value)), {"a": 0.5, "b": 7, "c": [0, 1, 2]})


class Datagrams(unittest.TestCase):
    def test_the_next_waits_for_the_answer(self):
        session, done = Session(False), []
        for _ in range(3):
            session.request(Call("/ping", {}, done.append))
        for _ in range(3):
            packets = session.take_out()
            self.assertEqual(len(packets), 1)
            number = _wire.parse(packets[0])[1][0]
            session.feed(_wire.message("/done", number, "/ping", _wire.pack({})))
            session.feed(_wire.message("/done", number, "/ping", _wire.pack({})))  # one that was sent again
        self.assertEqual(len(session.take_settled()), 3)
        self.assertEqual(session.take_settled(), [])

    def test_what_is_longer_than_one(self):
        session, done = Session(False), []
        self.assertRaisesRegex(TooBigError, "connect over TCP", session.request,
                               Call("/patch/load", {"text": "x" * 70000}, done.append))
        self.assertEqual((session.take_out(), done), ([], []))

    def test_what_cannot_be_sent_is_in_nobodys_way(self):
        for is_stream in (False, True):
            session, done = Session(is_stream), []
            for arguments in ({"a": object()}, {"a": 1 << 70}, {"a": "\ud800"}):
                calls = [Call("/ping", {}, done.append), Call("/ping", arguments, done.append)]
                self.assertRaises((TypeError, ValueError, OverflowError), session.bundle, calls)
            self.assertEqual(session.take_out(), [])
            session.request(Call("/ping", {}, done.append))
            self.assertEqual(len(session.take_out()), 1)


if __name__ == "__main__":
    unittest.main()
