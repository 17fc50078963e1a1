#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cli_test -- runs every command of `megasynth`, on the examples and on what is wrong.

    tests/integration/cli_test.py PROGRAM [unittest arguments]

Needs nothing but Python's own library.
"""
import json
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import wave

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOY = ROOT + "/examples/toy.json"
KEYS = ROOT + "/examples/keys.json"
PROGRAM = ""

# A voice that ends, knobs, parameters with choices, a delay after the voices.
PLUCK = {
    "name": "pluck", "voices": 4,
    "knobs": {"cutoff": {"value": 0.5, "range": [100, 8000], "scale": "exp"}, "level": {"value": 0.25, "range": [0, 1]}},
    "nodes": {
        "note": {"type": "note"}, "saw": {"type": "osc.saw"}, "filt": {"type": "svf"},
        "env": {"type": "env", "params": {"attack": 0.002, "decay": 0.1, "sustain": 0.5, "release": 0.05}},
        "vca": {"type": "gain"}, "out": {"type": "output"},
    },
    "connections": [
        {"from": ["note", "freq"], "to": ["saw", "freq"]}, {"from": ["note", "gate"], "to": ["env", "gate"]},
        {"from": ["saw", "out"], "to": ["filt", "in"]}, {"from": "cutoff", "to": ["filt", "freq"]},
        {"from": ["env", "out"], "to": ["filt", "freq"], "amount": 2, "as": "octaves"},
        {"from": ["filt", "low"], "to": ["vca", "in"]}, {"from": ["env", "out"], "to": ["vca", "amp"]},
        {"from": "level", "to": ["env", "amp"]}, {"from": ["vca", "out"], "to": ["out", "in"]},
    ],
}
SCORE = [
    {"at": 0.0, "note": 48, "velocity": 0.9, "length": 0.3}, {"at": 0.1, "note": "E4", "length": 0.2},
    {"at": 0.1003, "note": 67.5}, {"at": 0.2, "note": 72, "length": 0.1}, {"at": 0.21, "note": 76, "length": 0.1},
    {"at": 0.22, "note": 79, "length": 0.1},  # more than the voices: one is stolen
    {"at": 0.15, "knob": "cutoff", "value": 0.9}, {"at": 0.2, "param": ["filt", "res"], "value": 0.8, "ramp_ms": 100},
    {"at": 0.3, "param": ["env", "release"], "value": 0.01},
]


def run(*arguments, stdin=b"", **environment):
    """Runs the program. Returns its exit code, standard output (bytes) and errors (text)."""
    done = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=120,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr.decode()


def isas():
    return [isa for isa in ("one", "v2", "v3", "v4", "neon")
            if run("render", TOY, "--seconds", "0.01", "--hash", MEGASYNTH_ISA=isa)[0] == 0]


class Cli(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.pluck = self.file("pluck.json", PLUCK)
        self.score = self.file("score.json", SCORE)

    def tearDown(self):
        left = [name for name in os.listdir(self.folder.name) if ".part-" in name]
        self.folder.cleanup()
        self.assertEqual(left, [], "files half written were left")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def file(self, name, content):
        with open(self.path(name), "w") as out:
            out.write(content if isinstance(content, str) else json.dumps(content))
        return self.path(name)

    def good(self, *arguments, **environment):
        code, out, errors = run(*arguments, **environment)
        self.assertEqual(code, 0, f"{arguments}\n{errors}")
        return out.decode(errors="replace"), errors

    def bad(self, code, says, *arguments, **environment):
        got, out, errors = run(*arguments, **environment)
        self.assertEqual(got, code, f"{arguments}\n{errors}")
        self.assertIn(says, errors)
        self.assertNotIn("\nmegasynth: megasynth:", errors)
        return out, errors

    def hash(self, *arguments, **environment):
        out, _ = self.good("render", *arguments, "--hash", "--quiet", **environment)
        self.assertRegex(out, r"\A[0-9a-f]{16}\n\Z")
        return out.strip()


class Help(Cli):
    def test_help_leads_with_examples(self):
        code, out, errors = run()
        self.assertEqual((code, out), (2, b""))
        self.assertIn("megasynth render", errors)
        overview = self.good("--help")[0]
        self.assertEqual(overview, errors)
        commands = re.findall(r"^  (\w+) {2,}", overview[overview.index("usage:"):overview.index("Exit status")], re.M)
        self.assertEqual(commands, ["render", "check", "modules", "disasm", "convert", "diff", "replay", "graph", "bench", "play", "load", "save",
                                    "edit", "connect", "disconnect", "undo", "redo", "set", "knob", "note", "panic", "synth",
                                    "record", "send", "watch", "status", "top", "quit", "doctor"])
        for command in commands:
            text = self.good(command, "--help")[0]
            self.assertLess(text.index("  megasynth " + command), text.index("usage: megasynth " + command))
            self.assertEqual(self.good("help", command)[0], text)
            self.assertEqual(self.good(command, "-h")[0], text)

    def test_help_has_every_operation(self):
        _, errors = self.bad(1, "operations: ", "render", TOY, "--hash", "--score",
                             self.file("s.json", [{"at": 0, "ops": [{"op": "?"}]}]))
        operations = errors[errors.index("operations: ") + 12:].split(", ")
        self.assertGreater(len(operations), 9)
        for operation in operations:
            self.assertRegex(self.good("diff", "--help")[0], rf"(?m)^  {operation.strip()} ")

    def test_score_that_is_not_json(self):
        self.bad(1, 'a score is a JSON list: [{"at": 0, "note": 60}', "render", TOY, "--score", __file__, "--hash")

    def test_version(self):
        self.assertRegex(self.good("--version")[0], r"\Amegasynth \d+\.\d+\.\d+\n\Z")

    def test_wrong_command_lines(self):
        for says, *arguments in [
            ("did you mean `render`?", "rendr", TOY), ("no such command: zzz", "zzz"),
            ("did you mean `--notes`?", "render", TOY, "--nots", "C4"), ("did you mean `--seconds`?", "render", TOY, "--secs", "3"),
            ("did you mean `--seconds`?", "render", TOY, "--length", "3"),
            ("no such option: -z", "render", TOY, "-z"),
            ("-o needs FILE", "render", TOY, "-o"), ("-x: name a command first", "-x", TOY),
            ("render needs PATCH", "render"), ("render needs PATCH", "render", "--hash"),
            ("unexpected `two`", "render", TOY, "two", "--hash"), ("no output; add -o", "render", TOY),
            ("--seconds needs S", "render", TOY, "--seconds"), ("--hash takes no argument", "render", TOY, "--hash=1"),
            ("`nan` is not a number", "render", TOY, "--hash", "--seconds", "nan"),
            ("0 is out of range", "render", TOY, "--hash", "--seconds", "0"),
            ("-1 is out of range", "render", TOY, "--hash", "--seconds", "-1"),
            ("`1x` is not a number", "render", TOY, "--hash", "--seconds", "1x"),
            ("`` is not a number", "render", TOY, "--hash", "--seconds", ""),
            ("7999 is out of range; it must be 8000..384000", "render", TOY, "--hash", "--rate", "7999"),
            ("not a whole number", "render", TOY, "--hash", "--rate", "48000.5"),
            ("0 is out of range; it must be 1..4096", "render", TOY, "--hash", "--voices", "0"),
            ("4097 is out of range; it must be 1..4096", "render", TOY, "--hash", "--voices", "4097"),
            ("0 is out of range; it must be 1..8192", "render", TOY, "--hash", "--block", "0"),
            ("is out of range", "render", TOY, "--hash", "--beat", "0"),
            ("unknown value `17`; use one of 16, 24, 32f", "render", TOY, "-o", "x.wav", "--bits", "17"),
            ("unknown value `mp3`; use one of wav, aiff, caf, flac", "render", TOY, "-o", "x.wav", "--format", "mp3"),
            ("*.wav", "render", TOY, "-o", "x.mp3"), ("FLAC has no float samples", "render", TOY, "-o", "x.flac", "--bits", "32f"),
            ("add -o OUT.wav", "render", TOY, "--hash", "--bits", "16"),
            ("both write to standard output", "render", TOY, "--hash", "-o", "-"),
            ("over 4 GiB", "render", TOY, "-o", "x.wav", "--seconds", "86400"),
            ("--set needs NAME=VALUE", "render", KEYS, "--hash", "--set", "cutoff"),
            ("2 is out of range; a knob is 0..1", "render", KEYS, "--hash", "--set", "cutoff=2"),
            ("did you mean `svf`?", "modules", "svff"), ("not both", "modules", "--json", "--markdown"),
            ("convert needs IN OUT", "convert", TOY), ("*.json, *.sexp or *.msgpack", "convert", TOY, "x.txt"),
            ("0 is out of range", "bench", TOY, "--voices", "0"), ("check needs PATCH", "check"),
        ]:
            with self.subTest(arguments):
                out, errors = self.bad(2, says, *arguments)
                self.assertEqual(out, b"")
                self.assertEqual(errors.count("\n"), 1, errors)
                self.assertTrue(errors.startswith("megasynth: "))
        self.assertFalse(os.path.exists("x.wav"))
        self.bad(2, "did you mean `cutoff`?", "render", self.pluck, "--hash", "--set", "cutof=1")
        self.bad(2, "MEGASYNTH_ISA", "render", TOY, "--hash", MEGASYNTH_ISA="v9")

    def test_files_that_are_not_there(self):
        for arguments in (["render", "nope.json", "--hash"], ["check", "nope.json"], ["check", self.folder.name],
                          ["disasm", "nope.json"], ["convert", "nope.json", "x.sexp"], ["graph", "nope.json"],
                          ["bench", "nope.json"], ["render", TOY, "-o", "/nowhere/at/all.wav"],
                          ["convert", TOY, "/nowhere/at/all.json"], ["check", __file__],
                          ["render", self.pluck, "--hash", "--score", "nope.json"]):
            with self.subTest(arguments):
                self.bad(3, "megasynth: ", *arguments)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_full_disk(self):
        for arguments in (["modules", "--json"], ["graph", TOY], ["render", TOY, "--hash"]):
            with open("/dev/full", "w") as full:
                done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 3, arguments)
            self.assertIn(b"standard output", done.stderr)


    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full here")
    def test_help_on_a_full_disk(self):
        server = os.path.join(os.path.dirname(PROGRAM), "megasynthd")
        for program, option in ((PROGRAM, "--help"), (PROGRAM, "--version"), (server, "--help"), (server, "--version")):
            if not os.path.exists(program): continue
            with open("/dev/full", "w") as full:
                done = subprocess.run([program, option], stdout=full, stderr=subprocess.PIPE)
            self.assertNotEqual(done.returncode, 0, (program, option))
            self.assertIn(b"standard output", done.stderr)


class Readings(Cli):
    """What somebody types who has not read the help: it means what it seems to mean, or the message says what would."""

    def test_output_as_an_operand(self):
        self.good("render", TOY, self.path("toy.wav"), "--seconds", "0.1")
        self.assertGreater(os.path.getsize(self.path("toy.wav")), 1000)
        self.bad(2, "unexpected `", "render", TOY, self.path("a.wav"), self.path("b.wav"))
        self.bad(2, "unexpected `", "render", TOY, self.path("a.wav"), "-o", self.path("b.wav"))

    def test_no_sound_into_a_terminal(self):
        main, terminal = os.openpty()
        done = subprocess.run([PROGRAM, "render", TOY, "-o", "-", "--seconds", "0.1"], stdout=terminal, stderr=subprocess.PIPE)
        os.close(terminal)
        os.close(main)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"| aplay", done.stderr)
        self.assertTrue(run("render", TOY, "-o", "-", "--seconds", "0.1")[1].startswith(b"RIFF"))

    def test_set_of_parameters(self):
        plain, turned = self.hash(self.pluck), self.hash(self.pluck, "--set", "filt.res=0.5")
        self.assertNotEqual(plain, turned)
        self.assertEqual(self.hash(self.pluck, "--set", "env.decay=0.1"), plain, "as it is written already")
        self.assertEqual(self.hash(self.pluck, "--set", "env.retrigger=zero"), self.hash(self.pluck, "--set", "env.retrigger=0"))
        for says, setting in (("did you mean `res`", "filt.rez=0.5"), ("is outside", "filt.freq=1e9"), ("filx", "filx.res=1"),
                              ("did you mean `filt.res`", "res=0.5"), ("for a parameter write NODE.freq=500", "freq=500"),
                              ("is out of range; a knob is 0..1", "cutoff=500"), ("filt.freq=x", "filt.freq=x")):
            _, errors = self.bad(2, says, "render", self.pluck, "--hash", "--set", setting)
            self.assertEqual(errors.count("\n"), 1, errors)

    def test_check_of_several(self):
        wrong = self.file("wrong.json", {"nodes": {"a": {"type": "gian"}}})
        out, _ = self.good("check", TOY, KEYS)
        self.assertEqual([line.split(": ")[1].split(":")[0] for line in out.splitlines()], ["good", "good"])
        code, out, _ = run("check", TOY, wrong, KEYS)
        self.assertEqual((code, out.count(b"good")), (1, 2))
        self.assertEqual(run("check", wrong, "nowhere.json")[0], 3)
        found = json.loads(run("check", TOY, wrong, "--json")[1])
        self.assertEqual([one["ok"] for one in found], [True, False])

    def test_file_of_another_kind(self):
        score = os.path.join(os.path.dirname(KEYS), "demo_score.json")
        for command in (["check"], ["check", "--json"], ["graph"], ["render", "--hash"]):
            code, out, errors = run(*command, score)
            self.assertEqual(code, 1)
            self.assertIn(b"this is a score: `megasynth play PATCH --score FILE` plays it", out + errors.encode())
        operations = self.file("ops.json", [{"op": "remove", "id": "osc0"}])
        self.assertIn(b"operations of an edit: `megasynth edit FILE` applies them", run("check", operations)[1])
        self.bad(1, "this is a patch", "render", KEYS, "--hash", "--score", KEYS)

    def test_counts_of_one(self):
        one = {"knobs": {"k": {}}, "nodes": {"o": {"type": "osc.sine"}, "out": {"type": "output"}}, "voices": 1,
               "connections": [{"from": "k", "to": ["o", "amp"]}, {"from": ["o", "out"], "to": ["out", "in"]}]}
        out = self.good("check", self.file("one.json", one))[0]
        self.assertIn("2 nodes (0 per voice), 2 cables, 1 knob, 1 voice\n", out)

    def test_names_with_printed_signs(self):
        for typed, printed in (("C#4 Db4 F##3 Bbb2", "C♯4 D♭4 F♯♯3 B♭♭2"), ("F#3", "F♯3")):
            self.assertEqual(self.hash(self.pluck, "--notes", typed), self.hash(self.pluck, "--notes", printed))
        self.bad(2, "is not a note", "render", self.pluck, "--hash", "--notes", "C♯♯♯4")

    def test_byte_order_mark(self):
        self.good("convert", self.pluck, self.path("p.sexp"))
        plain = self.hash(self.pluck, "--score", self.score)
        for name in ("pluck.json", "p.sexp", "score.json"):
            with open(self.path(name)) as file: text = file.read()
            self.file(name, "\ufeff" + text)
        for patch in (self.pluck, self.path("p.sexp")): self.assertEqual(self.hash(patch, "--score", self.score), plain)

    def test_what_documents_cannot_say(self):
        document = json.loads(json.dumps(PLUCK))
        document.update(sampleRate=44100, channels=4)
        out = self.good("check", self.file("d.json", document))[0]
        self.assertEqual(out.count("warning: "), 2)
        self.assertIn("sampleRate: the rate is no part of a patch", out)
        document["nodes"]["filt"]["params"] = {"freq": True}
        self.assertIn("nodes.filt.params.freq: must be a number, not a boolean",
                      run("check", self.file("d.json", document))[1].decode())
        document["nodes"]["filt"]["params"] = {"freq": 1e-9, "res": 99}
        out = run("check", self.file("d.json", document))[1].decode()
        self.assertNotRegex(out, r"\d\.\d{8}")


class Interrupts(Cli):
    """tearDown looks for files half written."""

    def long_render(self):
        process = subprocess.Popen([PROGRAM, "render", TOY, "-o", self.path("long.wav"), "--seconds", "8000"],
                                   stderr=subprocess.PIPE)
        began = time.monotonic()
        while not any(".part-" in name for name in os.listdir(self.folder.name)):
            self.assertLess(time.monotonic() - began, 60)
            time.sleep(0.005)
        return process

    def test_signals(self):
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE):
            process = self.long_render()
            process.send_signal(number)
            process.communicate(timeout=60)
            self.assertNotEqual(process.returncode, 0)
            self.assertEqual([name for name in os.listdir(self.folder.name) if name.startswith("long")], [], number)

    def test_two_at_once(self):
        process = self.long_render()
        for _ in range(2): process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)


class Render(Cli):
    def test_hash_is_one(self):
        """Instruction sets, block sizes, spellings: one hash."""
        forms = [self.pluck, self.path("pluck.sexp"), self.path("pluck.msgpack"), self.path("again.json")]
        for before, after in zip(forms, forms[1:]):
            self.good("convert", before, after)
        hashes = {}
        for isa in isas():
            hashes[isa] = self.hash(self.pluck, "--score", self.score, MEGASYNTH_ISA=isa)
        for block in ("1", "17", "64", "512", "8192"):
            hashes["block " + block] = self.hash(self.pluck, "--score", self.score, "--block", block)
        for form in forms:
            hashes[form] = self.hash(form, "--score", self.score)
        print("pluck:", len(hashes), "ways,", *set(hashes.values()))
        self.assertEqual(len(set(hashes.values())), 1, hashes)
        for other in (["--set", "cutoff=0.51"], ["--voices", "3"], ["--rate", "44100"], ["--notes", "C4"]):
            self.assertNotEqual(self.hash(self.pluck, "--score", self.score, *other), hashes[forms[0]], other)

    def test_examples(self):
        for name in sorted(os.listdir(ROOT + "/examples")):
            if not name.endswith((".json", ".sexp")) or "score" in name:
                continue
            path = ROOT + "/examples/" + name
            with self.subTest(name):
                self.good("check", path)
                hashes = {self.hash(path, "--notes", "C4 E4+G4", "--beat", "0.1", "--block", block)
                          for block in ("17", "512")}
                for ending in ("json", "sexp", "msgpack"):
                    self.good("convert", path, self.path("copy." + ending))
                    hashes.add(self.hash(self.path("copy." + ending), "--notes", "C4 E4+G4", "--beat", "0.1"))
                self.assertEqual(len(hashes), 1)

    def test_example_scores(self):
        for name in ("demo_score.json", "rewire_score.json"):
            out, errors = self.good("render", KEYS, "--score", f"{ROOT}/examples/{name}", "--hash")
            self.assertRegex(errors, r"\A\S+keys\.json: 2\d\.\d+ s, peak -[1-9]\.\d dBFS")  # and no warning

    def test_float_file_is_what_was_hashed(self):
        wav = self.path("x.wav")
        out, errors = self.good("render", self.pluck, "--notes", "C4", "-o", wav, "--hash")
        self.assertRegex(errors, r"x\.wav: \d+\.\d+ s, peak -\d+\.\d dBFS, \d+ x real time\n")
        with open(wav, "rb") as file:
            data = file.read()
        at, chunks = 12, {}
        while at + 8 <= len(data):
            size = struct.unpack("<I", data[at + 4:at + 8])[0]
            chunks[data[at:at + 4]] = data[at + 8:at + 8 + size]
            at += 8 + size + size % 2
        self.assertEqual(struct.unpack("<HHIIHH", chunks[b"fmt "][:16]), (3, 2, 48000, 384000, 8, 32))
        self.assertNotIn(b"PEAK", chunks)  # which would hold the time of day
        hashed = 0xcbf29ce484222325
        for byte in chunks[b"data"]:
            hashed = (hashed ^ byte) * 0x100000001b3 % 2**64
        self.assertEqual(out, f"{hashed:016x}\n")
        self.assertEqual(run("render", self.pluck, "--notes", "C4", "-o", "-")[1], data)

    def test_integer_files(self):
        for bits, step in (("16", 2.0**-15), ("24", 2.0**-23)):
            wav = self.path(bits + ".wav")
            self.good("render", TOY, "--seconds", "0.25", "--rate", "44100", "--bits", bits, "-o", wav)
            with wave.open(wav) as file:
                self.assertEqual((file.getnchannels(), file.getframerate(), file.getnframes(), file.getsampwidth()),
                                 (2, 44100, 11025, int(bits) // 8))
                data = file.readframes(11025)
            width = int(bits) // 8
            got = [int.from_bytes(data[i:i + width], "little", signed=True) * step for i in range(0, len(data), width)]
            self.good("render", TOY, "--seconds", "0.25", "--rate", "44100", "-o", self.path("f.caf"))
            with open(self.path("f.caf"), "rb") as file:
                data = file.read()
            at = data.index(b"data") + 16
            exact = struct.unpack(f"<{len(got)}f" if data[51] & 2 else f">{len(got)}f", data[at:at + 4 * len(got)])
            errors = [(a - b) / step for a, b in zip(got, exact)]
            mean = sum(errors) / len(errors)
            power = sum(e * e for e in errors) / len(errors)
            print(f"{bits} bits: error at most {max(map(abs, errors)):.3f} steps, mean {mean:.4f}, power {power:.4f}")
            self.assertLessEqual(max(map(abs, errors)), 1.5)  # a step of noise either way, and rounding
            self.assertLess(abs(mean), 0.02)
            self.assertAlmostEqual(power, 0.25, delta=0.01)  # TPDF: 1/6 + 1/12

    def test_channels(self):
        count = 8
        nodes = {f"o{n}": {"type": "output", "params": {"first": n + 1, "channels": 1}} for n in range(count)}
        nodes |= {f"s{n}": {"type": "osc.sine", "params": {"freq": 500 * (n + 1)}} for n in range(count)}
        cables = [{"from": [f"s{n}", "out"], "to": [f"o{n}", "in"]} for n in range(count)]
        patch, wav = self.file("eight.json", {"nodes": nodes, "connections": cables}), self.path("eight.wav")
        self.good("render", patch, "--seconds", "0.5", "--channels", str(count), "--bits", "16", "-o", wav)
        with wave.open(wav) as file:
            self.assertEqual((file.getnchannels(), file.getnframes()), (count, 24000))
            values = struct.unpack(f"<{24000 * count}h", file.readframes(24000))
        for n in range(count):
            channel = values[n::count]
            rises = sum(a < 0 <= b for a, b in zip(channel, channel[1:]))
            self.assertAlmostEqual(rises, 250 * (n + 1), delta=1)
        self.assertNotEqual(self.hash(patch, "--seconds", "0.5", "--channels", "8"), self.hash(patch, "--seconds", "0.5"))
        self.bad(2, "FLAC has at most 8 channels", "render", patch, "--channels", "9", "-o", self.path("x.flac"))

    def test_standard_output_is_the_file(self):
        """Every kind of it, headers too; 301 frames of an odd number of bytes want a byte more."""
        kinds = [(f, b, c) for f in ("wav", "aiff", "caf", "flac") for b in ("16", "24", "32f") for c in ("1", "2", "3")
                 if (f, b) != ("flac", "32f")]
        for kind, bits, channels in kinds:
            for length in (["--seconds", "0.03763", "--rate", "8000"], ["--seconds", "1"], ["--notes", "C4"]):
                options = [self.pluck, "--format", kind, "--bits", bits, "--channels", channels, *length]
                with self.subTest(options):
                    self.good("render", *options, "-o", self.path("file"))
                    with open(self.path("file"), "rb") as file: data = file.read()
                    code, out, errors = run("render", *options, "-o", "-", "--quiet")
                    self.assertEqual((code, errors), (0, ""))
                    self.assertEqual(out, data)

    def test_standard_output_as_it_is_rendered(self):
        """Of a known length, no file holds it meanwhile: none can be written here."""
        for kind in ("wav", "aiff", "caf"):
            done = subprocess.run([PROGRAM, "render", TOY, "--quiet", "--format", kind, "--seconds", "1", "-o", "-"], capture_output=True,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertGreater(len(done.stdout), 384000)
        with open("/dev/full", "wb") as full:
            for options in ([], ["--seconds", "0.01"], ["--format", "flac"]):
                done = subprocess.run([PROGRAM, "render", TOY, "-o", "-", *options], stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 3)
                self.assertIn(b"No space left", done.stderr)

    def test_no_channel_count_splits_a_frame(self):
        for channels in ("3", "5", "64"):
            self.good("render", self.pluck, "--channels", channels, "--seconds", "1", "--block", "8192", "-o", self.path("x.wav"))
            self.assertGreater(os.path.getsize(self.path("x.wav")), 4 * 48000 * int(channels))

    def test_formats(self):
        for name, options, starts in [
            ("a.aiff", [], b"FORM"), ("a.aif", ["--bits", "24"], b"FORM"), ("a.caf", [], b"caff"), ("a.flac", [], b"fLaC"),
            ("b.flac", ["--bits", "16"], b"fLaC"), ("noending", [], b"RIFF"), ("c.xyz", ["--format", "flac"], b"fLaC"),
            ("d.WAV", [], b"RIFF"),
        ]:
            self.good("render", TOY, "--seconds", "0.1", "-o", self.path(name), *options)
            with open(self.path(name), "rb") as file:
                self.assertEqual(file.read(4), starts, name)

    def test_length(self):
        def seconds(*arguments):
            return float(re.search(r": (\d+\.\d+) s, ", self.good("render", *arguments, "--hash")[1])[1])
        self.assertEqual(seconds(TOY), 5)  # a drone
        self.assertEqual(seconds(TOY, "--seconds", "0.125"), 0.125)
        one = seconds(self.pluck, "--notes", "C4", "--beat", "0.2")
        self.assertGreater(one, 0.18 + 0.25)
        self.assertLess(one, 0.18 + 0.25 + 0.5)
        self.assertAlmostEqual(seconds(self.pluck, "--notes", "- - C4", "--beat", "0.2"), one + 0.4, delta=0.02)
        lengths = {self.good("render", self.pluck, "--notes", "C4", "--hash", "--block", b)[1].split()[1]
                   for b in ("1", "100", "8192")}
        self.assertEqual(len(lengths), 1)

    def test_what_is_said(self):
        self.assertIn("playing one C4", self.good("render", self.pluck, "--hash")[1])
        self.assertIn("no `note` node", self.good("render", TOY, "--notes", "C4", "--seconds", "0.1", "--hash")[1])
        self.assertEqual(self.good("render", TOY, "--notes", "C4", "--seconds", "0.1", "--hash", "--quiet")[1], "")
        loud = dict(PLUCK, knobs=dict(PLUCK["knobs"], level={"value": 1, "range": [0, 1]}))
        loud["connections"] = [dict(c, amount=4) if c["to"] == ["vca", "in"] else c for c in PLUCK["connections"]]
        path = self.file("loud.json", loud)
        self.assertRegex(self.good("render", path, "--notes", "C4", "--bits", "16", "-o", self.path("l.wav"))[1],
                         r"warning: \d+ samples exceeded full scale and were clipped")
        self.assertIn("stolen", self.good("render", self.pluck, "--voices", "1", "--notes", "C4+E4", "--hash")[1])

    def test_notes(self):
        same = [self.hash(self.pluck, "--notes", notes) for notes in ("C4 - Bb3+F#2", "60 - 58+42", " c4  -\tA#3+Gb2 ")]
        self.assertEqual(len(set(same)), 1)
        for notes in ("H4", "", "C", "128", "C4+", "C4 C4- E4"):
            _, errors = self.bad(2, "--notes", "render", self.pluck, "--hash", "--quiet", "--notes", notes)
            self.assertEqual(errors.count("\n"), 1, errors)

    def test_score_equals_notes(self):
        score = self.file("s.json", [{"at": 0.5, "note": 64, "length": 0.45}, {"at": 0, "note": 60, "length": 0.45}])
        self.assertEqual(self.hash(self.pluck, "--score", score), self.hash(self.pluck, "--notes", "C4 E4"))

    def test_many_events(self):
        """More than any ring holds: none is lost or late, whatever the block size."""
        score = self.file("s.json", [{"at": i / 20000, "knob": "cutoff", "value": i % 100 / 100} for i in range(20000)]
                          + [{"at": i / 500, "note": 40 + i % 50, "length": 0.01} for i in range(500)])
        hashes = set()
        for block in ("64", "1000", "8192"):
            out, errors = self.good("render", self.pluck, "--score", score, "--hash", "--block", block)
            self.assertNotIn("late", errors)
            hashes.add(out)
        self.assertEqual(len(hashes), 1)

    def test_bad_score(self):
        score = self.file("s.json", [
            {"at": 0, "note": 60}, {"at": -1, "note": 60}, {"at": 0, "knob": "cutof", "value": 1},
            {"at": 0, "param": ["fil", "res"], "value": 1}, {"at": 0, "param": ["filt", "rez"], "value": 1},
            {"at": 0, "param": ["filt", "freq"], "value": 1e9}, {"at": 0, "nose": 60}, 7,
        ])
        _, errors = self.bad(1, "", "render", self.pluck, "--score", score, "-o", self.path("never.wav"))
        expected = ["[1].at: -1 is out of range; it must be 0..86400", "[2].knob: no such knob: `cutof`; did you mean `cutoff`?",
                    "[3].param: no such node: `fil`; did you mean `filt`?",
                    "[4].param: no such parameter: `rez`; did you mean `res`?", "[5].param: 1e+09 is outside",
                    "[6]: must have one of `note`, `knob`, `param`, `preset`, `bend`, ", "[7]: must be an object"]
        expected = [expected[i] for i in (0, 5, 6, 1, 2, 3, 4)]  # what needs the patch comes last
        lines = errors.splitlines()
        self.assertEqual(len(lines), len(expected), errors)
        for line, text in zip(lines, expected):
            self.assertTrue(line.startswith(f"{score}:1: error: {text}"), line)
        self.assertFalse(os.path.exists(self.path("never.wav")))
        self.bad(1, "t.json:1:5: error: ", "render", self.pluck, "--hash", "--score", self.file("t.json", "[1, 2"))

    # All that can be played live, at once.
    EXPRESSIVE = [
        {"at": 0, "note": "C3", "length": 0.6, "id": "low"}, {"at": 0.05, "note": "G3", "length": 0.3, "id": 2},
        {"at": 0.1, "id": "low", "bend": 2}, {"at": 0.11, "id": 2, "pressure": 0.7}, {"at": 0.12, "id": 2, "timbre": 0.2},
        {"at": 0.13, "bend": -0.5}, {"at": 0.14, "pressure": 0.3}, {"at": 0.15, "timbre": 0.9}, {"at": 0.2, "sustain": True},
        {"at": 0.16, "param": ["filt", "res"], "id": "low", "value": 0.6, "ramp_ms": 50}, {"at": 0.25, "id": "low", "key": "E3"},
        {"at": 0.26, "id": "low", "velocity": 0.3}, {"at": 0.3, "knob": "cutoff", "value": 0.9, "ramp_ms": 100},
        {"at": 0.45, "preset": "dark", "morph_ms": 100}, {"at": 0.5, "sostenuto": 1}, {"at": 0.55, "sustain": 0},
        {"at": 0.6, "preset": "bright"}, {"at": 0.62, "sostenuto": False}, {"at": 0.7, "note": 60, "length": 5},
        {"at": 0.8, "panic": True}, {"at": 0.81, "note": 64, "length": 5}, {"at": 0.9, "all_off": True},
        {"at": 0.3301, "ops": [{"op": "set", "id": "env", "param": "release", "value": 0.2}]},
    ]

    def expressive(self):
        patch = json.loads(json.dumps(PLUCK))
        patch["presets"] = {"dark": {"knobs": {"cutoff": 0.1}}, "bright": {"knobs": {"cutoff": 1}, "params": {"filt": {"res": 0.7}}}}
        patch["connections"] += [{"from": ["note", port], "to": ["filt", "freq"], "as": "octaves"} for port in ("pressure", "timbre", "velocity")]
        return self.file("expressive.json", patch)

    def test_all_that_is_played_live(self):
        """Each kind of item changes the sound, and none depends on the size of blocks, the instruction set, the order of items."""
        patch = self.expressive()
        whole = self.hash(patch, "--score", self.file("s.json", self.EXPRESSIVE))
        for block in ("1", "17", "512", "8192"):
            self.assertEqual(self.hash(patch, "--score", self.path("s.json"), "--block", block), whole, block)
        for isa in isas(): self.assertEqual(self.hash(patch, "--score", self.path("s.json"), MEGASYNTH_ISA=isa), whole, isa)
        self.assertEqual(self.hash(patch, "--score", self.file("r.json", self.EXPRESSIVE[::-1])), whole)
        for i in range(2, len(self.EXPRESSIVE)):
            without = self.EXPRESSIVE[:i] + self.EXPRESSIVE[i + 1:]
            self.assertNotEqual(self.hash(patch, "--score", self.file("w.json", without)), whole, self.EXPRESSIVE[i])

    def test_expression_is_what_it_says(self):
        def of(*items): return self.hash(self.pluck, "--score", self.file("s.json", list(items)), "--seconds", "1")
        octave = of({"at": 0, "note": 60})
        self.assertEqual(of({"at": 0, "note": 48, "id": 1}, {"at": 0, "bend": 12, "id": 1}), octave)
        self.assertEqual(of({"at": 0, "note": 48, "id": "a"}, {"at": 0, "key": "C4", "id": "a"}), octave)
        self.assertEqual(of({"at": 0, "note": 48, "id": 1}, {"at": 0, "bend": 0, "id": 1}), of({"at": 0, "note": 48}))
        long = of({"at": 0, "note": 60, "length": 0.8})
        self.assertEqual(of({"at": 0, "sustain": 1}, {"at": 0, "note": 60, "length": 0.1}, {"at": 0.8, "sustain": 0}), long)
        self.assertEqual(of({"at": 0, "note": 60, "length": 3}, {"at": 0.8, "all_off": True}), long)
        # An id is of the last note that has begun with it.
        two = [{"at": 0, "note": 48, "id": 1, "length": 0.1}, {"at": 0.4, "note": 55, "id": 1}]
        self.assertEqual(of(*two, {"at": 0.4, "id": 1, "bend": 5}),
                         of(two[0], {"at": 0.4, "note": 60}))
        # A knob's ramp of no length is a step; silence after a panic.
        self.assertNotEqual(of({"at": 0, "note": 60}, {"at": 0.1, "knob": "cutoff", "value": 1, "ramp_ms": 300}),
                            of({"at": 0, "note": 60}, {"at": 0.1, "knob": "cutoff", "value": 1}))
        drone = {"nodes": {"o": {"type": "osc.sine"}, "out": {"type": "output"}}, "connections": [{"from": ["o", "out"], "to": ["out", "in"]}]}
        path = self.path("drone.wav")
        self.good("render", self.file("drone.json", drone), "-o", path, "--bits", "16", "--seconds", "1", "--score",
                  self.file("s.json", [{"at": 0.5, "panic": True}]))
        with wave.open(path) as file: frames = struct.unpack("<96000h", file.readframes(48000))
        self.assertGreater(max(frames[:40000]), 10000)

    def test_documentation(self):
        """docs/score.md has every kind of item and its keys, as the program knows them. (docs_test plays its examples.)"""
        with open(ROOT + "/docs/score.md") as file: text = file.read()
        rows = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in re.findall(r"^\| `(\w+)` \|([^|]*)\|", text, re.M)}
        _, errors = self.bad(1, "must have one of", "render", self.pluck, "--hash", "--score", self.file("s.json", [{}]))
        self.assertEqual(sorted(rows), sorted(re.findall(r"`(\w+)`", errors)))
        for kind, keys in rows.items():
            _, errors = self.bad(1, "", "render", self.pluck, "--hash", "--score",
                                 self.file("s.json", [{"at": 0, kind: None, **{key: None for key in keys}, "wrong-key": 0}]))
            self.assertEqual(re.findall(r'unknown key "([^"]*)"', errors), ["wrong-key"], errors)

    def test_seed(self):
        noise = {"nodes": {"n": {"type": "noise"}, "out": {"type": "output"}}, "connections": [{"from": ["n", "out"], "to": ["out", "in"]}]}
        path = self.file("noise.json", noise)
        hashes = [self.hash(path, "--seconds", "0.1", *seed) for seed in ([], ["--seed", "0"], ["--seed", "1"], ["--seed", "2"])]
        self.assertEqual(hashes[0], hashes[1])
        self.assertEqual(len(set(hashes)), 3)

    def test_bad_expressions(self):
        patch = self.expressive()
        for says, item in (("[1].bend: 3 is out of range; it must be -1..1", {"at": 0, "bend": 3}),
                           ("[1].bend: 128 is out of range; it must be -127..127", {"at": 0, "bend": 128, "id": "a"}),
                           ("[1].id: no note with this id has started by then", {"at": 0, "bend": 1, "id": "b"}),
                           ("[1].id: no note with this id has started by then", {"at": 0, "bend": 1, "id": 1}),
                           ("[1].id: must be a name", {"at": 0, "bend": 1, "id": 1.5}), ("[1].id: must be a name", {"at": 0, "note": 1, "id": ""}),
                           ("[1].preset: no such preset: `drak`; did you mean `dark`?", {"at": 0, "preset": "drak"}),
                           ("[1].morph_ms: -1000 is out of range", {"at": 0, "preset": "dark", "morph_ms": -1000}),
                           ("[1].sustain: must be a number", {"at": 0, "sustain": "down"}), ("[1].sustain: 2 is out", {"at": 0, "sustain": 2}),
                           ("[1].panic: must be true", {"at": 0, "panic": False}), ("[1].key: `id` is missing", {"at": 0, "key": 60}),
                           ("[1].ramp_ms: -1 is out of range", {"at": 0, "knob": "cutoff", "value": 1, "ramp_ms": -1}),
                           ("did you mean `morph_ms`?", {"at": 0, "preset": "dark", "morph_sm": 1}), ("[1]: must have one of", {"at": 0, "bend": 1, "timbre": 1}),
                           ("`out` is shared by all notes; remove `id`", {"at": 0, "param": ["out", "gain"], "id": "a", "value": 1}),
                           ("[1].key: \"H2\" is not a note", {"at": 0, "key": "H2", "id": "a"})):
            if item.get("param") and b"gain" not in run("modules", "output")[1]: continue
            score = self.file("s.json", [{"at": 0, "note": 60, "id": "a"}, item])
            _, errors = self.bad(1, says, "render", patch, "--score", score, "-o", self.path("never.wav"))
            self.assertTrue(errors.startswith(f"{score}:1: error: "), errors)

    def test_rewiring(self):
        """Edits in a score: whatever the block size, spelled in any order, in one file or several."""
        other = json.loads(json.dumps(PLUCK))
        other["nodes"]["room"] = {"type": "reverb"}
        other["connections"][-1:] = [{"from": ["vca", "out"], "to": ["room", "in"]}, {"from": ["room", "out"], "to": ["out", "in"]}]
        self.file("other.json", other)
        back = json.loads(self.good("diff", self.path("other.json"), self.pluck)[0])
        edits = SCORE + [
            {"at": 0.1202, "ops": [{"op": "add", "id": "lfo", "type": "lfo", "params": {"freq": 30}},
                                   {"op": "connect", "from": ["lfo", "out"], "to": ["filt", "freq"], "as": "octaves"}], "fade_ms": 20},
            {"at": 0.25, "param": ["lfo", "shape"], "value": "square"}, {"at": 0.26, "param": ["lfo", "freq"], "value": 12.5},
            {"at": 0.32, "load": "other.json", "fade_ms": 100}, {"at": 0.5, "ops": back},
        ]
        score = self.file("rewire.json", edits)
        hashes = {}
        for block in ("1", "17", "64", "500", "8192"):
            hashes[block] = self.hash(self.pluck, "--score", score, "--block", block)
        for isa in isas():
            hashes[isa] = self.hash(self.pluck, "--score", score, MEGASYNTH_ISA=isa)
        self.good("convert", self.path("other.json"), self.path("other.msgpack"))
        forms = {
            "reversed": list(reversed(edits[:9])) + edits[9:],  # but two notes of one frame: these as they were
            "absolute": [dict(item, load=self.path("other.json")) if "load" in item else item for item in edits],
            "msgpack": [dict(item, load="other.msgpack") if "load" in item else item for item in edits],
            "same block": [dict(item, at=0.12 if "ops" in item and item["at"] < 0.2 else item["at"]) for item in edits],
        }
        for form, items in forms.items():
            hashes[form] = self.hash(self.pluck, "--score", self.file("form.json", items))
        print("rewired:", len(hashes), "ways,", *set(hashes.values()))
        self.assertEqual(len(set(hashes.values())), 1, hashes)
        parts = [self.hash(self.pluck, "--score", self.file("part.json", edits[:count])) for count in range(9, 15)]
        self.assertEqual((len(set(parts)), parts[-1]), (6, hashes["64"]))  # each of them is heard
        # an edit at the very start is the edited patch
        first = self.file("first.json", [{"at": 0, "load": "other.json"}] + SCORE)
        self.assertEqual(self.hash(self.pluck, "--score", first, "--seconds", "1"),
                         self.hash(self.path("other.json"), "--score", self.score, "--seconds", "1"))

    def test_rewiring_and_length(self):
        """What comes in is waited for."""
        def seconds(score, patch):
            out = self.good("render", patch, "--hash", "--score", self.file("s.json", score))[1]
            return float(re.search(r": (\d+\.\d+) s, ", out)[1])
        echo = {"op": "add", "id": "echo", "type": "delay", "params": {"time": 1.5, "feedback": 0, "mix": 1}}
        through = [echo, {"op": "disconnect", "from": ["vca", "out"], "to": ["out", "in"]},
                   {"op": "connect", "from": ["vca", "out"], "to": ["echo", "in"]},
                   {"op": "connect", "from": ["echo", "out"], "to": ["out", "in"]}]
        note = {"at": 0.2, "note": 60, "length": 0.1}
        self.assertLess(seconds([note], self.pluck), 1.2)
        self.assertGreater(seconds([note, {"at": 0.1, "ops": through}], self.pluck), 1.7)
        drone = self.file("drone.json", {"nodes": {"o": {"type": "osc.sine"}, "out": {"type": "output"}},
                                         "connections": [{"from": ["o", "out"], "to": ["out", "in"]}]})
        self.assertAlmostEqual(seconds([note, {"at": 1, "load": "drone.json"}], self.pluck), 6, delta=0.01)
        self.assertLess(seconds([note, {"at": 1, "load": self.pluck}], drone), 2.5)
        self.assertIn("no `note` node", self.good("render", drone, "--hash", "--score", self.file("s.json", [note]))[1])

    def test_bad_rewiring(self):
        self.file("broken.json", '{\n "nodes": {"a": {"type": "svv"}}}\n')
        self.file("x.txt", "{}")
        score = self.file("s.json", """[
  {"at": 0.5, "ops": [{"op": "connect", "from": ["saw", "out"],
    "to": ["fil", "in"]}]},
  {"at": 0.4, "load": "broken.json"}, {"at": 0.4, "load": "nope.json"},
  {"at": 0.4, "load": "broken.json"}, {"at": 0.4, "load": "x.txt"},
  {"at": 0.4, "load": 7}, {"at": 0.4, "fade_ms": 2001, "load": "pluck.json"}
]""")
        def lines(score):
            out, errors = self.bad(1, "", "render", self.pluck, "--score", score, "-o", self.path("never.wav"))
            self.assertFalse(os.path.exists(self.path("never.wav")))
            return errors.replace(self.folder.name + "/", "").splitlines()
        self.assertEqual(lines(score), [
            "broken.json:2:18: error: nodes.a.type: no module is called `svv`; did you mean `svf`?",
            "s.json:4: error: [1].load: broken.json cannot be loaded",
            "s.json:4: error: [2].load: nope.json: No such file or directory",
            "s.json:5: error: [3].load: broken.json cannot be loaded",
            "s.json:5: error: [4].load: x.txt: unknown file name ending; name patches *.json, *.sexp or *.msgpack",
            "s.json:6: error: [5].load: must be the name of a patch file",
            "s.json:6: error: [6].fade_ms: 2001 is out of range; it must be 0..2000",
        ])
        with open(score) as file:
            text = file.read()
        self.assertEqual(lines(self.file("s.json", text[:text.index(",\n  {\"at\": 0.4")] + "]")), [
            "s.json:3:12: error: [0].ops[0].to[0]: no node has the id `fil`; did you mean `filt`?",
        ])

    def test_old_file_survives_failure(self):
        wav = self.path("x.wav")
        self.good("render", TOY, "--seconds", "0.1", "-o", wav)
        with open(wav, "rb") as file:
            before = file.read()
        self.bad(1, "error", "render", self.file("broken.json", "{"), "-o", wav)
        with open(wav, "rb") as file:
            self.assertEqual(file.read(), before)

    def test_interrupt_leaves_nothing(self):
        process = subprocess.Popen([PROGRAM, "render", TOY, "--seconds", "10000", "-o", self.path("x.wav")],
                                   stderr=subprocess.PIPE)
        while not os.listdir(self.folder.name) or not any(".part-" in n for n in os.listdir(self.folder.name)):
            self.assertIsNone(process.poll())
        process.terminate()
        self.assertEqual(process.wait(20), 130)
        process.stderr.close()
        self.assertFalse(os.path.exists(self.path("x.wav")))


class Patches(Cli):
    def test_check(self):
        out, errors = self.good("check", TOY)
        self.assertEqual((out, errors), (f"{TOY}: good: 3 nodes (0 per voice), 2 cables, 0 knobs, 8 voices\n", ""))
        report = json.loads(self.good("check", TOY, "--json")[0])
        self.assertEqual((report["ok"], report["errors"], report["diagnostics"]), (True, 0, []))
        broken = self.file("broken.json", '{\n "nodes": {\n  "a": {"type": "svv"},\n'
                           '  "b": {"type": "svf", "params": {"rez": 1}}\n }\n}\n')
        code, out, errors = run("check", broken)
        self.assertEqual((code, errors), (1, ""))
        text = out.decode()
        self.assertRegex(text, r"broken\.json:3:\d+: error: nodes\.a\.type: .*`svv`.*did you mean `svf`\?")
        self.assertRegex(text, r"broken\.json:4:\d+: error: nodes\.b\.params\.rez: .*did you mean `res`\?")
        self.assertRegex(text, r"broken\.json: 2 errors")
        code, out, errors = run("check", broken, "--json")
        report = json.loads(out)
        self.assertEqual((code, report["ok"], report["errors"]), (1, False, 2))
        self.assertEqual(report["diagnostics"][0]["line"], 3)
        self.assertEqual({"severity", "code", "path", "line", "column", "message", "hint"},
                         set(report["diagnostics"][0]))
        for command in ("render", "disasm", "graph", "bench"):
            options = ["--hash"] if command == "render" else []
            self.bad(1, "did you mean `svf`?", command, broken, *options)
        self.bad(1, "did you mean `svf`?", "convert", broken, self.path("x.sexp"))
        self.assertFalse(os.path.exists(self.path("x.sexp")))
        self.assertEqual(run("check", "-", stdin=json.dumps(PLUCK).encode())[0], 0)
        with open(ROOT + "/examples/toy.sexp", "rb") as file:
            self.assertEqual(run("check", "-", stdin=file.read())[0], 0)

    def test_convert_keeps_everything(self):
        forms = [self.pluck] + [self.path("p." + ending) for ending in ("sexp", "msgpack", "json")]
        forms[3] = self.path("q.json")
        for before, after in zip(forms, forms[1:]):
            self.good("convert", before, after)
        self.assertEqual(len({self.good("disasm", form)[0] for form in forms}), 1)
        again = self.path("r.json")
        self.good("convert", forms[3], again)
        with open(forms[3], "rb") as one, open(again, "rb") as two:
            self.assertEqual(one.read(), two.read())

    def test_disasm(self):
        text = self.good("disasm", TOY)[0]
        self.assertLess(text.index("440"), text.index("osc.sine"))
        self.assertLess(text.index("osc.sine"), text.index("0.5"))
        self.assertLess(text.index("CALL       gain" if "CALL       gain" in text else "gain"), text.index("OUTPUT"))

    def test_graph(self):
        odd = json.loads(json.dumps(PLUCK))
        odd["name"] = 'a "quoted" <name> {with} | and \\'
        text = self.good("graph", self.file("odd.json", odd))[0]
        self.assertTrue(text.startswith("digraph"))
        self.assertIn("subgraph cluster_voice", text)
        self.assertIn('label="2 octaves"', text)
        self.assertEqual(text.count("->"), len(PLUCK["connections"]))
        self.assertNotIn("cluster", self.good("graph", TOY)[0])
        try:
            done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True)
        except FileNotFoundError:
            return  # Graphviz is not here
        self.assertEqual((done.returncode, done.stderr), (0, b""))


class Modules(Cli):
    def test_list_and_pages(self):
        listing = self.good("modules")[0]
        described = json.loads(self.good("modules", "--json")[0])
        self.assertEqual(described["version"], self.good("--version")[0].split()[1])
        for module in described["modules"]:
            self.assertRegex(listing, rf"(?m)^  {re.escape(module['name'])} ")
            self.assertEqual(json.loads(self.good("modules", module["name"], "--json")[0]), module)
            page = self.good("modules", module["name"])[0]
            for port in module["inputs"] + module["params"] + module["outputs"]:
                self.assertRegex(page, rf"(?m)^  {re.escape(port['name'])} ")
            for param in module["params"]:
                self.assertLessEqual(param["min"], param["default"])
                self.assertLessEqual(param["default"], param["max"])
                self.assertIn(param["scale"], ("lin", "exp"))
                self.assertIn(param["smoothing"], ("none", "cosine", "exp"))

    def test_printed_reference_is_current(self):
        with open(ROOT + "/docs/modules.md") as file:
            self.assertEqual(file.read(), self.good("modules", "--markdown")[0],
                             "docs/modules.md is old: build/bin/megasynth modules --markdown > docs/modules.md")


class Bench(Cli):
    def test_bench(self):
        got = json.loads(self.good("bench", self.pluck, "--voices", "5", "--seconds", "0.2", "--json")[0])
        self.assertEqual(got["voices"], 5)
        self.assertGreater(got["ns_per_voice_frame"], 0)
        self.assertGreater(got["times_real_time"], 0)
        self.assertGreater(got["program_bytes"], 0)
        self.assertIn(got["isa"], ("one", "v2", "v3", "v4", "neon"))
        types = [module["type"] for module in got["modules"]]
        self.assertIn("osc.saw", types)
        self.assertAlmostEqual(sum(module["share"] for module in got["modules"]), 1, delta=1e-3)
        text, errors = self.good("bench", self.pluck, "--seconds", "0.2", MEGASYNTH_ISA="one")
        self.assertIn("4 voices, one", text)
        self.assertNotIn("warning", errors)
        self.assertIn("1 voice,", self.good("bench", TOY, "--voices", "64", "--seconds", "0.2")[0])


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
