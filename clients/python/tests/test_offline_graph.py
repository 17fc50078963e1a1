# SPDX-License-Identifier: MIT
"""Modules as processors and graphs of them: chunks against the whole, against engines, and with Python's own."""

import copy
import pickle
import random
import time
import unittest

import numpy as np
from offline_support import EXAMPLES

from megasynth.offline import (AudioGraph, AudioProcessor, BadValueError, Engine, Module, NotFoundError, OfflineError,
                               Patch, PatchProcessor, Processor, modules, seed_of)

CHUNKS = (1, 7, 64, 512, 997)
FRAMES = 1200
RNG = np.random.default_rng(11)
SIGNAL = RNG.uniform(-0.5, 0.5, FRAMES).astype(np.float32)
SIGNAL[700:900] = 0  # tails die away, into denormal numbers


def equal(a, b):
    return len(a) == len(b) and all(
        x.shape == y.shape and np.array_equal(x.view(np.uint32), y.view(np.uint32)) for x, y in zip(a, b))


def random_params(type, rng):
    """Values within a parameter's range; times are short, so that something happens."""
    values = {}
    for name, p in modules[type].params.items():
        if rng.random() < 0.6:
            high = min(p.max, 0.05) if p.unit == "s" else min(p.max, 1e3)
            values[name] = rng.choice(p.choices) if p.choices else rng.uniform(max(p.min, -1e3), max(high, p.min))
    return values


def make(type, /, **params):
    module = Module(type, seed=9, **params)
    if type == "note":
        module.note_on(60.5, 0.7)
    return module


def inputs_of(module):
    return [np.roll(SIGNAL, 7 * i) for i in range(module.get_num_inputs())]


def in_chunks(module, inputs, chunk, params=None):
    parts = [module.process([s[a:a + chunk] for s in inputs], min(chunk, FRAMES - a),
                            params={k: v[a:a + chunk] for k, v in (params or {}).items()})
             for a in range(0, FRAMES, chunk)]
    return [np.concatenate(channel) for channel in zip(*parts)]


