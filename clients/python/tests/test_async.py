# SPDX-License-Identifier: MIT
"""Every word of `AsyncServer` against a real one, and that it has those of `Server`."""

import asyncio
import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
from live_support import FOLDER, KEYS, QUIET, is_alive, url_of

import megasynth
from megasynth import AsyncServer, BadValueError, NotFoundError, ServerError

DOCUMENT = json.loads(KEYS.read_text())


async def until(what, seconds=20):
    """Waits until what is awaited becomes true."""
    for _ in range(seconds * 100):
        if await what():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("in vain")


class Async(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.s = await AsyncServer.boot(**QUIET)
        await self.s.load(DOCUMENT)

    async def asyncTearDown(self):
        await self.s.close()
        self.assertFalse(is_alive(self.s._process.pid))

    async def test_the_patch(self):
        s = self.s
        self.assertEqual(s.info["proto"], 1)
        self.assertEqual(set((await s.document())["nodes"]), set(DOCUMENT["nodes"]))
        await s.patch["lfo"].set("freq", 6)
        self.assertEqual(await s.patch["lfo"].get("freq"), 6)
        await s.patch["osc"].set("wave1", "sine")
        self.assertEqual(await s.patch["osc"].get("wave1"), "sine")
        await s.knobs.set("cutoff", 0.25)
        self.assertEqual(await s.knobs.get("cutoff"), 0.25)
        self.assertEqual(set(await s.knobs.all()), {"cutoff", "resonance", "space"})
        async with s.edit(fade_ms=5) as e:
            e.add("wah", "svf")
            e.connect("lfo.out", "wah.in")
        self.assertIn("wah", (await s.document())["nodes"])
        with tempfile.TemporaryDirectory() as folder:
            await s.save(folder + "/saved.json")
            with open(folder + "/saved.json") as saved:
                self.assertIn("wah", saved.read())
        await s.undo()
        self.assertNotIn("wah", (await s.document())["nodes"])
        await s.redo()
        self.assertEqual((await s.patch["wah"].describe("freq"))["unit"], "Hz")
        with self.assertRaises(ServerError):
            async with s.edit() as e:
                e.remove("nothing")
        with self.assertRaises(ZeroDivisionError):
            async with s.edit() as e:
                e.remove("wah")
                1 / 0
        self.assertIn("wah", (await s.document())["nodes"])

    async def test_notes_voices_buses(self):
        s = self.s
        note = await s.note("C4", velocity=0.8)
        await note.bend(2)
        await note.pressure(0.2)
        await note.set("filt", "res", 0.5)
        await note.off()
        async with s.note(64) as note:
            self.assertGreater(note.frame, 0)
        notes = await asyncio.gather(s.note(70), asyncio.create_task(s.note(71)), asyncio.wait_for(s.note(72), 20))
        self.assertEqual([note.pitch for note in notes], [70, 71, 72])
        async with s.voices.alloc("A3") as voice:
            await voice.velocity(1)
            await voice.gate(1)
            bus = voice.bus("vca")

            async def sounds():
                return (await bus.get())["peak"] > 0.01
            await until(sounds)
            self.assertEqual(len((await s.voices.list())["reserved"]), 1)
        async with s.buses.new("control", "speed") as bus:
            await bus.set(0.5)
            self.assertEqual(len(await s.buses.list()), 1)
        await s.all_off()
        await s.panic()

    async def test_taps_notices_recordings(self):
        s = self.s
        blocks = []
        async with s.note("A2"), s.tap("filt.out", ms=20) as heard:
            async for block in heard:
                blocks.append(block.samples)
                if len(blocks) == 3:
                    break
        self.assertEqual(np.concatenate(blocks).dtype, np.float32)
        async with s.notices("knob") as heard:
            await s.knobs.set("space", 0.5)
            self.assertEqual((await heard.__anext__())["value"], 0.5)
        self.assertEqual([x async for x in heard], [])
        async with s.record("async.wav") as take:
            await asyncio.sleep(0.1)
        self.assertGreater(take["frames"], 0)
        self.assertTrue((Path(FOLDER) / "async.wav").exists())
        async for block in s.tap("filt.out", every=0):
            self.assertIsNone(block.samples)
            break
        heard = await s.tap("filt.out")
        await heard.close()
        await until(lambda: asyncio.sleep(0, not s._link.listeners))
        with self.assertRaises(NotFoundError):
            await s.tap("filt.up")
        with self.assertRaises(NotFoundError):
            await s.notices("weather")

    async def test_at(self):
        s = self.s
        async with s.at(seconds=0.05):
            chord = [await s.note(key) for key in (60, 64)]
            await s.knobs.set("cutoff", 0.2)
            other = asyncio.create_task(self.elsewhere())
        self.assertEqual(len({note.frame for note in chord}), 1)
        self.assertGreater(await other, 0)
        with self.assertRaises(NotFoundError):
            async with s.at(seconds=0):
                await s.knobs.set("cutoff", 0.9)
                await s.knobs.set("cutof", 0.9)

        async def turned():
            return abs(await s.knobs.get("cutoff") - 0.2) < 1e-6
        await until(turned)
        with self.assertRaises(ValueError):
            async with s.at(frame=1):
                await s.status()

    async def elsewhere(self):
        """Another task: what it calls is not part of the first one's `at`."""
        return (await self.s.status())["frame"]

    async def test_other_synths_and_commands(self):
        bass = await self.s.synth("bass")
        await bass.load(KEYS)
        await bass.knobs.set("cutoff", 0.1)
        await bass.fader(0.5)
        self.assertNotEqual(await self.s.knobs.get("cutoff"), await bass.knobs.get("cutoff"))
        await bass.free()
        self.assertGreater((await self.s.commands.note_on(60, 0.5))["note"], 0)
        self.assertIn("load", await self.s.status())
        with self.assertRaises(BadValueError):
            await self.s.call("/note/on", key=60, velocity=2)

    async def test_sent_in_order_whether_awaited_or_not(self):
        answers = [self.s.call("/knob/set", name="cutoff", value=i / 999) for i in range(1000)]
        frames = [a["frame"] for a in await asyncio.gather(*answers)]
        self.assertEqual(frames, sorted(frames))
        self.assertEqual(await self.s.knobs.get("cutoff"), 1)

    async def test_over_each_kind_of_address(self):
        for kind in ("unix", "tcp", "udp"):
            async with AsyncServer.connect(url_of(self.s, kind)) as other:
                self.assertTrue(other.url.startswith(kind))
                await asyncio.gather(*(other.knobs.set("space", i / 49) for i in range(50)))
                self.assertEqual(await other.knobs.get("space"), 1)

    def test_it_has_the_words_of_server(self):
        def words(made):
            return {name for name in dir(made) if not name.startswith("_")}
        for one, other, left_out in (
                (megasynth.Server, AsyncServer, {"submit"}),  # here `call` is
                (megasynth.Synth, megasynth.AsyncSynth, {"submit"}),
                (megasynth.Note, megasynth.AsyncNote, set()), (megasynth.Voice, megasynth.AsyncVoice, set()),
                (megasynth.Bus, megasynth.AsyncBus, set())):
            self.assertEqual(words(one) - words(other), left_out)


if __name__ == "__main__":
    unittest.main()
