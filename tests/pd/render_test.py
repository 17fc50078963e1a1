#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""render_test -- what Pd renders is what `megasynth render` renders, bit for bit.

Every document of examples/, with notes, knob turns and parameter changes at random frames; at blocks of 1, 64 and
1024, and upsampled. usage: render_test.py MEGASYNTH EXTERNALS EXAMPLES
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
    for number in range(24 if any(n.get("type") == "note" for n in nodes(document)) else 0):
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
    return sorted(made, key=lambda event: event[0])


def nodes(document):
    return document["nodes"].values() if isinstance(document["nodes"], dict) else document["nodes"]


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
        script = [(frame * 1000 / rate, message) for frame, message, _ in made]
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
    megasynth, externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:4])
    for path in documents(examples):
        for block, upsample in SHAPES:
            compare(megasynth, externals, path, block, upsample)


main()