class EveryModule(unittest.TestCase):
    def test_what_is_random_begins_anywhere(self):
        """A module alone has a seed as a node has: random LFOs do not all start at 0."""
        for shape in ("random", "smooth"):
            first = Module("lfo", shape=shape, freq=1).process([], 64)[0]
            self.assertGreater(abs(first[0]), 1e-3, shape)
        self.assertTrue(equal(Module("noise").process([], 64), Module("noise").process([], 64)), "yet it is repeatable")

    def test_chunks_equal_the_whole(self):
        rng, tried = random.Random(5), 0
        for type in modules:
            for given in [{}] + [random_params(type, rng) for _ in range(2)]:
                whole = make(type, **given).process(inputs_of(make(type)), FRAMES)
                for chunk in CHUNKS[bool(given):]:  # a frame at a time takes long: once
                    module = make(type, **given)
                    self.assertTrue(equal(in_chunks(module, inputs_of(module), chunk), whole), f"{type} {given} {chunk}")
                    tried += 1
        print(f"{len(modules)} modules, chunks of {CHUNKS}: {tried} times the same bits as the whole")

    def test_chunks_equal_the_whole_while_parameters_move(self):
        tried = 0
        for type, info in modules.items():
            if type == "note":
                continue  # its parameters stand within a note
            moving = {}
            for name, p in info.params.items():
                low, high = max(p.min, -1e3), min(p.max, 0.02 if p.unit == "s" else 1e3)
                moving[name] = np.linspace(low, max(low, high), FRAMES, dtype=np.float32)
            whole = make(type).process(inputs_of(make(type)), FRAMES, params=moving)
            for chunk in CHUNKS:
                module = make(type)
                self.assertTrue(equal(in_chunks(module, inputs_of(module), chunk, moving), whole), f"{type} {chunk}")
                tried += 1
        print(f"all parameters moving: {tried} times the same bits")

    def test_equal_to_a_node_of_an_engine(self):
        rng, frames, tried = random.Random(6), 64 * 18, 0
        for type, info in modules.items():
            if type in ("input", "output", "bus.in", "bus.out", "feedback", "note"):
                continue  # they meet the host, or are per voice: below
            for given in [{}, random_params(type, rng)]:
                document = {"nodes": {"it": {"type": type, "params": given}}, "connections": []}
                module = Module(type, seed=seed_of("it"), **given)
                for i, name in enumerate(module.input_names):
                    document["nodes"][f"in{i}"] = {"type": "input", "params": {"channel": i + 1}}
                    document["connections"].append({"from": [f"in{i}", "out"], "to": ["it", name]})
                signals = [s[:frames] for s in inputs_of(module)]
                engine = Engine(document, inputs=len(signals), whole_blocks=True)
                taps = [engine.tap(("it", p.name)) for p in info.outputs]
                engine.render(frames, signals or None)
                self.assertTrue(equal(module.process(signals, frames), [t.signal for t in taps]), f"{type} {given}")
                tried += len(taps)
        print(f"{tried} outputs of modules: the bits that an engine's taps hear")

    def test_interface(self):
        for type, info in modules.items():
            module = make(type)
            self.assertIsInstance(module, Processor)
            self.assertEqual(len(module.input_names), module.get_num_inputs())
            self.assertEqual(len(module.output_names), module.get_num_outputs())
            for name, p in info.params.items():
                self.assertAlmostEqual(module.get_param(name), p.default, places=5)
                module.set_param(name, p.max)
                self.assertAlmostEqual(module.get_param(name), p.max, places=3)
                self.assertRaises(BadValueError, module.set_param, name, p.max + abs(p.max) + 1)
            self.assertRaises(NotFoundError, module.set_param, "nothing", 1)
            self.assertEqual([len(s) for s in module.process([], 0)], [0] * module.get_num_outputs())

    def test_notes(self):
        note, env = Module("note"), Module("env", release=0.01)
        note.note_on("A4", 0.5)
        freq, gate, trigger, velocity = note.process([], 480)[:4]
        self.assertEqual((freq[0], gate[-1], trigger[0], trigger[1], velocity[9]), (440, 1, 1, 0, 0.5))
        level = env.process([gate])[0]
        note.note_off()
        level = np.concatenate((level, env.process([note.process([], 4800)[1]])[0]))
        self.assertEqual((level.argmax() < 480, level[-1] < 1e-3), (True, True))
        self.assertRaises(OfflineError, Module("svf").note_on, 60)

    def test_copies_go_their_own_way(self):
        for type in ("svf", "delay", "reverb", "noise", "feedback"):
            module = make(type)
            module.process(inputs_of(module), FRAMES)
            twins = copy.copy(module), copy.deepcopy(module), pickle.loads(pickle.dumps(module))
            first = module.process(inputs_of(module), FRAMES)
            for twin in twins:
                self.assertTrue(equal(twin.process(inputs_of(module), FRAMES), first), type)
        self.assertRaises(TypeError, copy.copy, Engine())

    def test_what_is_wrong_is_said(self):
        svf = Module("svf")
        cases = [
            (lambda: Module("swf"), "svf"), (lambda: Module("svf", frek=3), "freq"),
            (lambda: Module("svf", freq=1e9), "cutoff"), (lambda: Module("lfo", shape="squar"), "square"),
            (lambda: svf.process([SIGNAL, SIGNAL]), "in"), (lambda: svf.process([]), "48000"),
            (lambda: svf.process(np.zeros((2, 3, 4))), "channels"), (lambda: svf.process([[1, 2]]), "x /"),
            (lambda: svf.process(np.zeros(9, complex)), "float32"), (lambda: svf.process("x"), "numpy"),
            (lambda: svf.process([SIGNAL], params={"freq": SIGNAL[:9]}), "one length"),
            (lambda: svf.process([SIGNAL], params={"frek": SIGNAL}), "freq"),
            (lambda: svf.process([np.array([0, np.inf])]), "nan_to_num"), (lambda: svf.init(3), "frames a second"),
        ]
        for i, (action, hint) in enumerate(cases):
            with self.assertRaises(OfflineError, msg=f"case {i}") as caught:
                action()
            self.assertIn(hint, caught.exception.hint, f"case {i}: {caught.exception}")
        with self.assertRaises(BadValueError) as caught:
            Module("mul", factor=1000).process([np.full(9, 1e30)] * 2)
        self.assertIn("inf", str(caught.exception))


