#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""host_test -- what belongs to Pd: state in abstractions and in patches, the first start of sound, the order in which objects
were made, the folder of the externals, warnings. usage: host_test.py EXTERNALS EXAMPLES
"""
import glob
import json
import os
import shutil
import sys

import pd


def run(externals, folder, patch, script, milliseconds, dsp=True):
    """A patch with its own objects, driven by [qlist]."""
    start, read, player = patch.add("loadbang"), patch.message("read script.txt , bang"), patch.add("qlist")
    patch.connect(start, read)
    patch.connect(read, player)
    with open(os.path.join(folder, "script.txt"), "w") as file:
        file.write(pd.qlist([*([(0, "pd dsp 1")] if dsp else []), *script, (milliseconds, "pd quit")]))
    with open(os.path.join(folder, "main.pd"), "w") as file:
        file.write(patch.text())
    return pd.pd(externals, folder, "main.pd")


def synth_with_info(patch, arguments, outlet=2):
    synth = patch.add(f"megasynth~ {arguments}")
    patch.connect(synth, patch.add("print info"), outlet)
    return synth


def document(path):
    with open(path) as file:
        return json.load(file)


# ---- state -------------------------------------------------------------------------------------

def check_savestate(externals, examples):
    """An abstraction with [savestate]: each instance keeps its own patch in the parent's file."""
    with pd.folder() as folder:
        voice = pd.Patch()
        synth, state = voice.add(f"megasynth~ 2 {examples}/keys.json -name $1"), voice.add("savestate")
        save, route = voice.message("save"), voice.add("route state")
        again, trim = voice.add("list prepend state"), voice.add("list trim")
        voice.connect(state, again)
        voice.connect(again, trim)
        voice.connect(trim, synth)
        voice.connect(state, save, 1)
        voice.connect(save, synth)
        voice.connect(synth, route, 2)
        voice.connect(route, state)
        with open(os.path.join(folder, "voice.pd"), "w") as file:
            file.write(voice.text())
        parent = pd.Patch()
        parent.add("voice one")
        parent.add("voice two")
        with open(os.path.join(folder, "parent.pd"), "w") as file:
            file.write(parent.text())
        script = [(5, f"pd open parent.pd {folder}"), (20, "one knob cutoff 0.123457"), (20, "two add extra lfo"),
                  (20, "two knob cutoff 0.9"), (20, "pd-parent.pd menusave"), (40, f"pd-parent.pd savetofile parent.pd {folder}"),
                  (60, "pd-parent.pd menuclose 1"), (80, f"pd open parent.pd {folder}"), (80, f"one write {folder}/one.json"),
                  (80, f"two write {folder}/two.json")]
        said = run(externals, folder, pd.Patch(), script, 120)
        one, two = (document(os.path.join(folder, f"{name}.json")) for name in ("one", "two"))
    assert "error" not in said, said
    assert one["knobs"]["cutoff"]["value"] == 0.123457 and "extra" not in one["nodes"], one
    assert two["knobs"]["cutoff"]["value"] == 0.9 and "extra" in two["nodes"], two
    print("[savestate]: two instances of an abstraction keep their own patches, restored as the file is opened")


