# SPDX-License-Identifier: MIT
"""score_test -- `megasynth play --score` on a server is `megasynth render --score`, to the bit: notes, expression, pedals, presets,
knobs, parameters and edits.

usage: score_test.py MEGASYNTH MEGASYNTHD
"""
import array
import os
import subprocess

from shell import OK, PROGRAM, TOY, USAGE, WRONG, Shell, live_server, run

PATCH = {
    "voices": 8, "knobs": {"cutoff": {"value": 0.4, "range": [100, 8000], "scale": "exp"}},
    "nodes": {"note": {"type": "note"}, "saw": {"type": "osc.saw"}, "filt": {"type": "svf"}, "env": {"type": "env", "params": {"release": 0.1}},
              "vca": {"type": "gain"}, "out": {"type": "output"}},
    "connections": [
        {"from": ["note", "freq"], "to": ["saw", "freq"]}, {"from": ["note", "gate"], "to": ["env", "gate"]},
        {"from": ["saw", "out"], "to": ["filt", "in"]}, {"from": "cutoff", "to": ["filt", "freq"]},
        {"from": ["note", "pressure"], "to": ["filt", "freq"], "amount": 2, "as": "octaves"}, {"from": ["filt", "low"], "to": ["vca", "in"]},
        {"from": ["env", "out"], "to": ["vca", "amp"], "amount": 0.3}, {"from": ["vca", "out"], "to": ["out", "in"]}],
    "presets": {"open": {"knobs": {"cutoff": 1}, "params": {"filt": {"res": 0.6}}}},
}
SCORE = [
    {"at": 0, "note": "C3", "length": 1.2, "id": "low"}, {"at": 0.2, "note": "G3", "length": 0.3, "id": 2}, {"at": 0.25, "sustain": True},
    {"at": 0.3, "id": "low", "bend": 2}, {"at": 0.35, "id": 2, "pressure": 0.7}, {"at": 0.4, "bend": -0.5}, {"at": 0.45, "id": 2, "key": "A3"},
    {"at": 0.5, "param": ["filt", "res"], "id": "low", "value": 0.5, "ramp_ms": 100}, {"at": 0.6, "knob": "cutoff", "value": 0.8, "ramp_ms": 200},
    {"at": 0.9, "preset": "open", "morph_ms": 300}, {"at": 0.95, "sustain": False}, {"at": 1.0, "param": ["env", "release"], "value": 0.3},
    {"at": 1.1, "ops": [{"op": "add", "id": "wob", "type": "mul"}, {"op": "set", "id": "env", "param": "sustain", "value": 0.4}], "fade_ms": 20},
    {"at": 1.15, "note": 67, "length": 4}, {"at": 1.4, "all_off": True},
]
ATTEMPTS = 10  # until the machine had time for all events before their frames


def sounding(path):
    """The samples of a float file from the first frame that is not silent."""
    with open(path, "rb") as file: data = file.read()
    at = data.index(b"data") + 8
    size = min(int.from_bytes(data[at - 4:at], "little"), len(data) - at) // 8 * 8
    values = array.array("f", data[at:at + size])
    first = next(i for i, x in enumerate(values) if x) // 2 * 2
    return values[first:]


def live_is_offline():
    patch, score = shell.file("patch.json", PATCH), shell.file("score.json", SCORE)
    rendered = shell.folder + "/rendered.wav"
    subprocess.run([PROGRAM, "render", patch, "--score", score, "-o", rendered, "-q"], check=True)
    wanted = sounding(rendered)
    for attempt in range(ATTEMPTS):
        name = f"take{attempt}.wav"
        shell.good("record", "start", name)
        before = shell.json("status")["late"]
        code, _, errors = shell.run("play", patch, "--score", score, "--name", "main")
        assert code == OK, errors
        late = shell.json("status")["late"] - before
        shell.good("record", "stop")
        heard = sounding(found(name))
        while heard and heard[-1] == 0: heard.pop()
        if heard[:len(wanted)] == wanted[:len(heard)] and len(heard) > 2 * 60000: return f"{len(heard) // 2} frames, the same bits"
        same = next((i for i, (a, b) in enumerate(zip(heard, wanted)) if a != b), min(len(heard), len(wanted))) // 2
        print(f"  {late} events late; {len(heard) // 2} frames heard, {len(wanted) // 2} rendered, the same until {same}")
    raise AssertionError("never the same")


def found(name):
    """A recording, wherever the server's root is."""
    for folder, _, names in os.walk(shell.folder):
        if name in names: return os.path.join(folder, name)
    raise AssertionError(f"no {name} in {shell.folder}")


def wrong():
    patch = shell.file("patch.json", PATCH)
    for code, score, say in ((WRONG, [{"at": 0, "preset": "opne"}], "did you mean `open`"), (WRONG, [{"at": 0, "bend": 7}], "must be -1..1")):
        got, _, errors = shell.run("play", patch, "--backend", "dummy", "--score", shell.file("wrong.json", score))
        assert got == code and say in errors and "wrong.json:1: error: " in errors, errors
    assert shell.run("play", patch, "--score", "nowhere.json")[0] == 3
    assert shell.run("play", patch, "--score")[0] == USAGE


def panic_beside_others():
    """A panic of a score is none of the other synths' business."""
    shell.good("load", TOY)
    score = shell.file("panic.json", [{"at": 0, "note": 60, "length": 1}, {"at": 0.2, "panic": True}])
    assert shell.run("play", shell.file("patch.json", PATCH), "--score", score, "--name", "main")[0] == OK
    assert shell.run("play", shell.file("patch.json", PATCH), "--score", score, "--backend", "dummy")[0] == OK


with live_server() as server:
    shell = Shell(server)
    run([live_is_offline, wrong, panic_beside_others], "scores")