class OnePole(AudioProcessor):
    """A processor of Python's own, with state."""

    def __init__(self, forgets=False):
        super().__init__(["in"], ["out"], {"part": 0.1})
        self.forgets = forgets
        self.last = 0.0

    def reset(self):
        self.last = 0.0

    def process(self, inputs):
        if self.forgets:
            self.last = 0.0
        out = np.empty_like(inputs[0])
        for t, x in enumerate(inputs[0]):
            self.last += self.values["part"] * (float(x) - self.last)
            out[t] = self.last
        return [out]


class Bare:
    """The interface of the brief and nothing else: two channels, swapped."""

    def init(self, sample_rate):
        self.sample_rate, self.gain = sample_rate, 1.0

    def process(self, inputs):
        return [inputs[1] * np.float32(self.gain), inputs[0] * np.float32(self.gain)]

    def set_param(self, name, value):
        self.gain = value

    def get_param(self, name):
        return self.gain

    def get_num_inputs(self):
        return 2

    def get_num_outputs(self):
        return 2


class Ramp(Bare):
    """A source."""

    def init(self, sample_rate):
        self.at = 0

    def process(self, inputs, frames):
        self.at += frames
        return [np.arange(self.at - frames, self.at, dtype=np.float32)]

    def get_num_inputs(self):
        return 0

    def get_num_outputs(self):
        return 1


