# SPDX-License-Identifier: MIT
"""Pictures of patches, Sounds, and what notebooks see of them."""

import base64
import importlib.util
import itertools
import pickle
import random
import re
import tempfile
import time
import unittest
import wave
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from offline_support import EXAMPLES, ROOT

from megasynth.offline import AudioGraph, AudioProcessor, Module, OfflineError, Patch, PatchProcessor, Sound
from megasynth.offline.drawing import _NodeBox
from megasynth.offline.layout import Box, Edge, lay_out

SVG = "{http://www.w3.org/2000/svg}"


class Pictures(unittest.TestCase):
    def test_examples(self):
        for path in [*EXAMPLES.glob("*.json"), *EXAMPLES.glob("*.sexp"), ROOT / "tests" / "golden" / "all_modules.json"]:
            if "score" in path.name:
                continue
            patch = Patch.load(path)
            root = ElementTree.fromstring(patch.svg())
            words = [t.text for t in root.iter(SVG + "text")]
            for name in (*patch.nodes, *patch.knobs):
                self.assertIn(name, words, path.name)
            cables = patch.cables
            wires = [p for p in root.iter(SVG + "path")]
            self.assertEqual(len(wires), len(cables), path.name)
            amounts = [c for c in cables if c["amount"] != 1 or c["as"] != "add"]
            shown = [w for w in words if w and re.fullmatch(r"×-?[\d.e-]+|-?[\d.e-]+ (oct|semi)", w)]
            self.assertEqual(len(shown), len(amounts), path.name)
            self.assertTrue(patch._repr_html_().startswith("<div"))

    def test_boxes_keep_their_distance(self):
        rng = random.Random(4)
        crossings = 0
        for _ in range(30):
            boxes = [Box(rng.uniform(40, 120), rng.uniform(30, 150)) for _ in range(rng.randint(1, 40))]
            edges = [Edge(a, rng.uniform(0, a.height), b, rng.uniform(0, b.height))
                     for a, b in (rng.choices(boxes, k=2) for _ in range(2 * len(boxes)))]
            width, height = lay_out(boxes, edges)
            for box in boxes:
                self.assertTrue(0 <= box.x <= width and -1e-6 <= box.y <= height)
            for a, b in itertools.combinations(boxes, 2):
                apart = (a.x + a.width <= b.x or b.x + b.width <= a.x
                         or a.y + a.height <= b.y + 1e-6 or b.y + b.height <= a.y + 1e-6)
                self.assertTrue(apart)
            crossings += sum(e.back for e in edges)
        print(f"30 random graphs: no box on another; {crossings} cables run back")

    def test_large_and_strange_patches(self):
        rng = random.Random(2)
        nodes = {f"n{i}": {"type": "mix"} for i in range(300)} | {"<&\"'>": {"type": "output"}, "π b": {"type": "lfo"}}
        cables = [{"from": [f"n{rng.randint(0, i - 1)}", "out"], "to": [f"n{i}", "in"], "amount": 0.5}
                  for i in range(1, 300) for _ in range(2)]
        unique = list({(c["from"][0], c["to"][0]): c for c in cables}.values())
        begin = time.perf_counter()
        try:
            patch = Patch({"name": "<b>&", "nodes": nodes, "connections": unique})
        except OfflineError:  # ids may not be that strange
            nodes.pop("<&\"'>"), nodes.pop("π b")
            patch = Patch({"name": "<b>&", "nodes": nodes, "connections": unique})
        text = patch.svg()
        ElementTree.fromstring(text)
        self.assertNotIn("<b>", text)
        print(f"{len(nodes)} nodes, {len(unique)} cables: drawn in {time.perf_counter() - begin:.2f} s")
        ElementTree.fromstring(Patch().svg())

    def test_graphs(self):
        class Half(AudioProcessor):
            """Half of it."""

            def process(self, inputs):
                return [inputs[0] * 0.5]

        graph = AudioGraph(44100)
        for name, processor in (("src", Module("osc3")), ("filt", Module("svf", res=0.5)), ("lfo", Module("lfo")),
                                ("half", Half(["in"], ["out"], {"steps": 3})),
                                ("keys", PatchProcessor(EXAMPLES / "keys.json"))):
            graph.add_processor(name, processor)
        for source, to, amount in (("src", "filt", 1), ("lfo", "filt.freq", 300), ("filt", "half", 1), ("input.1", "filt", 1),
                                   ("half", "output.1", 1), ("keys", "output", 0.25)):
            graph.connect(source, to, amount)
        root = ElementTree.fromstring(graph.svg())
        words = [t.text for t in root.iter(SVG + "text")]
        for word in ("src", "filt", "half", "Half", "keys", "PatchProcessor", "×300", "res 0.5", "steps 3", "input", "output"):
            self.assertIn(word, words)
        self.assertEqual(len(list(root.iter(SVG + "path"))), len(graph.cables))
        self.assertTrue(AudioGraph()._repr_html_())

    def test_the_one_in_docs(self):
        want = Patch.load(EXAMPLES / "keys.json").svg()
        have = (ROOT / "docs" / "keys-python.svg").read_text()
        self.assertEqual(have, want, "Patch.load('examples/keys.json').svg() has changed: look at it, and write it there")
        self.assertEqual(_NodeBox.row(0), 40.5)


