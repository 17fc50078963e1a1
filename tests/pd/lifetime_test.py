#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lifetime_test -- objects come and go while their worker is at it: sound on and off, at all block sizes and numbers of
channels, with taps and questions left behind. usage: lifetime_test.py EXTERNALS EXAMPLES [TIMES=60]

The 1,000 times of the issue: lifetime_test.py EXTERNALS EXAMPLES 1000, with externals of a sanitized build.
"""
import json
import os
import random
import sys

import pd


def big_document(path, nodes=300):
    """Slow to read: a load is pending for some milliseconds."""
    document = {"nodes": {"out": {"type": "output"}}, "connections": []}
    for i in range(nodes):
        document["nodes"][f"n{i}"] = {"type": "svf", "params": {"freq": 100 + i}}
        document["connections"].append({"from": [f"n{i}", "low"], "to": [f"n{i + 1}", "in"] if i + 1 < nodes else ["out", "in"]})
    with open(path, "w") as file:
        json.dump(document, file)


FIELD = ["pd-field obj 10 200 block~ 64", "pd-field obj 10 230 r block", "pd-field connect 1 0 0 0"]
FIELD_OBJECTS = 2


def life(rng, examples, number):
    """(messages in one logical time that make an object and give it work, those that end it)"""
    keys, tremolo = os.path.join(examples, "keys.json"), os.path.join(examples, "tremolo.json")
    name = f"s{number}"
    arguments = [f"-name {name}"]
    if rng.random() < 0.5:
        arguments.append(rng.choice([keys, tremolo, "big.json", "missing.json", "broken.json"]))
    if rng.random() < 0.5:
        arguments.insert(0, str(rng.choice([1, 2, 8, 64])))
    for flag in ("-m", "-k", f"-in {rng.choice([1, 2, 16])}", f"-voices {rng.choice([1, 17, 300])}"):
        if rng.random() < 0.3:
            arguments.append(flag)
    make = [f"pd-field obj 10 10 megasynth~ {' '.join(arguments)}"]
    if rng.random() < 0.5:
        make.append(f"pd-field obj 10 40 megasynth.tap~ {name} {rng.choice(['vca.out', 'osc0.out', 'none.out'])} "
                    f"{rng.choice([0, 1, 8])}")
    if rng.random() < 0.5:
        get = FIELD_OBJECTS + len(make)
        make += [f"pd-field obj 10 70 megasynth.get {name}", f"pd-field obj 10 100 r {name}-ask",
                 f"pd-field connect {get + 1} 0 {get} 0", f"{name}-ask dump", f"{name}-ask get vca.amp"]
    work = ["read big.json", f"read {keys}", "60 100", "add x svf", "connect x.low out.in", "set x.freq 300", "prepare a big.json",
            "swap a 20", "write saved.json", "dump", "knob cutoff 0.5", "undo", "begin", "commit", "poll 5", "panic", "sync",
            "bytes 123 125", "read missing.json", "modules", "voices 33"]
    make += [f"{name} {rng.choice(work)}" for _ in range(rng.randrange(8))]
    make += rng.sample([f"{name} read big.json", "pd dsp 0", "pd dsp 1", f"block set {2 ** rng.randrange(0, 12)} 1 1"], 2)
    return make, ["pd-field clear", *FIELD]


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    rng = random.Random(5)
    patch, field, script, at = pd.Patch(), pd.Patch(), [(0, message) for message in ("pd dsp 1", *FIELD)], 1.0
    patch.sub(field, "field")
    start, read, player = patch.add("loadbang"), patch.message("read script.txt , bang"), patch.add("qlist")
    patch.connect(start, read)
    patch.connect(read, player)
    for number in range(times):
        make, end = life(rng, examples, number)
        script += [(at, message) for message in make]
        at += rng.choice([0, 0, 1.4, 5, 30])
        script += [(at, message) for message in end]
        at += rng.choice([0, 1.4, 3])
    script.append((at + 50, "pd quit"))
    with pd.folder() as folder:
        big_document(os.path.join(folder, "big.json"))
        with open(os.path.join(folder, "broken.json"), "w") as file:
            file.write('{"nodes": [')
        with open(os.path.join(folder, "script.txt"), "w") as file:
            file.write(pd.qlist(script))
        with open(os.path.join(folder, "main.pd"), "w") as file:
            file.write(patch.text())
        said = pd.pd(externals, folder, "main.pd", timeout=60 + times)
    if os.environ.get("VERBOSE"):
        print(said)
    print(f"{times} objects made and deleted, {said.count('error:')} errors told, none that ended Pd")


main()