class Graphs(unittest.TestCase):
    def test_as_in_the_brief(self):
        graph = AudioGraph(sample_rate=44100, capture_intermediates=True)
        graph.add_processor("gain", Module("gain"))
        graph.add_processor("filter", Module("svf"))
        graph.processors["gain"].set_param("amp", 0.5)
        graph.processors["filter"].set_param("freq", 1000)
        output_full = graph.process_serial(SIGNAL)
        gain_output = graph.get_captured_signal("gain", channel=0)
        np.testing.assert_array_equal(gain_output, SIGNAL * np.float32(0.5))
        everything = graph.get_all_captured_signals()
        self.assertEqual({name: len(channels) for name, channels in everything.items()}, {"gain": 1, "filter": 5})
        for chunk_size in (*CHUNKS, 5000):
            output_chunked = graph.process_serial(SIGNAL, chunk_size=chunk_size)
            np.testing.assert_array_equal(output_chunked, output_full)
            self.assertTrue(equal(graph.get_all_captured_signals()["filter"], everything["filter"]))
        self.assertTrue(equal([graph.get_captured_signal("filter", "low")], [output_full]))

    def test_every_module_in_a_graph(self):
        for type in modules:
            graph = AudioGraph(capture_intermediates=True)
            graph.add_processor("src", Module("noise"))
            graph.add_processor("it", Module(type))
            for name in graph.processors["it"].input_names:
                graph.connect("src", ("it", name), amount=0.7)
            graph.connect("it" if type != "output" else "it.left", "output")
            graph.process(frames=FRAMES)
            whole = graph.get_all_captured_signals()["it"]
            for chunk in CHUNKS[1:]:
                graph.process(frames=FRAMES, chunk_size=chunk)
                self.assertTrue(equal(graph.get_all_captured_signals()["it"], whole), f"{type} {chunk}")

    def test_equal_to_a_patch(self):
        """Cables with amounts, into inputs and parameters; a sum; left and right; randomness by name."""
        nodes = {"saw": ("osc.saw", {"freq": 110}), "hiss": ("noise", {"amp": 0.3}),
                 "lfo": ("lfo", {"freq": 5, "shape": "random"}), "slow": ("lfo", {"freq": 0.5}),
                 "filt": ("svf", {"freq": 900, "res": 0.6}), "ring": ("osc.sine", {}),
                 "echo": ("delay", {"time": 0.01, "feedback": 0.5, "pingpong": 1}), "room": ("reverb", {"mix": 0.5})}
        cables = [("saw", "out", "filt", "in", 1), ("hiss", "out", "filt", "in", 0.25),
                  ("lfo", "out", "filt", "freq", 300), ("slow", "out", "filt", "freq", 200),
                  ("slow", "out", "filt", "res", 0.1), ("lfo", "out", "ring", "freq", 100),
                  ("filt", "band", "echo", "left", 1), ("ring", "out", "echo", "right", 0.5),
                  ("echo", "left", "room", "left", 1), ("echo", "right", "room", "right", 1)]
        document = {"nodes": {id: {"type": type, "params": params} for id, (type, params) in nodes.items()},
                    "connections": [{"from": [a, p], "to": [b, q], "amount": amount} for a, p, b, q, amount in cables]}
        document["nodes"]["out"] = {"type": "output"}
        document["connections"] += [{"from": ["room", side], "to": ["out", side]} for side in ("left", "right")]
        patch = Patch(document).render(0.5)
        graph = AudioGraph(48000)
        for id, (type, params) in nodes.items():
            graph.add_processor(id, Module(type, **params))
        for a, p, b, q, amount in cables:
            graph.connect((a, p), (b, q), amount)
        graph.connect("room", "output")
        for chunk in (None, 64, 100, 333):
            self.assertTrue(equal(graph.process(frames=24000, chunk_size=chunk), list(np.asarray(patch))), chunk)
        print("a graph of 8 modules and 10 cables: the bits of the same patch, chunks of 24000, 64, 100, 333")

    def test_parameters_in_mid_sound(self):
        """A value that is set is there at once: an engine's with a ramp of 0; by default an engine smooths."""
        document = {"nodes": {"in": {"type": "input"}, "filt": {"type": "svf"}, "out": {"type": "output"}},
                    "connections": [{"from": ["in", "out"], "to": ["filt", "in"]},
                                    {"from": ["filt", "low"], "to": ["out", "in"]}]}
        found = {}
        for ramp in (0, None):
            engine = Engine(document, inputs=1, whole_blocks=True)
            engine.param("filt.freq", 300, ramp_ms=ramp, frame=640)
            found[ramp] = np.asarray(engine.render(1152, SIGNAL[:1152]))[0]
        filt = Module("svf")
        first = filt.process(SIGNAL[:640])[0]
        filt.set_param("freq", 300)
        whole = np.concatenate((first, filt.process(SIGNAL[640:1152])[0]))
        self.assertTrue(equal([whole], [found[0]]))
        self.assertFalse(equal([whole], [found[None]]))

    def test_python_stands_in_the_graph(self):
        graph = AudioGraph(capture_intermediates=True)
        graph.add_processor("swap", Bare())
        graph.add_processor("smooth", OnePole())
        graph.add_processor("filt", Module("svf"))
        graph.connect("input.0", "swap.0")
        graph.connect("input.1", "swap.1")
        graph.connect("swap.1", "smooth")
        graph.connect("smooth", "filt")
        graph.connect("filt.low", "output.0")
        graph.connect("swap.0", "output.1")
        two = np.stack([SIGNAL, np.roll(SIGNAL, 3)])
        whole = graph.process(two)
        self.assertTrue(equal([whole[1]], [two[1]]))
        for chunk in CHUNKS:
            self.assertTrue(equal(graph.process(two, chunk_size=chunk), whole))
        self.assertTrue(equal([graph.get_captured_signal("swap", 1)], [SIGNAL]))

    def test_lost_state_shows(self):
        graph = AudioGraph()
        graph.add_processor("bad", OnePole(forgets=True))
        self.assertFalse(np.array_equal(graph.process_serial(SIGNAL, chunk_size=100), graph.process_serial(SIGNAL)))

    def test_sources_and_passes(self):
        graph = AudioGraph()
        graph.add_processor("ramp", Ramp())
        graph.add_processor("half", Module("gain", amp=0.5))
        graph.connect("ramp", "half")
        (out,) = graph.process(frames=100, chunk_size=9)
        np.testing.assert_array_equal(out, np.arange(100) / 2)
        (more,) = graph.process(frames=10, keep_state=True)
        np.testing.assert_array_equal(more, np.arange(100, 110) / 2)
        (again,) = graph.process(frames=10)
        np.testing.assert_array_equal(again, np.arange(10) / 2)
        np.testing.assert_array_equal(graph.process_serial(frames=10), np.arange(10) / 2)
        graph.remove_processor("ramp")
        self.assertEqual((list(graph.processors), graph.cables), (["half"], ()))

    def test_channels_find_each_other(self):
        def pairs(a, b):
            graph = AudioGraph()
            if a != "input":
                graph.add_processor("a", a if not isinstance(a, str) else Module(a))
            if b != "output":
                graph.add_processor("b", b if not isinstance(b, str) else Module(b))
            graph.connect("input" if a == "input" else "a", "output" if b == "output" else "b")
            return [(c.channel, c.to_port) for c in graph.cables]

        self.assertEqual(pairs("svf", "gain"), [(0, 0)])
        self.assertEqual(pairs("chorus", "reverb"), [(0, 1), (1, 2)])
        self.assertEqual(pairs("pan", "gain"), [(2, 0)])
        self.assertEqual(pairs("noise", "delay"), [(0, 0)])
        self.assertEqual(pairs("osc3", "output"), [(1, 0), (2, 1)])
        self.assertEqual(pairs("svf", "output"), [(0, 0)])
        self.assertEqual(pairs("input", "svf"), [(0, 0)])
        self.assertEqual(pairs("input", Bare()), [(0, 0), (1, 1)])
        self.assertEqual(pairs(Bare(), Bare()), [(0, 0), (1, 1)])
        self.assertEqual(pairs("pan", Bare()), [(0, 0), (1, 1)])
        self.assertRaises(BadValueError, pairs, "noise", Bare())
        self.assertRaises(BadValueError, pairs, Bare(), "gain")
        self.assertRaises(BadValueError, pairs, "noise", "note")

    def test_a_patch_stands_in_a_graph(self):
        keys = Patch.load(EXAMPLES / "keys.json")
        score = [(0, "C4"), (0.1, "E4"), {"at": 0.2, "knob": "cutoff", "value": 0.9},
                 {"at": 0.25, "ops": [{"op": "set", "id": "filt", "param": "res", "value": 0.9}]}]
        alone = keys.render(0.5, score)
        graph = AudioGraph()
        graph.add_processor("keys", PatchProcessor(keys, notes=score))
        for chunk in (None, 1000, 77):
            self.assertTrue(equal(graph.process(frames=24000, chunk_size=chunk), list(np.asarray(alone))), chunk)
        graph.processors["keys"].set_param("cutoff", 0.1)
        self.assertAlmostEqual(graph.processors["keys"].get_param("cutoff"), 0.1, places=6)
        self.assertFalse(equal(graph.process(frames=24000), list(np.asarray(alone))))
        through = {"nodes": {"in": {"type": "input"}, "out": {"type": "output"}},
                   "connections": [{"from": ["in", "out"], "to": ["out", "in"]}]}
        late = AudioGraph()
        wire = late.add_processor("wire", PatchProcessor(through))
        for chunk in (None, 1, 65):
            left, right = late.process(SIGNAL, chunk_size=chunk)
            self.assertTrue(equal([left[wire.latency:]], [SIGNAL[:-wire.latency]]) and wire.latency == 64)

    def test_loops_are_named(self):
        graph = AudioGraph()
        for name in ("a", "b", "c"):
            graph.add_processor(name, Module("gain"))
        graph.connect("a", "b")
        graph.connect("b", "c")
        before = graph.cables
        for source, to, way in (("c", "a", "c -> a -> b -> c"), ("c", "b", "c -> b -> c"), ("b", "b", "b -> b"),
                                ("c", "a.amp", "c -> a -> b -> c")):
            with self.assertRaises(OfflineError) as caught:
                graph.connect(source, to)
            self.assertEqual(caught.exception.code, "cycle")
            self.assertIn(way, caught.exception.message)
            self.assertIn("z1", caught.exception.hint)
        self.assertEqual(graph.cables, before)

    def test_what_is_wrong_is_said(self):
        graph = AudioGraph()
        graph.add_processor("gain", Module("gain"))
        graph.add_processor("filter", Module("svf"))
        wrong = Bare()
        graph.add_processor("wrong", wrong)
        alone = AudioGraph()
        alone.add_processor("gain", Module("gain"))
        cases = [
            (lambda: graph.connect("gian", "filter"), "not-found", "gain"),
            (lambda: graph.connect("gain", "filter.frek"), "not-found", "freq"),
            (lambda: graph.connect("filter.lo", "gain"), "not-found", "low"),
            (lambda: graph.connect("filter.7", "gain"), "not-found", "low"),
            (lambda: graph.connect("output", "gain"), "bad-value", "input"),
            (lambda: graph.connect("input.x", "gain"), "not-found", "0"),
            (lambda: graph.add_processor("gain", Module("gain")), "duplicate", ""),
            (lambda: graph.add_processor("again", graph.processors["gain"]), "duplicate", "another"),
            (lambda: graph.add_processor("input", Module("gain")), "bad-value", "graph"),
            (lambda: graph.add_processor("x", object()), "bad-type", "init"),
            (lambda: graph.process(SIGNAL), "missing", "says which"),
            (lambda: alone.process_serial(SIGNAL, chunk_size=0), "bad-value", "all at once"),
            (lambda: graph.get_captured_signal("gain"), "missing", "capture_intermediates"),
        ]
        for i, (action, code, hint) in enumerate(cases):
            with self.assertRaises(OfflineError, msg=f"case {i}") as caught:
                action()
            self.assertEqual(caught.exception.code, code, f"case {i}: {caught.exception}")
            self.assertIn(hint, caught.exception.hint, f"case {i}: {caught.exception}")
        alone.remove_processor("gain")
        alone.add_processor("wrong", wrong)
        for made, words in (([SIGNAL], "1 signals"), (None, "NoneType"), ([SIGNAL[:3]] * 2, "3 frames"),
                            ([SIGNAL * np.nan] * 2, "nan"), ([SIGNAL.astype(int)] * 2, "int64")):
            wrong.process = lambda inputs, made=made: made
            with self.assertRaises(BadValueError) as caught:
                alone.process([SIGNAL, SIGNAL])
            self.assertIn(words, str(caught.exception))
            self.assertTrue(caught.exception.path.startswith("wrong"))
        captured = AudioGraph(capture_intermediates=True)
        captured.add_processor("g", Module("gain"))
        self.assertRaises(OfflineError, captured.get_captured_signal, "g")
        captured.process(SIGNAL)
        self.assertRaises(NotFoundError, captured.get_captured_signal, "h")
        self.assertRaises(NotFoundError, captured.get_captured_signal, "g", 1)

    def test_nobody_changes_anothers_signal(self):
        class Vandal(OnePole):
            def process(self, inputs):
                inputs[0][:] = 7
                return [inputs[0]]

        graph = AudioGraph(capture_intermediates=True)
        graph.add_processor("src", Module("gain"))
        graph.add_processor("vandal", Vandal())
        graph.connect("src", "vandal")
        kept = SIGNAL.copy()
        graph.process(SIGNAL)
        self.assertTrue(equal([graph.get_captured_signal("src"), SIGNAL], [kept, kept]))


