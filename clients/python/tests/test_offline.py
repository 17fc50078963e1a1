# SPDX-License-Identifier: MIT
"""Patches and engines in this process, against the program `megasynth` and against each other."""

import gc
import json
import os
import pickle
import random
import tempfile
import time
import unittest
import unittest.mock
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from offline_support import EXAMPLES, PROGRAM, program_renders

from megasynth.offline import (BadValueError, Engine, LibraryError, NotFoundError, OfflineError, Patch, Sound, key_of,
                               modules)

KEYS, TREMOLO = EXAMPLES / "keys.json", EXAMPLES / "tremolo.json"
DRONE = {"nodes": {"osc": {"type": "osc.saw", "params": {"freq": 110}}, "filt": {"type": "svf"},
                   "out": {"type": "output"}},
         "connections": [{"from": ["osc", "out"], "to": ["filt", "in"]},
                         {"from": ["filt", "low"], "to": ["out", "in"], "amount": 0.5}]}
THROUGH = {"nodes": {"in": {"type": "input"}, "in2": {"type": "input", "params": {"channel": 2}},
                     "out": {"type": "output"}},
           "connections": [{"from": ["in", "out"], "to": ["out", "left"]},
                           {"from": ["in2", "out"], "to": ["out", "right"]}]}


def equal(a, b):
    """The same shape and the same bits."""
    return a.shape == b.shape and np.array_equal(np.asarray(a).view(np.uint32), np.asarray(b).view(np.uint32))


def random_score(seed, seconds, patch):
    """Notes, knobs, parameters, edits, as a score's file has them."""
    rng = random.Random(seed)
    items = [{"at": rng.uniform(0, seconds), "note": rng.choice([rng.randint(30, 90), "C#4", 61.5]),
              "velocity": rng.random(), "length": rng.uniform(0, 1)} for _ in range(60)]
    items += [{"at": rng.uniform(0, seconds), "knob": rng.choice(list(patch.knobs)), "value": rng.random()}
              for _ in range(20)]
    items += [{"at": rng.uniform(0, seconds), "param": ["lfo", "freq"], "value": rng.uniform(0.1, 9)}
              | ({"ramp_ms": 1000 * rng.random()} if rng.random() < 0.5 else {}) for _ in range(10)]
    for i in range(6):
        items.append({"at": rng.uniform(0, seconds), "fade_ms": rng.choice([0, 3, 200]), "ops": [
            {"op": "add", "id": f"new{i}", "type": "lfo", "params": {"freq": rng.uniform(1, 9)}},
            {"op": "connect", "from": [f"new{i}", "out"], "to": ["filt", "freq"], "amount": 0.2, "as": "octaves"}]})
    return items