def check_kept(externals, examples):
    """Every shipped patch comes back from what -k writes, which is a list of messages; so do the bytes of older versions."""
    names = [os.path.basename(path) for path in sorted(glob.glob(f"{examples}/*.json")) if "score" not in path]
    with pd.folder() as folder:
        patch = pd.Patch()
        for i, name in enumerate(names):
            patch.add(f"megasynth~ 2 {examples}/{name} -k -name k{i}")
        with open(os.path.join(folder, "kept.pd"), "w") as file:
            file.write(patch.text())
        old = pd.Patch()
        synth = old.add("megasynth~ 2 -k -name old")
        text = old.text() + "#A state " + " ".join(map(str, json.dumps(document(f"{examples}/pad.json")).encode())) + ";\n"
        old.connect(synth, old.add("print info"), 2)
        with open(os.path.join(folder, "old.pd"), "w") as file:
            file.write(text + "\n".join(old.lines[1:]) + "\n")
        script = [(5, f"pd open kept.pd {folder}"), (10, f"k{names.index('keys.json')} set filt.res 0.123456789"), (10, f"k{names.index('keys.json')} knob cutoff 0.333333"),
                  *((20, f"k{i} write {folder}/before{i}.json") for i in range(len(names))),
                  (30, f"pd-kept.pd savetofile kept.pd {folder}"), (60, "pd-kept.pd menuclose 1"), (70, f"pd open kept.pd {folder}"),
                  *((70, f"k{i} write {folder}/after{i}.json") for i in range(len(names))),
                  (80, f"pd open old.pd {folder}"), (80, f"old write {folder}/old.json")]
        said = run(externals, folder, pd.Patch(), script, 120)
        assert "error" not in said, said
        for i, name in enumerate(names):
            before, after = (document(os.path.join(folder, f"{when}{i}.json")) for when in ("before", "after"))
            for part in ("name", "voices", "knobs", "nodes", "connections", "presets"):
                assert before.get(part) == after.get(part), f"{name}: {part}: {before.get(part)} {after.get(part)}"
        assert document(os.path.join(folder, "old.json"))["nodes"].keys() == document(f"{examples}/pad.json")["nodes"].keys()
        with open(os.path.join(folder, "kept.pd")) as file:
            size = len(file.read())
    print(f"-k: {len(names)} patches in {size} bytes of messages come back, values to the last digit; old bytes load")


# ---- sound starts ------------------------------------------------------------------------------

def check_first_start(externals, examples):
    """Notes held, undo and `swapped` from before the first start of sound are there after it; at another rate, notes."""
    for arguments, block, undone in (("-in 2", "", True), ("-in 2", "block~ 16", True), ("-in 1", "block~ 64 1 2", False)):
        with pd.folder() as folder:
            patch, inner = pd.Patch(), pd.Patch()
            synth_with_info(inner, f"2 {examples}/keys.json {arguments} -name syn")
            if block:
                inner.add(block)
            patch.sub(inner)
            script = [(10, "syn 60 100"), (10, "syn 64 100 e"), (10, "syn 67 100"), (10, "syn 67 0"), (20, "syn add extra lfo"),
                      (20, "syn sync"), (30, "pd dsp 1"), (300, "syn voices"), (310, "syn 64 0 e"), (310, "syn 60 0"),
                      (320, "syn nodes"), (320, "syn undo"), (340, "syn sync"), (5000, "syn voices")]
            said = run(externals, folder, patch, script, 5100, dsp=False)
        voices = [int(float(count)) for count, in pd.messages(said, "voices")]
        assert voices[0] in (2, 3) and voices[-1] == 0, (arguments, voices)
        assert any(words[0] == "edit" for words in pd.messages(said, "swapped")), said
        assert any(words[0] == "extra" for words in pd.messages(said, "node")), said
        errors = pd.messages(said, "error")
        assert bool(errors) != undone, (arguments, block, errors)
    print("first start of sound: held notes sound and end, `swapped` comes, undo is there")