class RandomGraphs(unittest.TestCase):
    def graph_and_patch(self, seed):
        """The same modules, values and cables as both."""
        rng = random.Random(seed)
        usable = [t for t in modules if t not in ("note", "input", "output", "bus.in", "bus.out", "feedback")]
        types = {f"n{i}": rng.choice(usable) for i in range(rng.randint(2, 12))}
        types["n0"] = rng.choice(["osc.saw", "osc3", "noise"])
        params = {name: random_params(type, rng) for name, type in types.items()}
        graph = AudioGraph(48000, capture_intermediates=True)
        for name, type in types.items():
            graph.add_processor(name, Module(type, **params[name]))
        cables, names = {}, list(types)
        for i, name in enumerate(names[1:], 1):
            # an engine crossfades a choice that a cable moves, a module alone switches at once
            ports = graph.processors[name].input_names + [p.name for p in modules[types[name]].params.values() if not p.choices]
            if not ports:
                continue
            for _ in range(rng.randint(1, 4)):
                source = rng.choice(names[:i])
                end = (source, rng.choice(graph.processors[source].output_names)), (name, rng.choice(ports))
                cables[end] = rng.choice([1, 1, 0.5, -0.3, 3])
        for (source, to), amount in cables.items():
            graph.connect(source, to, amount)
        graph.connect((names[-1], 0), "output")
        document = {"nodes": {name: {"type": types[name], "params": params[name]} for name in names},
                    "connections": [{"from": source, "to": to, "amount": amount} for (source, to), amount in cables.items()]}
        return graph, Patch(document)

    def test_equal_to_patches_at_any_chunk_size(self):
        rng, compared, loud = random.Random(1), 0, 0
        for seed in range(60):
            graph, patch = self.graph_and_patch(seed)
            try:
                graph.process(frames=FRAMES, chunk_size=rng.choice([None, 64, 333, 17]))
            except BadValueError as error:
                self.assertIn("inf", str(error).replace("nan", "inf"))
                continue
            engine = Engine(patch)
            taps = {(n, c): engine.tap((n, c)) for n, p in graph.processors.items() for c in p.output_names}
            engine.render(FRAMES)
            for (name, channel), tap in taps.items():
                ours = graph.get_captured_signal(name, channel)
                self.assertTrue(equal([ours], [tap.signal]), f"seed {seed}: {name}.{channel} of {graph.processors[name]}")
                compared, loud = compared + 1, loud + bool(ours.any())
        print(f"60 random graphs and the same patches: {compared} outputs, {loud} not silent, the same bits")
        self.assertGreater(loud, 300)