class EqualToTheProgram(unittest.TestCase):
    def compare(self, name, arguments, blocks=(8192, 513, 7), **options):
        theirs, _ = program_renders(EXAMPLES / name, *arguments)
        patch = Patch.load(EXAMPLES / name)
        for block in blocks:
            ours = patch.render(block=block, **options)
            self.assertTrue(equal(ours, theirs), f"{name} {options} block {block}: {ours.shape} {theirs.shape}")
        self.assertGreater(np.abs(theirs).max(), 0.01)
        print(f"{name} {' '.join(map(str, arguments))[:50]}: {theirs.shape[1]} frames, the same bits, blocks {blocks}")

    def test_tremolo(self):
        self.compare("tremolo.json", ["--seconds", 2], seconds=2)
        self.compare("tremolo.json", [], blocks=(8192,))

    def test_keys(self):
        self.compare("keys.json", ["--notes", "C4 E4 G4 C4+E4+G4"], blocks=(8192, 64), notes="C4 E4 G4 C4+E4+G4")
        self.compare("keys.json", ["--notes", "A2 - 60.5", "--beat", 0.13, "--seconds", 1.7, "--rate", 44100],
                     notes="A2 - 60.5", beat=0.13, seconds=1.7, rate=44100)
        self.compare("keys.json", ["--set", "cutoff=0.8", "--voices", 2, "--notes", "C4+E4+G4", "--seconds", 1],
                     knobs={"cutoff": 0.8}, voices=2, notes="C4+E4+G4", seconds=1, blocks=(8192,))

    def test_the_others(self):
        for name in ("pad.json", "karplus.json", "fm_feedback.sexp", "toy.json"):
            self.compare(name, ["--seconds", 1], seconds=1, blocks=(8192, 100))

    def test_scores(self):
        for name in ("demo_score.json", "rewire_score.json"):
            self.compare("keys.json", ["--score", EXAMPLES / name, "--seconds", 12], blocks=(4096,),
                         notes=json.loads((EXAMPLES / name).read_text()), seconds=12, folder=EXAMPLES)
            self.compare("keys.json", ["--score", EXAMPLES / name, "--seconds", 2], blocks=(4096,),
                         notes=EXAMPLES / name, seconds=2)

    def test_all_that_a_score_can_say(self):
        score = [
            {"at": 0, "note": "C3", "length": 0.6, "id": "low"},
            {"at": 0.05, "note": "G♯3", "length": 0.3, "id": 2, "velocity": 0.5},
            {"at": 0.1, "id": "low", "bend": 2}, {"at": 0.11, "id": 2, "pressure": 0.7},
            {"at": 0.12, "id": 2, "timbre": 0.2}, {"at": 0.13, "bend": -0.5}, {"at": 0.14, "pressure": 0.3},
            {"at": 0.2, "sustain": True}, {"at": 0.25, "id": "low", "key": "E3"},
            {"at": 0.16, "param": ["filt", "res"], "id": "low", "value": 0.6, "ramp_ms": 50},
            {"at": 0.26, "id": "low", "velocity": 0.3}, {"at": 0.3, "knob": "cutoff", "value": 0.9, "ramp_ms": 100},
            {"at": 0.45, "preset": "dark", "morph_ms": 100}, {"at": 0.5, "sostenuto": 1}, {"at": 0.55, "sustain": 0},
            {"at": 0.7, "note": 60, "length": 5}, {"at": 0.8, "panic": True}, {"at": 0.81, "note": 64, "length": 5},
            {"at": 0.9, "all_off": True}]
        document = {**Patch.load(KEYS).document, "presets": {"dark": {"knobs": {"cutoff": 0.1}}}}
        with tempfile.TemporaryDirectory() as folder:
            for name, content in (("patch.json", document), ("score.json", score)):
                with open(f"{folder}/{name}", "w") as file:
                    json.dump(content, file)
            theirs, _ = program_renders(f"{folder}/patch.json", "--score", f"{folder}/score.json", "--seconds", 2)
        for block in (8192, 100):
            self.assertTrue(equal(Patch(document).render(2, score, block=block), theirs), block)
        for wrong, path in (({"at": 0, "bend": 3}, "[0].bend"), ({"at": 0, "bend": 3, "id": "x"}, "[0].id"),
                            ({"at": 0, "key": 60}, "[0].key"), ({"at": 0, "panic": 1}, "[0].panic")):
            with self.assertRaises(BadValueError) as caught:
                Patch(document).render(1, [wrong])
            self.assertEqual(caught.exception.path, path)

    def test_random_scores(self):
        for seed in range(4):
            score = random_score(seed, 3, Patch.load(KEYS))
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(score, file)
                file.flush()
                self.compare("keys.json", ["--score", file.name], blocks=(8192, 333), notes=score)

    def test_tuples_are_notes(self):
        tuples = [(0, "C4"), (0.25, 64, 0.3), (0.5, 67.5, 0.2, 0.4)]
        dicts = [{"at": 0, "note": "C4"}, {"at": 0.25, "note": 64, "length": 0.3},
                 {"at": 0.5, "note": 67.5, "length": 0.2, "velocity": 0.4}]
        patch = Patch.load(KEYS)
        self.assertTrue(equal(patch.render(1, tuples), patch.render(1, dicts)))

    def test_the_seed_counts(self):
        hiss = Patch({"nodes": {"n": {"type": "noise"}, "out": {"type": "output"}},
                      "connections": [{"from": ["n", "out"], "to": ["out", "in"]}]})
        first, same, other = hiss.render(0.1), hiss.render(0.1, seed=0), hiss.render(0.1, seed=1)
        self.assertTrue(equal(first, same))
        self.assertFalse(equal(first, other))

    def test_more_events_than_a_ring_holds(self):
        score = [{"at": 0.5 + i * 1e-6, "knob": "cutoff", "value": i % 100 / 100} for i in range(40000)]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(score + [{"at": 0, "note": 60, "length": 0.9}], file)
            file.flush()
            theirs, _ = program_renders(KEYS, "--score", file.name, "--seconds", 1)
        ours = Patch.load(KEYS).render(1, [*score, (0, 60, 0.9)])
        self.assertTrue(equal(ours, theirs))


