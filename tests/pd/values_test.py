#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""values_test -- `value path v` is sent when a knob or a parameter changes, whoever changed it, thinned; sliders stand where
the knobs are. usage: values_test.py EXTERNALS EXAMPLES
"""
import json
import os
import sys

import pd

THINNED_MS = 20  # SYNTH_VALUES_MS


def values(said, path):
    return [float(value) if value.replace(".", "").lstrip("-").isdigit() else value
            for name, value in pd.messages(said, "value") if name == path]


def mark(patch):
    patch.connect(patch.add("r mark"), patch.add("print mark"))


def part(said, name):
    return said.split(f"mark: {name}\n")[1].split("mark: ")[0]


def check_who(externals, examples):
    """A message, MIDI, a preset, an edit, undo, another patch."""
    steps = [("message", ["synth knob cutoff 0.7"]), ("parameter", ["synth set filt.res 0.4"]),
             ("midi", ["synth map 74 cutoff", "synth midi 176 74 127"]), ("edit", ["synth set osc.wave3 saw", "synth add x lfo"]),
             ("save", ["synth preset save mine"]), ("again", ["synth knob cutoff 0.2", "synth set filt.res 0"]),
             ("recall", ["synth preset recall mine"]), ("begin", ["synth begin", "synth knob cutoff 0.3", "synth commit"]),
             ("undo", ["synth undo"]), ("read", [f"synth read {examples}/pad.json"])]
    script = [entry for i, (name, lines) in enumerate(steps)
              for entry in [(50 + 100 * i, f"mark {name}"), *((50 + 100 * i, line) for line in lines)]]
    with pd.folder() as folder:
        _, said = pd.session(externals, folder, f"{examples}/keys.json -wait", script, milliseconds=1100, extra=mark)
    with open(os.path.join(examples, "keys.json")) as file:
        keys = json.load(file)["knobs"]
    with open(os.path.join(examples, "pad.json")) as file:
        pad = json.load(file)["knobs"]
    assert not pd.messages(said, "error"), said
    first = said.split("mark: ")[0]
    loaded = first.index("info: loaded")
    for knob, row in keys.items():
        assert f"info: value {knob} {row['value']:g}\n" in first[loaded:], first
    expected = {"message": ("cutoff", [0.7]), "parameter": ("filt.res", [0.4]), "midi": ("cutoff", [1]), "edit": ("osc.wave3", ["saw"]),
                "save": ("cutoff", []), "again": ("cutoff", [0.2]), "recall": ("filt.res", [0.4]), "begin": ("cutoff", [0.3])}
    for name, (path, sent) in expected.items():
        assert values(part(said, name), path) == sent, (name, part(said, name))
    assert values(part(said, "recall"), "cutoff") == [1] and values(part(said, "recall"), "osc.wave3") == [], part(said, "recall")
    for knob, row in pad.items():
        assert values(part(said, "read"), knob) == [row["value"]], part(said, "read")
    print(f"values: sent for {', '.join(name for name, _ in steps)}")


def check_thinned(externals, examples):
    """A fader that moves each millisecond, and another that does not."""
    script = [(100 + i, f"synth knob cutoff {i / 1000}") for i in range(500)]
    with pd.folder() as folder:
        _, said = pd.session(externals, folder, f"{examples}/keys.json -wait", script, milliseconds=700)
    sent = values(said, "cutoff")[1:]
    assert 500 / THINNED_MS / 2 < len(sent) <= 500 / THINNED_MS + 2 and sent[-1] == 0.499 and sent == sorted(sent), sent
    assert len(values(said, "space")) == 1, said
    print(f"values: 500 turns in 500 ms, {len(sent)} sent, the last of them the last")


def check_sliders(externals, examples):
    """They ask when the patch is opened, follow without a cord, and do not turn what they only show."""
    with pd.folder() as folder:
        patch = pd.Patch()
        knob = patch.add("megasynth.knob syn cutoff")
        patch.add("megasynth.knob syn nothing")
        synth = patch.add(f"megasynth~ 2 {examples}/keys.json -name syn -wait")
        patch.connect(synth, patch.add("print info"), 2)
        patch.connect(patch.add("r ask"), knob)
        patch.connect(knob, patch.add("print slider"))
        start, read, player = patch.add("loadbang"), patch.message("read script.txt , bang"), patch.add("qlist")
        patch.connect(start, read)
        patch.connect(read, player)
        script = [(0, "pd dsp 1"), (50, "ask bang"), (60, "syn knob cutoff 0.8"), (120, "ask bang"), (130, "syn preset save a"),
                  (140, "ask 0.25"), (200, "syn preset recall a"), (260, "ask bang"), (300, "pd quit")]
        with open(os.path.join(folder, "script.txt"), "w") as file:
            file.write(pd.qlist(script))
        with open(os.path.join(folder, "main.pd"), "w") as file:
            file.write(patch.text())
        said = pd.pd(externals, folder, "main.pd")
    assert "error" not in said, said
    slider = [line.split()[-1] for line in said.splitlines() if line.startswith("slider: knob cutoff")]
    assert slider == ["0.45", "0.8", "0.25", "0.8"], said
    print(f"sliders: {slider}")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    check_who(externals, examples)
    check_thinned(externals, examples)
    check_sliders(externals, examples)


main()