class Speed(unittest.TestCase):
    def test_figures(self):
        """Printed, not held to: the machine may be busy."""
        graph = AudioGraph()
        for i in range(8):
            graph.add_processor(f"f{i}", Module("svf"))
        signal = np.resize(SIGNAL, 48000)
        patch = {"nodes": {"in": {"type": "input"}, "out": {"type": "output"},
                           **{f"f{i}": {"type": "svf"} for i in range(8)}}, "connections": []}
        way = ["in.out", *(f"f{i}.low" for i in range(8))]
        patch["connections"] = [{"from": a.split("."), "to": [f"f{i}" if i < 8 else "out", "in"]}
                                for i, a in enumerate(way)]
        engine = Engine(patch, inputs=1)

        def best(action):
            times = []
            for _ in range(3):
                begin = time.perf_counter()
                action()
                times.append(time.perf_counter() - begin)
            return min(times)

        native = best(lambda: engine.render(48000, signal))
        print(f"8 svf in series, 1 s: one engine {native * 1e3:.1f} ms")
        for chunk in (48000, 512, 64):
            spent = best(lambda: graph.process_serial(signal, chunk_size=chunk))
            each = (spent - native) / (48000 / chunk) / 8
            print(f"  AudioGraph, chunks of {chunk}: {spent * 1e3:.1f} ms, {spent / native:.1f} times that,"
                  f" {each * 1e6:.1f} us more a processor and chunk")


if __name__ == "__main__":
    unittest.main()