class Documents(unittest.TestCase):
    def test_round_trips(self):
        for name in ("keys.json", "fm_feedback.sexp", "pad.json"):
            patch = Patch.load(EXAMPLES / name)
            for format in ("json", "sexp", "msgpack"):
                self.assertEqual(Patch.parse(patch.write(format), format), patch)
            self.assertEqual(Patch(patch.document), patch)
            self.assertEqual(pickle.loads(pickle.dumps(patch)), patch)
            with tempfile.TemporaryDirectory() as folder:
                patch.save(os.path.join(folder, "x.msgpack"))
                self.assertEqual(Patch.load(os.path.join(folder, "x.msgpack")), patch)

    def test_values_are_read_and_written(self):
        patch = Patch.load(KEYS)
        self.assertEqual(patch["lfo"]["shape"], "triangle")
        self.assertEqual(patch["filt"]["res"], modules["ladder"].params["res"].default)
        patch["filt"]["res"] = 0.5
        patch["lfo"]["shape"] = "square"
        patch.knobs["cutoff"] = np.float32(0.25)
        self.assertEqual((patch["filt"]["res"], patch["lfo"]["shape"], patch.knobs["cutoff"]), (0.5, "square", 0.25))
        del patch["filt"]["res"]
        self.assertNotIn("res", patch["filt"].written)
        self.assertEqual(patch.voices, 8)
        patch.voices = 3
        self.assertEqual(patch.document["voices"], 3)
        self.assertEqual(patch["note"].per_voice, True)
        self.assertEqual(patch["room"].per_voice, False)
        self.assertEqual(list(patch.nodes), list(patch.document["nodes"]))

    def test_edits_and_what_takes_them_back(self):
        patch = Patch.load(KEYS)
        before = patch.copy()
        back = patch.add("echo", "delay", time=0.2)
        patch.edit(back)
        self.assertEqual(patch, before)
        patch.add("trem", "lfo", freq=6, shape="sine")
        patch.connect("trem.out", "vca.amp", amount=0.3)
        patch.connect("trem.out", ("filt", "freq"), amount=2, as_="semitones")
        patch.add_knob("wobble", 0.2, range=(0.1, 9), scale="exp", unit="Hz")
        patch.connect("wobble", "trem.freq")
        patch.rename("trem", "tremolo")
        patch.disconnect("tremolo.out", "filt.freq")
        patch.check()
        self.assertEqual([c["amount"] for c in patch.cables if c["from"] == ("tremolo", "out")], [0.3])
        self.assertEqual(patch.knobs["wobble"], 0.2)
        changed = before.copy()
        changed.edit(before.diff(patch))
        self.assertEqual(changed, patch)
        patch.remove_knob("wobble")
        patch.remove("tremolo")
        self.assertEqual(patch, before)

    def test_several_as_one(self):
        patch = Patch.load(KEYS)
        before = patch.copy()
        with patch.edits() as e:
            e.add("trem", "lfo", freq=6)
            e.connect("trem.out", "vca.amp", amount=0.3)
            self.assertEqual(patch, before)
        patch["trem"]
        patch.edit(e.done)
        self.assertEqual(patch, before)
        with self.assertRaises(NotFoundError), patch.edits() as e:
            e.add("trem", "lfo")
            e.connect("trem.out", "vac.amp")
        self.assertEqual(patch, before)
        engine = Engine(patch)
        with engine.edits(fade_ms=20) as e:
            e.add("trem", "lfo")
            e.connect("trem.out", "vca.amp")
        engine.render(64)
        self.assertEqual(e.done.rev, engine.rev)
        engine.undo()
        self.assertEqual(engine.patch, before)

    def test_built_from_nothing(self):
        patch = Patch()
        patch.add("osc", "osc.sine", freq=300)
        patch.add("out", "output")
        patch.connect("osc.out", "out.in", amount=0.5)
        self.assertAlmostEqual(float(np.abs(patch.render(0.5)).max()), 0.5, places=3)

    def test_errors_have_code_path_hint_and_change_nothing(self):
        patch = Patch.load(KEYS)
        before = patch.document
        cases = [
            (lambda: patch["fill"], "not-found", "nodes.fill", "filt"),
            (lambda: patch["filt"]["rez"], "not-found", "rez", "res"),
            (lambda: patch["filt"].__setitem__("rez", 1), "not-found", "ops[0].param", "res"),
            (lambda: patch["filt"].__setitem__("res", 7), "bad-value", "ops[0].value", ""),
            (lambda: patch.knobs.__setitem__("cutof", 1), "not-found", "knobs.cutof", "cutoff"),
            (lambda: patch.knobs.__setitem__("cutoff", 2), "bad-value", "ops[0].value", ""),
            (lambda: patch.add("x", "svff"), "not-found", "ops[0].type", "svf"),
            (lambda: patch.connect("filt.owt", "vca.in"), "not-found", "ops[0].from[1]", "out"),
            (lambda: patch.connect("filt", "vca"), "bad-value", "", "filt.freq"),
            (lambda: patch.set("filt.res", float("nan")), "bad-type", "", "finite"),
            (lambda: Patch({"nodes": {"a": {"type": "lfo", "x": object()}}}), "bad-type", "", "finite"),
            (lambda: Patch({"nods": {}}), "unknown-key", "nods", "nodes"),
            (lambda: Patch.parse('{"nodes": '), "syntax", "", ""),
            (lambda: Patch.parse("{}", "yaml"), "bad-value", "", "json"),
            (lambda: Patch.load("nowhere.txt"), "unsupported", "", "*.json"),
            (lambda: patch.render(notes="C4 H4"), "bad-value", "beat 2", "C4"),
            (lambda: patch.render(notes=[(0, 60), (0, 128)]), "bad-value", "[1].note", "0..127"),
            (lambda: patch.render(notes=[{"at": 0, "knob": "cutof", "value": 1}]), "not-found", "[0].knobs", "cutoff"),
            (lambda: patch.render(notes=[{"at": 0, "note": 60, "lenght": 1}]), "unknown-key", "[0]", "length"),
            (lambda: patch.render(notes=[{"at": 0, "ops": [{"op": "remove", "id": "fil"}]}]),
             "not-found", "[0].ops[0].id", ""),
            (lambda: patch.render(seconds=-1), "bad-value", "seconds", ""),
        ]
        for i, (action, code, path, hint) in enumerate(cases):
            with self.assertRaises(OfflineError, msg=f"case {i}") as caught:
                action()
            error = caught.exception
            self.assertEqual(error.code, code, f"case {i}: {error}")
            self.assertIn(path, error.path, f"case {i}: {error}")
            self.assertIn(hint, error.hint, f"case {i}: {error}")
            self.assertEqual(patch.document, before)
        print(f"{len(cases)} mistakes, each with code, path and hint; nothing changed")

    def test_all_errors_at_once(self):
        with self.assertRaises(OfflineError) as caught:
            Patch({"nodes": {"a": {"type": "lfoo"}, "b": {"type": "svf", "params": {"fre": 3}}}})
        self.assertEqual([d.hint for d in caught.exception.diagnostics], ["did you mean `lfo`?", "did you mean `freq`?"])
        self.assertTrue(issubclass(NotFoundError, KeyError) and issubclass(BadValueError, ValueError))
        self.assertTrue(issubclass(LibraryError, OfflineError))

    def test_check(self):
        patch = Patch(DRONE)
        self.assertEqual(patch.check(), [])
        patch.connect("filt.low", "filt.in")
        with self.assertRaises(OfflineError) as caught:
            patch.check()
        self.assertEqual(caught.exception.code, "cycle")
        self.assertIn("z1", caught.exception.hint)
        self.assertIn("CALL", Patch(DRONE).disassemble())

    def test_modules_tell_of_themselves(self):
        self.assertIn("| `freq` | 10 … 20000 Hz, exp | 1000 |", modules["svf"].markdown)
        self.assertEqual(modules["svf"]._repr_markdown_(), modules["svf"].markdown)
        self.assertIn("in -> low, band", repr(modules["svf"]))
        self.assertEqual(modules["lfo"].params["shape"].value("saw"), 2)

    def test_keys(self):
        self.assertEqual([key_of(k) for k in ("C4", "F#3", "Bb-1", "60", np.float32(61.5), "c4")],
                         [60, 54, 10, 60, 61.5, 60])
        for wrong in ("H4", "C", "", None, True, 128, -1, "C4+", float("nan")):
            self.assertRaises(BadValueError, key_of, wrong)

    @unittest.skipIf("asan" in os.environ.get("LD_PRELOAD", ""), "keeps what was freed")
    def test_nothing_leaks(self):
        patch = Patch.load(KEYS)
        for _ in range(3):
            patch.render(0.02, "C4")

        def resident():
            gc.collect()
            with open("/proc/self/statm") as f:
                return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

        before = resident()
        for i in range(60):
            patch.render(0.02, "C4")
            patch.knobs["cutoff"] = i / 60
        grown = resident() - before
        print(f"60 engines made and gone: {grown:.1f} MB more")
        self.assertLess(grown, 40)


