#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""words_test -- what users write in other words is understood, or answered with what to write; `undo` says what it takes back.
usage: words_test.py EXTERNALS EXAMPLES
"""
import os
import shutil
import sys

import pd


def answers(externals, folder, arguments, messages, milliseconds=0):
    """What is said after each message."""
    def mark(patch):
        patch.connect(patch.add("r mark"), patch.add("print mark"))
    script = [entry for i, message in enumerate(messages)
              for entry in ((20 + 10 * i, f"mark {i}"), (20 + 10 * i, f"synth {message}"), (20 + 10 * i, "synth wait"))]
    waves, said = pd.session(externals, folder, arguments, script, milliseconds=milliseconds or 60 + 10 * len(messages), extra=mark)
    return waves, [part.split("mark: ")[0].replace("\\", "") for part in said.split("mark: ")[1:]], said


def check_names(externals, examples):
    """Keys by their names, as messages and lists, with sharps and flats."""
    path = os.path.join(examples, "keys.json")
    named = ["note C4 100", "C4 0", "F#3 90 a", "noteoff a", "note Bb-1 80", "noteoff Bb-1", "note E\u266d5 100", "eb5 0"]
    keyed = ["note 60 100", "60 0", "54 90 a", "noteoff a", "note 10 80", "noteoff 10", "note 75 100", "75 0"]
    results = []
    for messages in (named, keyed):
        with pd.folder() as folder:
            waves, _, said = answers(externals, folder, f"{path} -wait", messages)
            assert not pd.messages(said, "error"), said
            results.append(waves)
    assert results[0] == results[1] and max(results[0][0]) > 0.05
    print(f"names of keys: {len(named)} messages sound as their numbers do")


def check_hints(externals, examples):
    hints = [("60 0.8", "velocity is 0..127"), ("61 0.7", None), ("60 100 1", None), ("64 100 1", "the third atom is the note's id"),
             ("67 100 1", None), ("add x nothing", "`modules` lists"), ("set filt.freq -220", "(`newknob down 0 -100 0`)"),
             ("set osc.width 7", "not within"), ("read score.json", "this is a score"), ("read marked.json", None),
             ("preset recall noon", None), ("preset morph waves", None), ("C4", "not-found"), ("H4 100", "not-found")]
    with pd.folder() as folder:
        shutil.copy(os.path.join(examples, "demo_score.json"), os.path.join(folder, "score.json"))
        with open(os.path.join(examples, "pad.json"), "rb") as file, open(os.path.join(folder, "marked.json"), "wb") as marked:
            marked.write(b"\xef\xbb\xbf" + file.read())
        _, parts, said = answers(externals, folder, f"{examples}/keys.json -wait", [message for message, _ in hints])
    for (message, hint), part in zip(hints, parts):
        told = [line for line in part.splitlines() if line.startswith(("info: error", "info: warning"))]
        if hint:
            assert any(hint in line for line in told), (message, part)
            assert "error: megasynth~:" in part, (message, part)
        else:
            assert not told, (message, part)
    assert "osc.width" in parts[7] and "newknob" not in parts[7], parts[7]
    print(f"hints: {sum(bool(hint) for _, hint in hints)} with what to write, {sum(not hint for _, hint in hints)} understood")


def check_morph(externals, examples):
    """Without a time it takes a second."""
    values = []
    for message in ("preset morph waves", "preset morph waves 1000"):
        with pd.folder() as folder:
            waves, _, said = answers(externals, folder, f"{examples}/pad.json -wait", ["48 100", message], 1500)
            assert not pd.messages(said, "error"), said
            values.append(waves)
    assert values[0] == values[1]
    print("preset morph NAME: the same as with 1000 ms")


def check_undo(externals, examples):
    edits = ["add echo delay time 0.3", "connect vca.out echo.in", "undo", "undo", "redo", "rename echo late", "undo", "redo"]
    with pd.folder() as folder:
        _, parts, said = answers(externals, folder, f"{examples}/keys.json -wait", edits)
    assert not pd.messages(said, "error"), said
    expected = {2: "undone connect vca.out echo.in", 3: "undone add echo delay", 4: "redone add echo delay", 6: "undone rename echo",
                7: "redone rename echo"}
    for i, words in expected.items():
        assert f"info: {words}" in parts[i], (edits[i], parts[i])
    print(f"undo and redo: {list(expected.values())}")


def check_bang(externals, examples):
    """A bang answers what the patch holds, as `nodes` does; `modules` what there is to build one of."""
    with pd.folder() as folder:
        _, parts, said = answers(externals, folder, "-wait", ["bang", "nodes", "modules"])
    assert not pd.messages(said, "error"), said
    bang, nodes, modules = ([line for line in part.splitlines() if line.startswith("info: ")] for part in parts)
    assert bang == nodes == ["info: node out output shared", "info: done nodes"], parts
    assert any(line.startswith("info: module svf ") for line in modules) and modules[-1] == "info: done modules", modules
    print("bang, nodes, modules: answered by an object that holds only `out`")


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    for check in (check_names, check_hints, check_morph, check_undo, check_bang):
        check(externals, examples)


main()
