#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""order_test -- Pd's order of messages is the contract: an answer comes before the next message, with the values of that
very moment, however busy the worker is; with `wait` a render in -batch is the same each time.
usage: order_test.py EXTERNALS EXAMPLES
"""
import hashlib
import json
import os
import sys

import pd

RUNS = 20


def big(examples, path, nodes=400):
    """A patch that takes the worker some milliseconds."""
    with open(os.path.join(examples, "keys.json")) as file:
        document = json.load(file)
    for i in range(nodes):
        document["nodes"][f"x{i}"] = {"type": "svf", "params": {"freq": 100 + i}}
        document["connections"].append({"from": ["osc" if i == 0 else f"x{i - 1}", "out" if i == 0 else "low"], "to": [f"x{i}", "in"]})
    with open(path, "w") as file:
        json.dump(document, file)


def mark(patch):
    patch.connect(patch.add("r mark"), patch.add("print mark"))


def between(said, number):
    """What was said between two marks."""
    return said.split(f"mark: {number}\n")[1].split("mark: ")[0]


def check_answers(externals, examples):
    script = []
    for i in range(RUNS):
        at = 20 + i * 10
        script += [(at, f"mark {3 * i}"), (at, "synth prepare slot big.json"), (at, "synth knob cutoff 0.2"), (at, "synth get cutoff"),
                   (at, f"mark {3 * i + 1}"), (at, "synth knob cutoff 0.9"), (at, f"synth preset save p{i}"), (at, "synth dump"),
                   (at, f"mark {3 * i + 2}"), (at, "synth knob cutoff 0.4"), (at, "synth nodes"), (at, "mark end")]
    with pd.folder() as folder:
        big(examples, os.path.join(folder, "big.json"))
        _, said = pd.session(externals, folder, f"{examples}/keys.json", script, milliseconds=20 + RUNS * 10, extra=mark)
    assert not pd.messages(said, "error"), said
    for i in range(RUNS):
        first, second, third = (between(said, 3 * i + k) for k in range(3))
        assert "info: value cutoff 0.2\n" in first and "info: value cutoff 0.9" not in first, first
        assert f"info: preset saved p{i}\n" in second and "info: dump newknob cutoff 0.9" in second, second
        assert f"info: dump newpreset p{i} cutoff 0.9" in second and "info: dump commit" in second, second
        assert "info: node filt " in third and "info: done nodes" in third, third
    print(f"answers: {RUNS} times get, dump, nodes, preset save while the worker reads, each before the next message")


def check_files(externals, examples):
    script = [(20, "synth prepare slot big.json"), (20, "synth write a.json"), (20, "synth set lfo.freq 7"),
              (20, "synth knob cutoff 0.9"), (20, "synth write b.json"), (20, "synth set lfo.freq 9"),
              (20, "synth prepare slot big.json"), (20, "synth add late svf"), (20, "synth write c.json")]
    with pd.folder() as folder:
        big(examples, os.path.join(folder, "big.json"))
        _, said = pd.session(externals, folder, f"{examples}/keys.json", script, milliseconds=60)
        a, b, c = (json.load(open(os.path.join(folder, f"{name}.json"))) for name in "abc")
        before = json.load(open(os.path.join(examples, "keys.json")))
    assert not pd.messages(said, "error"), said
    assert a["nodes"]["lfo"]["params"] == before["nodes"]["lfo"]["params"], a["nodes"]["lfo"]
    assert a["knobs"]["cutoff"]["value"] == before["knobs"]["cutoff"]["value"], a["knobs"]
    assert b["nodes"]["lfo"]["params"]["freq"] == 7 and b["knobs"]["cutoff"]["value"] == 0.9, b
    assert c["nodes"]["lfo"]["params"]["freq"] == 9 and "late" in c["nodes"], c
    print("files: three writes in one logical time hold the values between them")


def check_zeros(externals, examples):
    """What is 0, or the default where a cable adds, is written too."""
    document = {"nodes": {"n": {"type": "note"}, "o": {"type": "osc.saw"}, "e": {"type": "env"}, "g": {"type": "gain"}, "out": {"type": "output"}},
                "connections": [{"from": ["n", "freq"], "to": ["o", "freq"]}, {"from": ["n", "gate"], "to": ["e", "gate"]},
                                {"from": ["e", "out"], "to": ["g", "amp"]}, {"from": ["o", "out"], "to": ["g", "in"]},
                                {"from": ["g", "out"], "to": ["out", "in"]}]}
    with pd.folder() as folder:
        with open(os.path.join(folder, "plain.json"), "w") as file:
            json.dump(document, file)
        script = [(10, "synth set e.sustain 0"), (10, "synth set o.freq 440"), (10, "synth write out.json"), (20, "synth save")]
        _, said = pd.session(externals, folder, "plain.json", script, milliseconds=60)
        nodes = json.load(open(os.path.join(folder, "out.json")))["nodes"]
    assert not pd.messages(said, "error"), said
    assert nodes["e"]["params"] == {"sustain": 0} and nodes["o"]["params"] == {"freq": 440}, nodes
    print("values of 0 and of the default are written where they were set")


def check_repeatable(externals, examples, arguments, first):
    """A patch is read at the start; a note at 400 ms is on the same sample each time."""
    script = [(0, f"synth read {examples}/keys.json"), *first, (100, "synth add lp svf, "), (100, "synth connect osc.out lp.in"),
              (100, "synth connect lp.low out.in 0.2"), (200, "synth undo"), (400, "synth 60 100")]
    script = [(at, message.rstrip(", ")) for at, message in script]
    found = set()
    for _ in range(RUNS):
        with pd.folder() as folder:
            wave, said = pd.session(externals, folder, arguments, script, milliseconds=500)
        assert not pd.messages(said, "error"), said
        told = [line for line in said.splitlines() if line.startswith("info: ")]
        found.add((hashlib.sha256(b"".join(channel.tobytes() for channel in wave)).hexdigest(), "\n".join(told)))
        assert max(wave[0]) > 0.05
    assert len(found) == 1, found
    print(f"[megasynth~ {arguments}]: {RUNS} renders, one hash, the same {len(told)} messages")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    check_answers(externals, examples)
    check_files(externals, examples)
    check_repeatable(externals, examples, "-wait", [])
    check_repeatable(externals, examples, "", [(0, "synth wait 1")])
    check_zeros(externals, examples)


main()