class Engines(unittest.TestCase):
    def test_edits_in_the_middle(self):
        """An edit at a frame, told to the engine, equals the one of a score."""
        operations = [{"op": "add", "id": "trem", "type": "lfo", "params": {"freq": 7}},
                      {"op": "connect", "from": ["trem", "out"], "to": ["vca", "amp"], "amount": 0.5}]
        patch = Patch.load(KEYS)
        whole = patch.render(1.0, [(0, "C4", 0.9), {"at": 0.5, "ops": operations}])
        for block in (8192, 333):
            for way in ("scheduled", "at once"):
                engine = Engine(patch, block=block)
                note = engine.note_on("C4", 0.8)
                note.off(frame=43200)
                if way == "scheduled":
                    engine.edit(operations, frame=24000)
                parts = [engine.render(24000)]
                if way == "at once":
                    change = engine.edit(operations)
                    self.assertEqual(change.undo[-1]["op"], "remove")
                parts.append(engine.render(24000))
                self.assertTrue(equal(np.concatenate(parts, axis=1), whole), f"{way}, block {block}")

    def test_undo_and_redo(self):
        engine = Engine(KEYS)
        before = engine.patch
        engine.set("filt.res", 0.9)
        engine.render(100)
        self.assertEqual(engine.patch["filt"]["res"], 0.9)
        rev = engine.rev
        engine.undo()
        self.assertEqual(engine.patch, before)
        engine.redo()
        self.assertEqual((engine.patch["filt"]["res"], engine.rev), (0.9, rev + 2))
        engine.undo(), self.assertRaises(OfflineError, engine.undo)
        with self.assertRaises(NotFoundError) as caught:
            engine.connect("lfo.out", "fil.freq")
        self.assertIn("filt", caught.exception.hint)

    def test_knobs_and_parameters(self):
        engine = Engine(KEYS)
        engine.knob("cutoff", 0.9, ramp_ms=100)
        engine.param("lfo.freq", 5, ramp_ms=0)
        engine.param("lfo.shape", "square")
        engine.render(64)
        self.assertAlmostEqual(engine.knob_value("cutoff"), 0.9, places=6)
        self.assertEqual((engine.param_value("lfo.freq"), engine.param_value("lfo.shape")), (5, 4))
        for wrong in (lambda: engine.knob("cutof", 1), lambda: engine.param("lfo.frek", 1),
                      lambda: engine.param("lof.freq", 1), lambda: engine.knob_value("cutof"),
                      lambda: engine.param_value("lfo.frek"), lambda: engine.preset("dusk"),
                      lambda: engine.control("bent", 1), lambda: engine.note_on(60).set("bent", 1)):
            self.assertRaises(NotFoundError, wrong)
        for wrong in (lambda: engine.knob("cutoff", 1.5), lambda: engine.param("lfo.freq", 1e6),
                      lambda: engine.param("lfo.shape", "squar"), lambda: engine.note_on(60, 64)):
            self.assertRaises(BadValueError, wrong)

    def test_notes_by_hand(self):
        engine = Engine(KEYS, voices=4)
        notes = [engine.note_on(60 + i, frame=100 * i) for i in range(4)]
        engine.render(1000)
        self.assertEqual((engine.counters.voices_held, engine.counters.notes_started), (4, 4))
        notes[0].bend(1.5)
        notes[0].param("filt.res", 0.8)
        engine.control("sustain", 1)
        engine.note_off(61)
        engine.render(1000)
        engine.all_notes_off()
        engine.control("sustain", 0)
        engine.render(4 * 48000)
        self.assertEqual({handle for handle, _ in engine.ended()}, {n.handle for n in notes})
        self.assertEqual(engine.counters.voices_active, 0)

    def test_voices_by_hand(self):
        engine = Engine(KEYS)
        voice = engine.reserve("A3")
        self.assertFalse(np.abs(engine.render(4800)).max() > 1e-4)
        voice.set("velocity", 0.8)
        voice.gate(True)
        self.assertTrue(np.abs(engine.render(4800)).max() > 1e-2)
        voice.set("key", np.float32(60))
        voice.free()
        engine.render(9600)
        self.assertEqual(engine.counters.voices_active, 0)

    def test_presets(self):
        engine = Engine(EXAMPLES / "pad.json")
        engine.knob("bright", np.float64(0.9), frame=np.int64(0))
        engine.render(np.int64(64))
        engine.save_preset("now")
        engine.knob("bright", 0.1)
        engine.render(64)
        engine.preset("now", morph_ms=100)
        engine.render(64)
        self.assertAlmostEqual(engine.knob_value("bright"), 0.9, places=6)

    def test_inputs(self):
        rng = np.random.default_rng(3)
        signal = rng.uniform(-1, 1, (2, 1000)).astype(np.float32)
        engine = Engine(THROUGH, inputs=2)
        out = np.concatenate([engine.render(n, signal[:, a:a + n]) for a, n in ((0, 7), (7, 500), (507, 493))], axis=1)
        self.assertTrue(equal(np.asarray(out)[:, 64:], signal[:, :-64]))  # a block late
        self.assertFalse(np.asarray(out)[:, :64].any())
        at_once = Engine(THROUGH, inputs=2, whole_blocks=True)
        self.assertTrue(equal(at_once.render(960, [signal[0, :960], signal[1, :960]]), signal[:, :960]))
        self.assertRaises(BadValueError, at_once.render, 100)
        for wrong in (signal[:1, :10], signal[:, :9], signal[:, :10].astype(int), signal[:, :10] * np.nan, 3, "x"):
            self.assertRaises(OfflineError, engine.render, 10, wrong)

    def test_taps(self):
        patch = Patch.load(KEYS)
        plain = patch.render(1.0, "C4+E4")
        tapped = patch.render(1.0, "C4+E4", capture=["vca.out", "room.left", ("lfo", "out")], block=100)
        self.assertTrue(equal(plain, tapped))
        self.assertEqual(list(tapped.captured), ["vca.out", "room.left", "lfo.out"])
        self.assertTrue(equal(tapped.captured["room.left"], tapped[0]))
        engine = Engine(patch)
        tap = engine.tap("vca.out")
        engine.note_on("C4")
        whole = Engine(patch)
        whole.note_on("C4")
        other = whole.tap("vca.out")
        whole.render(1000)
        parts = []
        for n in (1, 63, 64, 100, 772):
            engine.render(n)
            parts.append(tap.signal)
        self.assertTrue(equal(np.concatenate(parts), other.signal))
        engine.untap(tap)
        self.assertRaises(NotFoundError, engine.tap, "vca.owt")

    def test_a_single_voice_is_tapped(self):
        engine = Engine(KEYS)
        notes = [engine.note_on(k) for k in (60, 67)]
        taps = [engine.tap("vca.out", note) for note in notes] + [engine.tap("vca.out")]
        engine.render(640)
        one, two, both = (t.signal for t in taps)
        self.assertTrue(one.any() and two.any())
        np.testing.assert_allclose(one + two, both, atol=1e-6)

    def test_buses(self):
        engine = Engine({"nodes": {"in": {"type": "bus.in", "params": {"bus": 3}}, "double": {"type": "gain", "params": {
            "amp": 2}}, "out": {"type": "bus.out", "params": {"bus": 5}}},
            "connections": [{"from": ["in", "out"], "to": ["double", "in"]},
                            {"from": ["double", "out"], "to": ["out", "in"]}]})
        engine.buses.listen(5)
        signal = np.arange(256, dtype=np.float32)
        engine.render(256, buses={3: signal})
        self.assertTrue(equal(engine.buses[5], signal * np.float32(2)))
        self.assertRaises(BadValueError, engine.render, 100)

    def test_the_same_everywhere(self):
        patch, want = Patch.load(KEYS), None
        tried = []
        for isa in ("one", "v2", "v3", "v4", "neon"):
            try:
                sound = patch.render(0.5, "C4+E4+G4", isa=isa)
            except OfflineError:
                continue
            want = sound if want is None else want
            self.assertTrue(equal(sound, want), isa)
            tried.append(isa)
        print("the same bits on", *tried)

    def test_threads(self):
        """Engines of their own in threads of their own: nothing is shared."""
        patch = Patch.load(KEYS)
        want = patch.render(1.0, "C4+E4")
        with ThreadPoolExecutor(4) as pool:
            sounds = list(pool.map(lambda _: patch.render(1.0, "C4+E4"), range(12)))
        self.assertTrue(all(equal(sound, want) for sound in sounds))

    def test_misuse(self):
        self.assertRaises(OfflineError, Engine, KEYS, rate=100)
        self.assertRaises(OfflineError, Engine, KEYS, isa="z80")
        self.assertRaises(BadValueError, Engine, KEYS, block=0)
        engine = Engine(KEYS)
        for wrong in (lambda: engine.note_on(60, frame=-1), lambda: engine.note_on(60, frame=0.5),
                      lambda: engine.knob("cutoff", 0.5, ramp_ms="x"), lambda: engine.edit([], frame=-1),
                      lambda: engine.edit([], fade_ms=-1), lambda: engine.render(-1)):
            self.assertRaises(BadValueError, wrong)
        engine.close()
        for closed in (lambda: engine.render(64), lambda: engine.note_on(60), lambda: engine.rev, engine.undo):
            self.assertRaises(OfflineError, closed)
        engine.close()
        with Engine() as engine:
            self.assertFalse(engine.render(100).any())
            self.assertRaises(OfflineError, lambda: engine.patch)
            for _ in range(16384):
                engine.note_on(60)
            with self.assertRaises(OfflineError) as caught:
                engine.note_on(60)
            self.assertEqual(caught.exception.code, "full")


