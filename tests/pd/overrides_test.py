#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""overrides_test -- values set during play stay through edits, undo, another rate, files and kept states, until it is turned again or
the document itself changes it. usage: overrides_test.py EXTERNALS EXAMPLES
"""
import json
import os
import sys

import pd

TURNED = {"cutoff": 0.12, "filt.res": 0.33, "osc.wave3": "saw", "fenv.sustain": 0}


def written(path):
    with open(path) as file:
        return json.load(file)


def values_of(document, names):
    """Of a document: knobs, and parameters by node.param."""
    def value(name):
        node, _, param = name.rpartition(".")
        return document["nodes"][node]["params"][param] if node else document["knobs"][name]["value"]
    return {name: value(name) for name in names}


def check_edits(externals, examples):
    """After each of these `write` gives what was turned, under the names of that moment."""
    same = {name: name for name in TURNED}
    tone = same | {"filt.res": "tone.res"}
    steps = [("an edit", ["add x lfo", "connect x.out lfo.freq 0.1"], same), ("undo", ["undo"], same), ("redo", ["redo"], same),
             ("a rename", ["rename filt tone"], tone), ("another module", ["replace tone svf", "connect tone.low vca.in"], tone),
             ("away and back", ["remove tone", "undo"], tone), ("a knob away and back", ["unknob cutoff", "undo"], tone),
             ("turned and renamed at once", ["set tone.res 0.44", "rename tone filt"], same)]
    script = [(10, f"synth {'knob' if '.' not in name else 'set'} {name} {value}") for name, value in TURNED.items()]
    for i, (_, lines, _) in enumerate(steps):
        script += [(20 + 20 * i + k, f"synth {line}") for k, line in enumerate(lines if i < len(steps) - 1 else [])]
        if i == len(steps) - 1:
            script += [(20 + 20 * i, f"synth {line}") for line in lines]
        script.append((35 + 20 * i, f"synth write step{i}.json"))
    with pd.folder() as folder:
        _, said = pd.session(externals, folder, f"{examples}/keys.json -wait", script, milliseconds=60 + 20 * len(steps))
        assert not pd.messages(said, "error"), said
        for i, (what, _, names) in enumerate(steps):
            expected = {names[name]: value for name, value in TURNED.items()}
            if i == len(steps) - 1:
                expected["filt.res"] = 0.44
            assert values_of(written(os.path.join(folder, f"step{i}.json")), expected) == expected, (what, expected)
    print(f"turned values stay through {', '.join(what for what, _, _ in steps)}")


def check_state(externals, examples):
    """`save` and `state` in one object, `dump` into another, a patch that is read: the same document again, or its own values."""
    def other(patch):
        synth = patch.add("megasynth~ 2 -wait -name other")
        get, route, trim = patch.add("megasynth.get syn"), patch.add("route dump"), patch.add("list trim")
        patch.connect(patch.add("r ask"), get)
        patch.connect(get, route)
        patch.connect(route, trim)
        patch.connect(trim, synth)
    script = [(10, f"synth {'knob' if '.' not in name else 'set'} {name} {value}") for name, value in TURNED.items()]
    script += [(20, "synth write before.json"), (20, "ask dump"), (30, "other write dumped.json"), (40, f"synth read {examples}/pad.json"),
               (50, f"synth read {examples}/keys.json"), (60, "synth write own.json")]
    with pd.folder() as folder:
        _, said = pd.session(externals, folder, f"{examples}/keys.json -wait -name syn", script, milliseconds=100, extra=other)
        before, dumped, own = (written(os.path.join(folder, f"{name}.json")) for name in ("before", "dumped", "own"))
    assert not pd.messages(said, "error"), said
    assert values_of(before, TURNED) == TURNED and dumped == before, (before, dumped)
    keys = written(os.path.join(examples, "keys.json"))
    assert own["knobs"] == keys["knobs"], own["knobs"]
    print("a dump into another object is the same document; a patch read after another has its own values")


def check_gaps(examples, externals):
    """Removed, and brought back long after it has faded out; `get` and `write` in the same burst as a turn and a rename."""
    script = [(10, "synth set filt.res 0.33"), (10, "synth knob cutoff 0.12"), (60, "synth rename filt tone"), (120, "synth remove tone"),
              (120, "synth unknob cutoff"), (400, "synth undo"), (500, "synth write back.json"), (600, "synth set tone.res 0.44"),
              (600, "synth knob cutoff 0.6"), (600, "synth rename tone filt"), (600, "synth rename cutoff bright"),
              (600, "synth get filt.res"), (600, "synth get bright"), (600, "synth write burst.json")]
    with pd.folder() as folder:
        _, said = pd.session(externals, folder, f"{examples}/keys.json -wait", script, milliseconds=700)
        back, burst = (written(os.path.join(folder, f"{name}.json")) for name in ("back", "burst"))
    assert not pd.messages(said, "error"), said
    expected = {"tone.res": 0.33, "cutoff": 0.12}
    assert values_of(back, expected) == expected, values_of(back, expected)
    expected = {"filt.res": 0.44, "bright": 0.6}
    assert values_of(burst, expected) == expected, values_of(burst, expected)
    values = pd.messages(said, "value")
    assert ["filt.res", "0.44"] in values and ["bright", "0.6"] in values and ["bright", "0.12"] not in values, values
    print("what was removed comes back as it was turned, long after; a turn and a rename in one burst are known at once")


def check_presets(examples, externals):
    """A preset is recalled and removed in one message box: both happen, in this order, also while the patch is being read."""
    script = [(10, "synth newpreset q cutoff 0.21 filt.res 0.37"), (30, "synth preset recall q"), (30, "synth preset remove q"),
              (60, "synth write after.json")]
    for arguments in ("-wait", ""):
        with pd.folder() as folder:
            _, said = pd.session(externals, folder, f"{examples}/keys.json {arguments}", script, milliseconds=100)
            after = written(os.path.join(folder, "after.json"))
        assert not pd.messages(said, "error"), said
        assert "q" not in after.get("presets", {}), after["presets"]
        expected = {"cutoff": 0.21, "filt.res": 0.37}
        assert values_of(after, expected) == expected, (arguments, values_of(after, expected))
    print("a preset recalled and removed in one burst is recalled, and removed")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    check_edits(externals, examples)
    check_state(externals, examples)
    check_gaps(examples, externals)
    check_presets(examples, externals)


main()
