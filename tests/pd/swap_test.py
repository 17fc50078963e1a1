#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""swap_test -- patches change under held notes: nothing goes silent, nothing is released, nothing clicks in a copy of the
same. usage: swap_test.py EXTERNALS EXAMPLES

Also: what has nothing to do with the synth, changed while it sounds, leaves its output as it is, bit for bit.
"""
import json
import os
import sys

import pd

CHORD = [(20, f"synth {key} 100 n{key}") for key in (48, 60, 64, 67)]


def longest_silence(samples, first, last, threshold=1e-6):
    longest = run = 0
    for sample in samples[first:last]:
        run = run + 1 if abs(sample) < threshold else 0
        longest = max(longest, run)
    return longest


def variant(examples, folder, name, change):
    with open(os.path.join(examples, "keys.json")) as file:
        document = json.load(file)
    change(document)
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        json.dump(document, file)
    return name


def brighter(document):
    document["nodes"]["filt"] = {"type": "svf"}
    for cable in document["connections"]:
        if cable["from"] == ["filt", "out"]:
            cable["from"] = ["filt", "low"]


def check_swaps(externals, examples):
    with pd.folder() as folder:
        variant(examples, folder, "a.json", lambda document: None)
        variant(examples, folder, "b.json", brighter)
        script = CHORD + [(100, "synth prepare b b.json"), (100, "synth prepare a a.json"),
                          (250, "synth read b.json"), (250, "synth sync"),
                          (350, "synth swap a"), (350, "synth sync"),
                          (450, "synth swap b 50"), (450, "synth sync"),
                          (600, "synth read a.json 0"), (600, "synth sync"),
                          (650, "synth voices")]
        live, said = pd.session(externals, folder, "a.json", script, milliseconds=700)
    assert not pd.messages(said, "error"), said
    swapped = pd.messages(said, "swapped")
    assert [name for name, _ in swapped] == ["a.json", "b.json", "a", "b", "a.json"], swapped
    silence = longest_silence(live[0], 48 * 30, len(live[0]))
    assert silence < 48, f"{silence} silent frames"
    held = int(pd.messages(said, "voices")[-1][0])
    assert held == 4, f"{held} notes go on of 4"
    loud = max(map(abs, live[0][-2000:]))
    assert loud > 0.05, loud
    print(f"4 swaps under a chord: at most {silence} silent frames in a row, {held} notes go on, at the end {loud:.2f}")


def add_stranger(patch):
    """What has nothing to do with the synth: objects come, are wired and go, windows open, arrays are resized."""
    patch.add("table other 100")
    stranger = pd.Patch()
    stranger.add("osc~ 440")
    stranger.add("*~ 0.1")
    stranger.connect(0, 1)
    patch.sub(stranger, "other")


def check_stranger(externals, examples):
    path = os.path.join(examples, "keys.json")
    disturbing = []
    for i in range(60):
        at = 100 + 6.37 * i
        disturbing += [(at, f"pd-other obj {50 + i} 50 osc~ {100 + i}"), (at, f"pd-other connect {2 + i} 0 1 0"),
                       (at, "pd-other msg 10 10 hello"), (at, f"other resize {100 + i}"),
                       (at, "pd-other vis 1"), (at, "pd-other vis 0")]
    script = CHORD + [(200, "synth knob cutoff 0.7"), (333, "synth 55 90 late")]
    with pd.folder() as folder:
        quiet, _ = pd.session(externals, folder, path, script, milliseconds=600, extra=add_stranger)
        busy, _ = pd.session(externals, folder, path, sorted(script + disturbing, key=lambda e: e[0]), milliseconds=600,
                             extra=add_stranger)
    assert quiet == busy, "an unrelated patch changes the output"
    print(f"{len(disturbing)} edits of an unrelated patch: {len(quiet[0])} frames as without them")


def check_files(externals, examples):
    """Opening and closing another patch, with a synth of its own, leaves the first one's output as it is."""
    with pd.folder() as folder:
        other = pd.Patch()
        other.add("megasynth~ 2 " + os.path.join(examples, "toy.json"))
        other.add("dac~")
        other.connect(0, 1)
        with open(os.path.join(folder, "other.pd"), "w") as out:
            out.write(other.text())
        path = os.path.join(examples, "tremolo.json")
        script = [(200, "synth knob depth 0.7")]
        opening = [(100 + 50 * i, f"pd open other.pd {folder}") for i in range(4)]
        closing = [(130 + 50 * i, "pd-other.pd menuclose 1") for i in range(4)]
        quiet, _ = pd.session(externals, folder, path, script, milliseconds=400)
        busy, _ = pd.session(externals, folder, path, sorted(script + opening + closing, key=lambda e: e[0]),
                             milliseconds=400)
    assert quiet == busy, "another patch with a synth changes the output"
    print(f"another patch opened and closed 4 times: {len(quiet[0])} frames as without it")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    check_swaps(externals, examples)
    check_stranger(externals, examples)
    check_files(externals, examples)


main()