class Speed(unittest.TestCase):
    def test_figures(self):
        """Printed, not held to: the machine may be busy."""
        for name, notes, seconds in (("keys.json", "C3+C4+E4+G4+Bb4 F3+F4+A4+C5+Eb5", 10), ("tremolo.json", None, 20)):
            patch = Patch.load(EXAMPLES / name)
            options = ["--seconds", seconds] + (["--notes", notes, "--beat", 3] if notes else [])
            theirs, ours = [], []
            for _ in range(3):
                theirs.append(program_renders(EXAMPLES / name, *options)[1])
                begin = time.perf_counter()
                patch.render(seconds, notes, beat=3)
                ours.append(time.perf_counter() - begin)
            print(f"{name}, {seconds} s: Patch.render {min(ours) * 1e3:.1f} ms, megasynth render (process and file) "
                  f"{min(theirs) * 1e3:.1f} ms: {min(ours) / min(theirs):.2f} of it")
        engine = Engine(KEYS)
        for label, action in (("rev (nothing but a call)", lambda: engine.rev),
                              ("knob", lambda: engine.knob("cutoff", 0.5)),
                              ("param", lambda: engine.param("lfo.freq", 2)), ("render(1)", lambda: engine.render(1))):
            times = []
            for _ in range(5):
                begin = time.perf_counter()
                for _ in range(1000):
                    action()
                times.append((time.perf_counter() - begin) / 1000)
                engine.render(64)
            print(f"ctypes: {label} {min(times) * 1e6:.2f} us")