class Sounds(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        rng = np.random.default_rng(1)
        self.sound = Sound(rng.uniform(-1, 1, (2, 999)), 44100)

    def test_files(self):
        for bits, tolerance in (("32f", 0), (24, 2**-24), (16, 2**-16)):
            self.sound.save(self.folder / "x.wav", bits)
            back = Sound.load(self.folder / "x.wav")
            self.assertEqual((back.shape, back.rate), ((2, 999), 44100))
            np.testing.assert_allclose(back, self.sound, atol=tolerance, rtol=0)
        with wave.open(str(self.folder / "x.wav")) as f:  # 16 bits, as Python's own library reads it
            self.assertEqual((f.getnchannels(), f.getframerate(), f.getnframes(), f.getsampwidth()), (2, 44100, 999, 2))
        loud = Sound([2.0, -2.0, 0.5], 48000)
        loud.save(self.folder / "y.wav", 16)
        np.testing.assert_allclose(Sound.load(self.folder / "y.wav"), [[32767 / 32768, -1, 0.5]])
        self.assertRaises(OfflineError, self.sound.save, self.folder / "x.flac")
        self.assertRaises(OfflineError, self.sound.wav, 8)
        for junk in (b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16), bytes(100)):
            (self.folder / "junk.wav").write_bytes(junk)
            self.assertRaises(OfflineError, Sound.load, self.folder / "junk.wav")
        whole = self.sound.wav(24)
        for length in range(0, len(whole), 97):  # a file that was cut short
            (self.folder / "cut.wav").write_bytes(whole[:length])
            try:
                Sound.load(self.folder / "cut.wav")
            except OfflineError:
                pass

    def test_arrays(self):
        left = self.sound[0, 100:200]
        self.assertEqual((type(left), left.rate, left.shape, left.seconds), (Sound, 44100, (100,), 100 / 44100))
        self.assertEqual((self.sound * 0.5).rate, 44100)
        self.assertEqual(type(self.sound.max()), np.float32)
        self.assertEqual([type(self.sound > 0), type(np.abs(self.sound)), type(self.sound.sum(axis=0))],
                         [np.ndarray, Sound, Sound])
        again = pickle.loads(pickle.dumps(self.sound))
        self.assertEqual(again.rate, 44100)
        np.testing.assert_array_equal(again, self.sound)
        self.assertEqual(Sound([0.0, 0.5], 48000).peak_db, 20 * np.log10(0.5))
        self.assertEqual(Sound([0.0], 48000).peak_db, -np.inf)
        self.assertEqual(self.sound.dtype, np.float32)

    def test_widget(self):
        html = self.sound._repr_html_()
        data = base64.b64decode(re.search(r"base64,([^\"]+)", html).group(1))
        (self.folder / "w.wav").write_bytes(data)
        np.testing.assert_allclose(Sound.load(self.folder / "w.wav"), self.sound, atol=2**-15)
        ElementTree.fromstring(re.search(r"<svg.*</svg>", html).group(0))
        self.assertIn("120 s of it", Sound(np.zeros(8000 * 121), 8000)._repr_html_())
        for odd in (self.sound[:, :0], self.sound[0, 0:1], self.sound.sum(axis=0), self.sound[None]):
            self.assertIsInstance(odd._repr_html_(), str)

    @unittest.skipUnless(importlib.util.find_spec("matplotlib"), "no matplotlib")
    def test_plot(self):
        import matplotlib
        matplotlib.use("Agg")
        axes = self.sound.plot()
        self.assertEqual([line.get_label() for line in axes.lines], ["left", "right"])
        self.assertEqual(len(self.sound[0].plot().lines), 1)


if __name__ == "__main__":
    unittest.main()
