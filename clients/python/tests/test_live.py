# SPDX-License-Identifier: MIT
"""Every word of `Server` against a real one."""

import json
import subprocess
import threading
import unittest
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from live_support import CLI, FOLDER, KEYS, ROOT, boot, url_of, wait_until

import megasynth
from megasynth import BadValueError, ConflictError, LimitError, NotFoundError, Server, ServerError

DOCUMENT = json.loads(KEYS.read_text())


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.s = boot()
        cls.addClassCleanup(cls.s.close)

    def setUp(self):
        self.s.load(DOCUMENT)
        self.s.panic()
        self.assertTrue(wait_until(lambda: len(self.s.voices) == 0))

    # ---- notes

    def test_a_velocity_of_midi_is_explained(self):
        for velocity in (90, 1.01, -0.1):
            with self.assertRaisesRegex(BadValueError, "divide a MIDI velocity by 127"):
                self.s.note("C4", velocity=velocity)

    def test_a_note_of_a_length_ends_by_itself(self):
        with self.s.notices("note") as notices:
            note = self.s.note("C4", seconds=0.1)
            events = {n.data["event"]: n.data for n in (next(notices) for _ in range(2))}
        self.assertEqual(set(events), {"started", "ended"})
        self.assertEqual(events["ended"]["note"], note.handle)
        length = events["ended"]["frame"] - note.frame
        self.assertGreaterEqual(length, 0.1 * self.s.info["rate"])  # and then its release
        with self.s.at(seconds=0.05):
            self.s.note("E4", seconds=0.01)
        self.assertTrue(wait_until(lambda: len(self.s.voices) == 0))
        self.assertRaises(BadValueError, self.s.note, "C4", seconds=-1)

    def test_a_recording_says_that_it_has_ended(self):
        with self.s.record("ended.wav") as recorded:
            self.assertFalse(recorded.get("ended"))
        self.assertTrue(recorded["ended"])

    # ---- the patch

    def test_save_writes_what_sounds(self):
        self.s.load(DOCUMENT)
        self.s.knobs["cutoff"] = 0.3125
        for ending in ("json", "sexp"):
            path = Path(FOLDER) / f"saved.{ending}"
            self.s.save(path)
            self.assertIn("0.3125", path.read_text())
            self.assertRaises(FileExistsError, self.s.save, path)
            self.s.knobs["cutoff"] = 0.5
            self.s.save(str(path), overwrite=True)
            self.s.load(path)
            self.assertEqual(self.s.knobs["cutoff"], 0.5)
            self.s.knobs["cutoff"] = 0.3125
        self.assertRaisesRegex(ValueError, "json or", self.s.save, "saved.txt")

    def test_load_takes_what_is_a_patch(self):
        class HasDocument:
            document = DOCUMENT
        text = KEYS.read_text()
        sexp = self.s.call("/patch/get", format="sexp")["text"]
        (Path(FOLDER) / "keys.sexp").write_text(sexp)
        from megasynth import _wire
        (Path(FOLDER) / "keys.msgpack").write_bytes(_wire.pack(DOCUMENT))
        for patch in (DOCUMENT, HasDocument(), text, "\n" + text, sexp, KEYS, str(KEYS), FOLDER + "/keys.sexp",
                      FOLDER + "/keys.msgpack"):
            self.s.load({"nodes": {"out": {"type": "output"}}})
            answer = self.s.load(patch)
            self.assertGreater(answer["rev"], 0)
            self.assertEqual(set(self.s.document["nodes"]), set(DOCUMENT["nodes"]))
        self.assertRaises(FileNotFoundError, self.s.load, "nowhere.json")
        self.assertRaisesRegex(TypeError, "is no patch", self.s.load, 42)
        self.assertRaises(TypeError, self.s.load, {"nodes": object()})

    def test_a_wrong_patch_changes_nothing(self):
        wrong = json.loads(KEYS.read_text())
        wrong["nodes"]["filt"]["params"] = {"rez": 0.5}
        before = self.s.call("/patch/get")
        with self.assertRaises(ServerError) as caught:
            self.s.load(wrong)
        self.assertIn("filt", caught.exception.path)
        self.assertIn("res", caught.exception.hint)
        self.assertEqual(self.s.call("/patch/get"), before)

    def test_parameters(self):
        s = self.s
        s.patch["lfo"]["freq"] = 6
        self.assertEqual(s.patch["lfo"]["freq"], 6)
        s.patch["lfo"].set("freq", 2, ramp_ms=20)
        self.assertTrue(wait_until(lambda: s.patch["lfo"]["freq"] == 2))
        s.patch["osc"]["wave1"] = "sine"
        self.assertEqual(s.patch["osc"]["wave1"], "sine")
        self.assertEqual(s.patch["osc"].type, "osc3")
        self.assertEqual(s.patch["lfo"].describe("freq")["unit"], "Hz")
        self.assertEqual(set(s.patch), set(DOCUMENT["nodes"]))
        self.assertEqual(len(s.patch), len(DOCUMENT["nodes"]))
        self.assertIn("lfo", s.patch)
        self.assertNotIn("lofi", s.patch)
        self.assertIn("freq", s.patch["lfo"])
        self.assertNotIn("frek", s.patch["lfo"])
        self.assertEqual(len(s.patch["lfo"]), len(dict(s.patch["lfo"])))
        self.assertIsNone(s.patch["lfo"].get("frek"))
        with self.assertRaises(NotFoundError) as caught:
            s.patch["lfo"]["frek"] = 1
        self.assertIn("freq", caught.exception.hint)
        with self.assertRaises(NotFoundError):
            s.patch["lofi"]["freq"] = 1
        with self.assertRaises(TypeError):
            del s.patch["lfo"]["freq"]

    def test_knobs(self):
        s = self.s
        s.knobs["cutoff"] = 0.7
        self.assertAlmostEqual(s.knobs["cutoff"], 0.7, places=6)
        self.assertEqual(set(s.knobs), {"cutoff", "resonance", "space"})
        self.assertEqual(len(s.knobs), 3)
        self.assertEqual(s.knobs.describe("cutoff")["range"], [80, 12000])
        s.knobs.set("space", 1, ramp_ms=10)
        self.assertTrue(wait_until(lambda: s.knobs["space"] == 1))
        s.knobs.update(cutoff=0.25, space=0.5)
        self.assertEqual(dict(s.knobs) | {"resonance": 0}, {"cutoff": 0.25, "space": 0.5, "resonance": 0})
        self.assertIn("cutoff", s.knobs)
        self.assertNotIn("cutof", s.knobs)
        self.assertEqual(s.knobs.get("cutof", 3), 3)
        del s.knobs["space"]
        self.assertNotIn("space", s.knobs)
        s.undo()
        self.assertIn("space", s.knobs)

    def test_exceptions(self):
        with self.assertRaises(NotFoundError) as caught:
            self.s.knobs["cutof"] = 1
        e = caught.exception
        self.assertIsInstance(e, KeyError)
        self.assertIsInstance(e, megasynth.MegasynthError)
        self.assertEqual((e.code, e.command, e.path, e.hint), ("not-found", "/knob/set", "name", "did you mean `cutoff`?"))
        self.assertEqual(str(e), "/knob/set: not-found at name: no knob `cutof` (did you mean `cutoff`?)")
        with self.assertRaises(BadValueError) as caught:
            self.s.patch["lfo"]["freq"] = 1e9
        self.assertIsInstance(caught.exception, ValueError)
        self.assertEqual((caught.exception.got, caught.exception.want), ("1e+09", "0.01..100"))
        with self.assertRaises(TypeError):
            self.s.call("/knob/set", name="cutoff")
        with self.s.buses.of("filt") as bus, ExitStack() as taps:
            for _ in range(self.s.info["limits"]["recordings_max"]):
                taps.enter_context(self.s.record(f"{len(self.s.call('/record/status')['recordings'])}.wav", bus=bus))
            with self.assertRaises(LimitError) as caught:
                taps.enter_context(self.s.record("9.wav"))
        self.assertEqual(caught.exception.limit, "recordings_max")

    def test_each_code_has_its_class(self):
        from megasynth import _commands
        codes = self.s.call("/command/list")["codes"]
        self.assertEqual(set(codes), set(_commands.ERRORS))
        for code, made in _commands.ERRORS.items():
            self.assertEqual(made.code, code)
            self.assertIs(getattr(megasynth, made.__name__), made)
        self.assertEqual(set(a["address"] for a in self.s.call("/command/list")["commands"]), set(_commands.ADDRESSES))

    # ---- edits

    def test_an_edit_is_one(self):
        s = self.s
        rev = s.call("/patch/get")["rev"]
        with s.edit(fade_ms=20) as e:
            e.add("wah", "svf", freq=800, res=0.6)
            e.disconnect("filt.out", "vca.in")
            e.connect("filt.out", "wah.in")
            e.connect(("wah", "band"), ("vca", "in"), amount=2)
            e.connect("lfo.out", "wah.freq", amount=0.5, as_="octaves")
            e.add_knob("vowel", 0.3, range=(200, 3000), scale="exp", unit="Hz")
            e.connect("vowel", "wah.freq")
            e.set("lfo.freq", 3)
        self.assertEqual(e.answer["rev"], rev + 1)
        self.assertGreater(e.answer["frame"], 0)
        self.assertEqual(s.patch["wah"].type, "svf")
        self.assertAlmostEqual(s.knobs["vowel"], 0.3, places=6)
        s.undo()
        self.assertNotIn("wah", s.patch)
        s.redo()
        self.assertIn("wah", s.patch)
        with s.edit() as e:
            e.rename("wah", "mouth")
            e.replace("lfo", "lfo", freq=1)
            e.remove("mouth")
            e.remove_knob("vowel")
        self.assertNotIn("mouth", s.patch)

    def test_an_edit_with_an_error_in_it_changes_nothing(self):
        before = self.s.call("/patch/get")
        with self.assertRaises(ServerError):
            with self.s.edit() as e:
                e.add("wah", "svf")
                e.connect("wah.low", "nothing.in")
        with self.assertRaises(ZeroDivisionError):
            with self.s.edit() as e:
                e.add("wah", "svf")
                1 / 0
        with self.s.edit():
            pass
        self.assertEqual(self.s.call("/patch/get"), before)

    def test_an_edit_made_for_another_revision(self):
        rev = self.s.call("/patch/get")["rev"]
        with self.s.edit(rev=rev) as e:
            e.add("one", "svf")
        with self.assertRaises(ConflictError):
            with self.s.edit(rev=rev) as e:
                e.add("two", "svf")

    # ---- notes and voices

    def test_notes(self):
        s = self.s
        note = s.note("C4", velocity=0.8)
        self.assertEqual(note.pitch, 60)
        self.assertGreater(note.frame, 0)
        for answer in (note.bend(2), note.pressure(0.3), note.timbre(0.5), note.key(60.5), note.set("filt", "res", 0.5),
                       note.set("filt", "res", 0.1, ramp_ms=5)):
            self.assertGreaterEqual(answer["frame"], note.frame)
        held = s.voices.list()["notes"]
        self.assertEqual([(n["note"], n["key"]) for n in held], [(note.handle, 60)])
        self.assertTrue(wait_until(lambda: len(s.voices) == 1))
        note.off(velocity=0.5)
        self.assertTrue(wait_until(lambda: len(s.voices) == 0))

        def unknown():
            try:
                return not note.bend(1)
            except NotFoundError:
                return True
        self.assertTrue(wait_until(unknown))
        with s.note(np.int64(64)), s.note(np.float32(67.5), np.float32(0.5)):
            self.assertTrue(wait_until(lambda: s.status()["synths"]["main"]["held"] == 2))
        self.assertTrue(wait_until(lambda: s.status()["synths"]["main"]["held"] == 0))
        self.assertRaisesRegex(ValueError, "is no note", s.note, "H4")
        self.assertRaises(BadValueError, s.note, 60, 2)
        s.note(50)
        s.control("sustain", 1)
        s.all_off()
        s.control("sustain", 0)
        s.panic()

    def test_voices_by_hand(self):
        s = self.s
        with s.voices.alloc("A3") as voice:
            self.assertEqual(s.voices.list()["reserved"][0]["note"], voice.number)
            voice.velocity(0.9)
            voice.gate(1)
            voice.bend(0.5)
            voice.pressure(0.5)
            voice.timbre(0.5)
            voice.key("B3")
            voice.set("filt", "res", 0.8)
            bus = voice.bus("vca")
            self.assertTrue(wait_until(lambda: bus.get()["peak"] > 0.01), bus.get())
            voice.gate(0)
        self.assertEqual(s.voices.list()["reserved"], [])

    # ---- signals

    def test_buses_by_hand(self):
        s = self.s
        with s.buses.new("control", "speed") as speed, s.buses.new() as send:
            with s.edit() as e:
                e.add("in", "bus.in", bus=speed.number)
                e.connect("in.out", "lfo.freq", amount=10)
                e.add("send", "bus.out", bus=send.number)
                e.connect("filt.out", "send.in")
            speed.set(0.4)
            with s.buses.of("lfo") as lfo, s.note("C4"):
                self.assertTrue(wait_until(lambda: send.get()["peak"] > 0.01))
                self.assertTrue(wait_until(lambda: lfo.get()["peak"] > 0.1))
                self.assertEqual({b["bus"] for b in s.buses.list()}, {speed.number, send.number, lfo.number})
            self.assertAlmostEqual(speed.get()["value"], 0.4, places=6)
        self.assertEqual(s.buses.list(), [])
        self.assertRaises(NotFoundError, s.buses.of, "filt", "up")

    def test_taps(self):
        s = self.s
        blocks = []
        with s.note("A2"), s.tap("filt.out", ms=20) as heard:
            while len(blocks) < 5:
                blocks.append(heard.get(timeout=20))
        samples = np.concatenate([b.samples for b in blocks])
        self.assertEqual((samples.dtype, samples.ndim), (np.float32, 1))
        for a, b in zip(blocks, blocks[1:]):
            self.assertAlmostEqual(b.frame, a.frame + len(b.samples), delta=2048)
        self.assertAlmostEqual(max(b.peak for b in blocks), np.abs(samples).max(), delta=0.5)
        self.assertEqual((blocks[0].every, blocks[0].rate), (1, s.info["rate"]))
        self.assertEqual(s.buses.list(), [])
        with s.buses.of("filt") as bus, s.tap(bus, every=4) as heard:
            self.assertEqual(next(heard).every, 4)
            self.assertEqual(heard.get(20).bus, bus.number)
        with s.buses.of("filt") as bus, s.tap(bus.number, every=0) as heard:
            self.assertIsNone(next(heard).samples)
        for block in s.tap("filt.out"):
            break
        self.assertEqual(s.buses.list(), [])  # it has ended with the loop
        self.assertEqual(len([block for block, _ in zip(s.tap("filt.out", every=0), range(3))]), 3)
        with self.assertRaises(NotFoundError):
            s.tap(12345)
        with self.assertRaises(NotFoundError):
            s.tap("filt.up")
        self.assertEqual(s._link.listeners, [])
        self.assertEqual(list(heard)[2:], [])  # closed: what has come, and then no more

    def test_taps_miss_nothing(self):
        self.s.load({"nodes": {"osc": {"type": "osc.sine", "params": {"freq": 440}}, "out": {"type": "output"}},
                     "connections": [{"from": ["osc", "out"], "to": ["out", "in"]}]})
        with self.s.tap("osc.out", ms=10) as heard:
            blocks = [heard.get(20) for _ in range(20)]
        x = np.concatenate([block.samples for block in blocks]).astype(float)
        x = x[np.argmax(x != 0):]  # it may hear a block of silence before the node is there
        turn = 2 * np.cos(2 * np.pi * 440 / self.s.info["rate"])
        gaps = np.flatnonzero(np.abs(x[2:] + x[:-2] - turn * x[1:-1]) > 1e-4) + 1  # where it is no sine
        self.assertEqual(list(gaps), [])
        print(f"{len(x)} frames in 20 blocks, none missing")

    def test_recording(self):
        for file, options in (("a.wav", {}), ("b.flac", {"format": "pcm24"})):
            with self.s.record(file, **options) as take, self.s.note("E4"):
                self.assertTrue(wait_until(lambda: self.s.call("/record/status")["recordings"][0]["frames"] > 3000))
            self.assertGreater(take["frames"], 3000)
            self.assertEqual(take["dropped"], 0)
            self.assertGreater((Path(FOLDER) / file).stat().st_size, 3000)
        with self.s.buses.of("filt") as bus, self.s.record("c.wav", bus=bus) as take:
            pass
        self.assertEqual(take["channels"], 1)
        self.assertRaises(ServerError, self.s.record("../x.wav").__enter__)

    def test_what_has_ended_by_itself_need_not_be_ended(self):
        s = self.s

        def unknown(what):
            try:
                return not what()
            except NotFoundError:
                return True
        with s.note(60) as note, s.voices.alloc() as voice, s.buses.new() as bus, s.tap("filt.out") as heard:
            next(heard)
            s.load({"nodes": {"out": {"type": "output"}}})
            note.off()
            voice.free()
            bus.free()
            self.assertTrue(wait_until(lambda: unknown(lambda: note.bend(1))))
        self.assertEqual(s.buses.list(), [])

    # ---- notices

    def test_notices(self):
        s = self.s
        with s.notices("note", "knob") as heard, s.notices("knob") as knobs:
            note = s.note("C4")
            s.knobs["space"] = 0.125
            note.off()
            told = []
            while len(told) < 3:
                notice = heard.get(20)
                if notice.data.get("note", note.handle) == note.handle:  # not the end of one of another test
                    told.append(notice)
            self.assertEqual([(n.topic, n.data.get("event")) for n in told],
                             [("note", "started"), ("knob", None), ("note", "ended")])
            self.assertEqual((told[0]["key"], told[1]["name"], told[1]["value"]), (60, "space", 0.125))
            self.assertEqual(knobs.get(20)["value"], 0.125)
            self.assertRaises(megasynth.Timeout, knobs.get, 0.01)
            heard.close()
            s.knobs["space"] = 0.25  # still wanted by the other
            self.assertEqual(knobs.get(20)["value"], 0.25)
        self.assertEqual(s.call("/unsubscribe", topics=["log"])["topics"], [])
        self.assertRaises(NotFoundError, s.notices, "weather")
        self.assertEqual(s._link.listeners, [])

    def test_what_nobody_takes_is_dropped_and_counted(self):
        from megasynth import _link
        with self.s.notices("knob") as heard:
            for n in range(_link.HEARD_MAX + 100):
                self.s.submit("/knob/set", name="space", value=n / 8192)
            self.s.sync()
            self.assertTrue(wait_until(lambda: heard.dropped == 100), heard.dropped)
            self.assertEqual(heard.get(1)["value"], np.float32(100 / 8192))

    # ---- time

    def test_at(self):
        s = self.s
        with s.at(seconds=0.1):
            chord = [s.note(key) for key in (60, 64, 67)]
            turned = s.call("/knob/set", name="cutoff", value=0.2)
            with s.edit() as e:
                e.set("lfo.freq", 7)
            self.assertIsNone(chord[0].frame)
            chord[0].off()
        self.assertEqual({note.frame for note in chord}, {turned["frame"]})
        self.assertEqual(len({note.handle for note in chord}), 3)
        frame = s.clock()["frame"] + 4800
        with s.at(frame=frame):
            chord[1].off()
            note = s.note(72)
        self.assertEqual(note.frame, frame)
        self.assertTrue(wait_until(lambda: s.clock()["frame"] > frame))
        self.assertEqual(s.patch["lfo"]["freq"], 7)
        with s.at(seconds=1):
            pass

    def test_at_is_all_or_nothing(self):
        s = self.s
        s.knobs["cutoff"] = 0.5
        with self.assertRaises(NotFoundError) as caught:
            with s.at(seconds=0.02):
                s.knobs["cutoff"] = 0.1
                s.knobs["cutof"] = 0.1
                s.note(60)
        self.assertEqual(caught.exception.hint, "did you mean `cutoff`?")
        with self.assertRaises(ZeroDivisionError):
            with s.at(seconds=0.02):
                s.knobs["cutoff"] = 0.1
                1 / 0
        with self.assertRaisesRegex(ValueError, "cannot be timed"):
            with s.at(seconds=0.02):
                s.status()
        with self.assertRaises(ValueError):
            s.at(frame=1, seconds=1).__enter__()
        with self.assertRaises(ValueError):
            with s.at(frame=1), s.at(frame=2):
                pass
        frame = s.clock()["frame"]
        wait_until(lambda: s.clock()["frame"] > frame + 4800)
        self.assertEqual((s.knobs["cutoff"], len(s.voices)), (0.5, 0))

    def test_too_late(self):
        with Server.connect(self.s.url) as s, s.notices("late") as heard:
            with s.at(frame=1):
                s.knobs["cutoff"] = 0.25
            self.assertGreater(heard.get(20)["late_frames"], 0)
            self.assertTrue(wait_until(lambda: s.knobs["cutoff"] == 0.25))
            s.commands.hello(late="error")
            with self.assertRaises(megasynth.LateError):
                with s.at(frame=1):
                    s.knobs["cutoff"] = 0.5

    def test_at_is_of_one_thread(self):
        with self.s.at(seconds=0):
            self.s.knobs["space"] = 0.5
            other = []
            thread = threading.Thread(target=lambda: other.append(self.s.status()))
            thread.start()
            thread.join()
        self.assertEqual(len(other), 1)

    # ---- synths, and everything else

    def test_other_synths(self):
        bass = self.s.synth("bass")
        bass.load(DOCUMENT)
        bass.knobs["cutoff"] = 0.1
        self.s.knobs["cutoff"] = 0.9
        self.assertAlmostEqual(bass.knobs["cutoff"], 0.1, places=6)
        bass.patch["lfo"]["freq"] = 9
        self.assertNotEqual(self.s.patch["lfo"]["freq"], 9)
        with bass.note("C2"), bass.tap("filt.out", every=0) as heard:
            self.assertTrue(wait_until(lambda: next(heard).peak > 0.01))
        with bass.edit() as e:
            e.add("x", "svf")
        bass.undo()
        bass.fader(0.5)
        with self.s.at(seconds=0.01):
            bass.note(40)
            self.s.note(52)
        self.assertEqual(set(self.s.status()["synths"]), {"main", "bass"})
        bass.free()
        self.assertEqual(list(self.s.call("/synth/list")["synths"]), ["main"])

    def test_presets(self):
        self.s.knobs["cutoff"] = 0.8
        self.s.commands.preset_save("bright")
        self.s.knobs["cutoff"] = 0.1
        self.s.recall("bright")
        self.assertAlmostEqual(self.s.knobs["cutoff"], 0.8, places=6)
        self.s.recall("bright", morph_ms=10)

    def test_every_command_has_a_method(self):
        self.assertEqual(self.s.commands.knob_get("cutoff"), self.s.call("/knob/get", name="cutoff"))
        self.assertIn("svf", self.s.commands.module_list()["modules"])
        answer = self.s.commands.note_on(60, 0.5, at={"frame": self.s.clock()["frame"] + 480})
        self.s.commands.note_off(note=answer["note"])
        from megasynth import _commands
        for address in _commands.ADDRESSES:
            for made in (_commands.Commands, _commands.AsyncCommands):
                self.assertTrue(hasattr(made, address[1:].replace("/", "_")), address)

    def test_waiting_in_a_callback(self):
        told = []

        def ask(_):
            try:
                self.s.status()
            except RuntimeError as error:
                told.append(str(error))
            told.append(self.s.submit("/ping"))
        self.s.submit("/sync").add_done_callback(ask)
        self.assertTrue(wait_until(lambda: len(told) == 2))
        self.assertIn("submit", told[0])
        self.assertIn("frame", told[1].result(20))

    def test_callbacks_that_submit_while_others_do(self):
        count, lock, done = 4000, threading.Lock(), []

        def again(_):
            future = self.s.submit("/ping")
            with lock:
                done.append(future)
        threads = [threading.Thread(target=lambda: [self.s.submit("/ping").add_done_callback(again)
                                                    for _ in range(count // 4)]) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join(20)
        self.assertTrue(wait_until(lambda: len(done) == count))
        self.assertTrue(all("frame" in future.result(20) for future in done))

    def test_submitted_from_many_threads(self):
        def turn(n):
            for i in range(200):
                values[n] = self.s.call("/knob/set", name="cutoff", value=i / 199)
        values = {}
        threads = [threading.Thread(target=turn, args=(n,)) for n in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(len(values), 8)
        self.assertEqual(self.s.knobs["cutoff"], 1)

    def test_over_each_kind_of_address(self):
        for kind in ("unix", "tcp", "udp"):
            with Server.connect(url_of(self.s, kind)) as other:
                self.assertTrue(other.url.startswith(kind))
                other.knobs["space"] = 0.5
                with other.at(seconds=0):
                    other.note(60)
                    other.knobs["space"] = 0.75
                self.assertTrue(wait_until(lambda: other.knobs["space"] == 0.75))
                with other.notices("knob") as heard:
                    self.s.knobs["space"] = 0.25
                    self.assertEqual(heard.get(20)["value"], 0.25)
                self.assertGreater(other.status()["clients"], 1)
        with Server.connect(url_of(self.s, "udp")) as other, self.assertRaises(megasynth.UseStreamError):
            other.call("/command/list")


class Sound(unittest.TestCase):
    def test_what_was_sent_renders_the_same_bits(self):
        def render(document, name):
            out = Path(FOLDER) / "render.wav"
            path = Path(FOLDER) / name
            path.write_text(document if isinstance(document, str) else json.dumps(document))
            subprocess.run([CLI, "render", path, "-o", out, "--quiet", "--seconds", "1", "--notes", "C4 E4"], check=True)
            return out.read_bytes()
        with boot() as s:
            for name in ("tremolo", "keys"):
                text = (ROOT / "examples" / f"{name}.json").read_text()
                s.load(json.loads(text))
                want = render(text, "sent.json")
                self.assertEqual(render(s.document, "held.json"), want)
                self.assertEqual(render(s.call("/patch/get", format="sexp")["text"], "held.sexp"), want)
                print(f"{name}: sent, read back as map and as text: {len(want)} bytes rendered, all the same")


if __name__ == "__main__":
    unittest.main()