assert PROGRAM.exists() and Sound


class Temporaries(unittest.TestCase):
    def test_what_is_only_an_argument_lives_through_the_call(self):
        """A patch that nobody keeps: a dict, a file, an expression; each was freed before the engine read it."""
        other = dict(DRONE, nodes=dict(DRONE["nodes"], osc={"type": "osc.sine"}))
        with Engine(DRONE) as engine:
            for patch in (other, KEYS, str(TREMOLO), DRONE):
                for _ in range(50):
                    engine.rewire(patch, fade_ms=0)
                    gc.collect()
                self.assertEqual(engine.patch, Patch(patch) if isinstance(patch, dict) else Patch.load(patch))
                engine.render(64)
            engine.load(other)
            self.assertEqual(engine.patch.nodes["osc"].type, "osc.sine")
        self.assertEqual(Patch(DRONE).diff(Patch(DRONE)), [])
        self.assertEqual(Patch(DRONE).nodes["filt"].type, "svf")


class Loudspeakers(unittest.TestCase):
    """`Sound.play` by a player that keeps what it is given: there is no loudspeaker in a test."""

    def play(self, script):
        sound = Patch(DRONE).render(0.1)
        with tempfile.TemporaryDirectory() as folder:
            kept = os.path.join(folder, "kept.wav")
            if script is not None:
                player = os.path.join(folder, "aplay")
                with open(player, "w") as file:
                    file.write(f"#!/bin/sh\n{script} {kept}\n")
                os.chmod(player, 0o755)
            with unittest.mock.patch.dict(os.environ, {"PATH": folder}):
                sound.play()
            return sound, Sound.load(kept)

    def test_the_player_gets_the_samples(self):
        sound, played = self.play('[ "$1" = -q ] && /bin/cp "$2"')
        self.assertTrue(equal(sound, played))
        self.assertEqual(played.rate, 48000)

    def test_no_player_is_an_error_that_says_what_to_do(self):
        with self.assertRaisesRegex(OfflineError, "none is installed.*aplay"):
            self.play(None)
        with self.assertRaisesRegex(OfflineError, r"no player worked \(aplay\)"):
            self.play("exit 1;")


if __name__ == "__main__":
    unittest.main()
