#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""render_test -- what Pd renders is what `megasynth render` renders, bit for bit.

Every document of examples/, with notes, knob turns, parameter changes and rewirings at random frames; at blocks of 1,
64 and 1024, and upsampled. usage: render_test.py EXTERNALS MEGASYNTH EXAMPLES
"""
import glob
import json
import os
import random
import subprocess
import sys

import pd

MILLISECONDS = 600
SHAPES = [(1, 1), (64, 1), (1024, 1), (64, 2)]


def documents(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.json")) + glob.glob(os.path.join(folder, "*.sexp"))):
        if "score" not in os.path.basename(path):
            yield path


def described(megasynth, path):
    """A document as JSON, whatever it is written in."""
    with pd.folder() as folder:
        converted = os.path.join(folder, "document.json")
        subprocess.run([megasynth, "convert", path, converted], check=True)
        with open(converted) as file:
            return json.load(file)


def float32(value):
    return pd.struct.unpack("f", pd.struct.pack("f", value))[0]


def events(document, rng, frames):
    """(frame, Pd's message, what the score says of it)"""
    made, used = [], set()

    def frame(least, most):
        while True:
            at = rng.randrange(least, most)
            if at not in used:
                used.add(at)
                return at
    for number in range(24 if any(n.get("type") == "note" for _, n in items(document["nodes"])) else 0):
        on = frame(2100, frames * 3 // 4)
        off = frame(on + 1, frames)
        key, velocity = rng.choice([rng.randrange(30, 90), float32(rng.uniform(40, 70))]), rng.randrange(1, 128)
        made.append((on, f"synth {key:.9g} {velocity} n{number}",
                     {"note": key, "velocity": velocity / 127, "length": off - on}))
        made.append((off, f"synth {key:.9g} 0 n{number}", None))
    for knob in document.get("knobs", {}):
        for _ in range(6):
            value = float(f"{rng.random():.5g}")
            made.append((frame(2100, frames), f"synth knob {knob} {value}", {"knob": knob, "value": value}))
    return sorted(made + edits(document, frame, frames), key=lambda event: event[0])


def edits(document, frame, frames):
    """A filter between what sounds and the output: added, turned, bent, renamed, taken out."""
    ids = {node.get("id", key): node["type"] for key, node in items(document["nodes"])}
    cable = next(c for c in document["connections"] if ids.get(c["to"][0]) == "output" and not isinstance(c["from"], str))
    source, sink = ".".join(cable["from"]), ".".join(cable["to"])
    steps = [
        (0.10, 3, [("add", "e1", "svf", "freq", 700, "res", 0.3), ("connect", source, "e1.in"),
                   ("connect", "e1.low", sink, 0.5)]),
        (0.25, 20, [("disconnect", source, sink)]),
        (0.35, 3, [("add", "l1", "lfo", "freq", 5, "shape", "triangle"), ("connect", "l1.out", "e1.freq", 1.5, "octaves"),
                   ("set", "e1.res", 0.6)]),
        (0.50, 0, [("rename", "e1", "e2"), ("voices", 12)]),
        (0.65, 40, [("newknob", "bite", 0.4, 0, 1), ("connect", "bite", "e2.drive")]),
        (0.80, 10, [("remove", "e2"), ("connect", source, sink)]),
    ]
    made = []
    for where, fade, operations in steps:
        at = frame(int(where * frames), int(where * frames) + 900)
        lines = ["begin", *(" ".join(map(str, operation)) for operation in operations), f"commit {fade}", "sync"]
        made.append((at, [f"synth {line}" for line in lines], {"ops": [as_json(o) for o in operations], "fade_ms": fade}))
    at = frame(int(0.45 * frames), int(0.45 * frames) + 900)
    return made + [(at, "synth set e1.freq 1900 25", {"param": ["e1", "freq"], "value": 1900, "ramp_ms": 25})]


def as_json(operation):
    """The message of an edit as an operation."""
    name, *rest = operation
    if name in ("add", "replace"):
        return {"op": name, "id": rest[0], "type": rest[1], "params": dict(zip(rest[2::2], rest[3::2]))}
    if name in ("connect", "disconnect"):
        op = {"op": name, "from": rest[0].split(".") if "." in rest[0] else rest[0], "to": rest[1].split(".")}
        return op | ({"amount": rest[2]} if len(rest) > 2 else {}) | ({"as": rest[3]} if len(rest) > 3 else {})
    if name == "set":
        node, port = rest[0].split(".")
        return {"op": "set", "id": node, "param": port, "value": rest[1]}
    if name == "newknob":
        return {"op": "knob", "id": rest[0], "value": rest[1], "range": rest[2:4]}
    if name == "voices":
        return {"op": "voices", "count": rest[0]}
    return {"op": name, "id": rest[0]} | ({"to": rest[1]} if len(rest) > 1 else {})


def items(nodes):
    return nodes.items() if isinstance(nodes, dict) else ((node["id"], node) for node in nodes)


def render(megasynth, folder, path, made, shift, rate, milliseconds):
    score = []
    for frame, _, item in made:
        if not item:
            continue
        item = dict(item, at=(frame + shift) / rate)
        if "length" in item:
            item["length"] /= rate
        score.append(item)
    with open(os.path.join(folder, "score.json"), "w") as out:
        json.dump(score, out)
    wave = os.path.join(folder, "offline.wav")
    subprocess.run([megasynth, "render", path, "-o", wave, "--score", os.path.join(folder, "score.json"), "--bits", "32f",
                    "--rate", str(rate), "--seconds", str(milliseconds / 1000), "--quiet"], check=True)
    return pd.read_wave(wave)


def compare(megasynth, externals, path, block, upsample):
    rate = pd.RATE * upsample
    document = described(megasynth, path)
    made = events(document, random.Random(f"{path} {block}"), round(MILLISECONDS * rate / 1000))
    # a block that is longer than a tick is rendered when the tick begins that ends it
    shift = max(block, 64 * upsample) - 64 * upsample
    with pd.folder() as folder:
        script = [(frame * 1000 / rate, message) for frame, messages, _ in made
                  for message in ([messages] if isinstance(messages, str) else messages)]
        live, said = pd.session(externals, folder, path, script, milliseconds=MILLISECONDS, block=block,
                                upsample=upsample)
        offline = render(megasynth, folder, path, made, shift, rate, MILLISECONDS)
    assert not pd.messages(said, "error"), said
    peak = max(map(abs, live[0]))
    for name, a, b in zip(("left", "right"), live, offline):
        different = [t for t in range(min(len(a), len(b))) if a[t] != b[t]]
        assert len(a) == len(b) and not different, (
            f"{path}, block {block}, {upsample} x: {name} differs in {len(different)} of {len(a)} frames, first "
            f"{different[:1]}; {len(made)} events, the first at {made[0][0] if made else None}")
    assert peak > 0.001, f"{path}: silence"
    print(f"{os.path.basename(path)}: block {block}, {upsample} x: {len(live[0])} frames equal, {len(made)} events, "
          f"peak {peak:.3f}")


def main():
    externals, megasynth, examples = (os.path.abspath(argument) for argument in sys.argv[1:4])
    for path in documents(examples):
        for block, upsample in SHAPES:
            compare(megasynth, externals, path, block, upsample)


main()