def check_tap_order(externals, examples):
    """A tap is one block late, made before its synth or after it, in the same subpatch or in one of smaller blocks."""
    plain = {"nodes": {"o": {"type": "osc.sine", "params": {"freq": 441}}, "out": {"type": "output"}},
             "connections": [{"from": ["o", "out"], "to": ["out", "in"]}]}
    delays = []
    for first, blocks in ((True, (64, 64)), (False, (64, 64)), (True, (16, 16)), (False, (16, 16)), (True, (256, 64)), (False, (256, 64)),
                          (True, (64, 256)), (False, (64, 256))):
        with pd.folder() as folder:
            with open(os.path.join(folder, "plain.json"), "w") as file:
                json.dump(plain, file)
            patch = pd.Patch()
            record = patch.add("r record")
            made = [("a", "megasynth~ 2 plain.json -name syn -wait", blocks[0]), ("b", "megasynth.tap~ syn o.out", blocks[1])]
            made = made[::-1] if first else made
            together = pd.Patch() if blocks[0] == blocks[1] else None
            outlets = []
            for number, (name, text, block) in enumerate(made):
                sub = together or pd.Patch()
                source = sub.add(text)
                sub.connect(source, sub.add("outlet~"))
                if not together or number == 0:
                    sub.add(f"block~ {block}")
                outlets.append((name, sub))
            placed = [patch.sub(together, "both")] * 2 if together else [patch.sub(sub, f"sub{name}") for name, sub in outlets]
            for number, (name, _) in enumerate(outlets):
                patch.add(f"table {name} 4800")
                write = patch.add(f"tabwrite~ {name}")
                patch.connect(placed[number], write, number if together else 0)
                patch.connect(record, write)
            patch.connect(patch.add("r write"), patch.add("soundfiler"))
            said = run(externals, folder, patch, [(50, "record bang"), (160, "write write -wave -bytes 4 all.wav a b")], 170)
            a, b = pd.read_wave(os.path.join(folder, "all.wav"))
        assert "error" not in said, said
        # (an [outlet~] of blocks that are longer than a tick is late by itself: compared are the two orders)
        delays.append(next((d for d in range(2048) if all(abs(x - y) < 1e-6 for x, y in zip(a[:2000], b[d:]))), None))
    assert delays[0] == delays[1] == 64 and delays[2] == delays[3] == 64, delays
    assert delays[4] == delays[5] and delays[6] == delays[7] and None not in delays, delays
    print(f"taps: made before or after the synth {delays} samples late")


# ---- folders and warnings ----------------------------------------------------------------------

def check_folder(externals, examples):
    """Patches beside the externals are found, last of all."""
    with pd.folder() as folder:
        library = os.path.join(folder, "megasynth")
        shutil.copytree(externals, library)
        runtime = os.path.join(externals, "sanitizer-runtime")
        if os.path.exists(runtime):
            shutil.copy(runtime, folder)
        for name in ("keys.json", "pad.json"):
            shutil.copy(os.path.join(examples, name), library)
        shutil.copy(os.path.join(examples, "tremolo.json"), os.path.join(folder, "pad.json"))
        patch = pd.Patch()
        synth = patch.add("megasynth/megasynth~ 2 keys.json -name syn")
        patch.connect(synth, patch.add("print info"), 2)
        said = run(folder, folder, patch, [(20, "syn write a.json"), (20, "syn read pad.json"), (20, "syn write b.json")], 60)
        a, b = (document(os.path.join(folder, f"{name}.json")) for name in "ab")
    assert "error" not in said, said
    assert "filt" in a["nodes"] and set(b["knobs"]) == {"volume", "speed", "depth"}, (a, b)
    print("[megasynth/megasynth~ 2 keys.json] finds the shipped patch; one beside the user's patch comes first")


def check_warnings(externals, examples):
    """Warnings beyond the limit are counted, none is an error, and none comes again while it stays true."""
    unused = {"nodes": {"o": {"type": "osc.sine"}, "out": {"type": "output"}}, "connections": [{"from": ["o", "out"], "to": ["out", "in"]}],
              "knobs": {f"k{i}": {"value": 0.5} for i in range(22)}}
    with pd.folder() as folder:
        with open(os.path.join(folder, "unused.json"), "w") as file:
            json.dump(unused, file)
        edits = ["add x lfo", "voices 9", "add y svf", "connect o.out y.in", "remove x", "voices 8", "add x lfo"]
        script = [(10 + 10 * i, f"synth {edit}") for i, edit in enumerate(edits)] + [(100, "synth read unused.json")]
        _, said = pd.session(externals, folder, "unused.json -wait", script, milliseconds=150)
    assert not pd.messages(said, "error"), said
    warnings = [" ".join(words).replace("\\", "") for words in pd.messages(said, "warning")]
    first, second, between = warnings[:21], warnings[-21:], warnings[21:-21]
    assert first[20] == "more 2" and second == first, warnings
    counts = [sum(f"nodes.{node}:" in warning for warning in between) for node in "xy"]
    assert counts == [2, 1] and len(between) == 3, between
    print(f"warnings: 20 and `more 2`, {len(between)} new ones after {len(edits)} edits, all again for another patch")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    for check in (check_savestate, check_kept, check_first_start, check_tap_order, check_folder, check_warnings):
        check(externals, examples)


main()
