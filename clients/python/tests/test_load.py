# SPDX-License-Identifier: MIT
"""Ten thousand knob changes and a thousand notes, one by one and without waiting: nothing lost, order kept, how long it takes.

The figures are those of this machine, as it is at the moment.
"""

import asyncio
import time
import unittest

from live_support import KEYS, QUIET, boot, percentiles, url_of

from megasynth import AsyncServer, Server

KNOBS, NOTES = 10_000, 1_000


class Load(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = boot()
        cls.addClassCleanup(cls.s.close)
        cls.s.load(KEYS)

    def setUp(self):
        self.before = self.s.status()["counts"]

    def check(self, frames, count):
        """All were carried out, in the order of the calls."""
        self.assertEqual(len(frames), count)
        self.assertEqual(frames, sorted(frames))
        counts = self.s.status()["counts"]
        self.assertGreaterEqual(counts["commands"] - self.before["commands"], count)
        self.assertEqual(counts["failures"], self.before["failures"])
        self.assertEqual(self.s.status()["synths"]["main"]["dropped"], 0)

    def test_knobs_one_by_one(self):
        for kind, knobs in (("unix", KNOBS), ("tcp", NOTES), ("udp", NOTES)):
            self.before = self.s.status()["counts"]
            with Server.connect(url_of(self.s, kind), timeout=30) as s:
                frames, trips = [], []
                begin = time.perf_counter()
                for i in range(knobs):
                    sent = time.perf_counter()
                    frames.append(s.call("/knob/set", name="cutoff", value=i / (knobs - 1))["frame"])
                    trips.append(time.perf_counter() - sent)
                seconds = time.perf_counter() - begin
            self.check(frames, knobs)
            self.assertEqual(self.s.knobs["cutoff"], 1)
            print(f"{kind}: {knobs} knob changes one by one, {knobs / seconds:.0f} a second; round trip {percentiles(trips)}")

    def test_knobs_without_waiting(self):
        for kind in ("unix", "tcp", "udp"):
            self.before = self.s.status()["counts"]
            with Server.connect(url_of(self.s, kind), timeout=30) as s, s.notices("knob") as heard:
                begin = time.perf_counter()
                answers = [s.submit("/knob/set", name="cutoff", value=i / (KNOBS - 1)) for i in range(KNOBS)]
                frames = [answer.result(30)["frame"] for answer in answers]
                seconds = time.perf_counter() - begin
                s.sync()
                told = [heard.get(30)["value"] for _ in range(100)]
            self.check(frames, KNOBS)
            self.assertEqual(told, sorted(told))
            self.assertEqual(self.s.knobs["cutoff"], 1)
            print(f"{kind}: {KNOBS} knob changes without waiting, {KNOBS / seconds:.0f} a second")

    def test_notes(self):
        frames, trips, handles, started = [], [], [], []
        with self.s.notices("note") as heard:
            for i in range(NOTES):
                sent = time.perf_counter()
                note = self.s.note(36 + i % 48, 0.1)
                trips.append(time.perf_counter() - sent)
                frames += [note.frame, note.off()["frame"]]
                handles.append(note.handle)
            while len(started) < NOTES:
                notice = heard.get(30)
                if notice["event"] == "started":
                    started.append(notice["note"])
        self.check(frames, 2 * NOTES)
        self.assertEqual(started, handles)
        print(f"{NOTES} notes one by one; round trip {percentiles(trips)}")

    def test_notes_without_waiting(self):
        begin = time.perf_counter()
        answers = []
        for i in range(NOTES):
            answers.append(self.s.submit("/note/on", key=36 + i % 48, velocity=0.1, id=1_000_000 + i))
            answers.append(self.s.submit("/note/off", id=1_000_000 + i))
        told = [answer.result(30) for answer in answers]
        self.check([answer["frame"] for answer in told], 2 * NOTES)
        self.assertEqual(len({answer["note"] for answer in told[::2]}), NOTES)
        print(f"{NOTES} notes without waiting, {NOTES / (time.perf_counter() - begin):.0f} a second")

    def test_asyncio(self):
        async def play():
            s = await AsyncServer.connect(self.s.url, timeout=30)
            async with s:
                begin = time.perf_counter()
                frames = [a["frame"] for a in await asyncio.gather(
                    *(s.knobs.set("cutoff", i / (KNOBS - 1)) for i in range(KNOBS)))]
                print(f"asyncio: {KNOBS} knob changes without waiting, {KNOBS / (time.perf_counter() - begin):.0f} a second")
                self.check(frames, KNOBS)
                trips, frames = [], []
                for i in range(NOTES):
                    sent = time.perf_counter()
                    note = await s.note(36 + i % 48, 0.1)
                    trips.append(time.perf_counter() - sent)
                    frames += [note.frame, (await note.off())["frame"]]
                self.check(frames, 2 * NOTES)
                print(f"asyncio: {NOTES} notes one by one; round trip {percentiles(trips)}")
        asyncio.run(play())
        self.assertEqual(self.s.knobs["cutoff"], 1)


class Boot(unittest.TestCase):
    def test_how_long_it_takes(self):
        took = []
        for _ in range(10):
            begin = time.perf_counter()
            with boot(**QUIET):
                took.append(time.perf_counter() - begin)
        print(f"booted and connected: {percentiles(took)}")


if __name__ == "__main__":
    unittest.main()
