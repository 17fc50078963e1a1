#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""states_test -- states that were mutated: each is loaded whole or refused whole, by /state/load (as a map and as a file) and
by --resume, and the server lives.

usage: states_test.py MEGASYNTHD [LOADS] [RESUMES] [SEED]
"""
import copy
import glob
import json
import os
import pathlib
import random
import sys

from wire import Failed, PATCH, Server, run

PROGRAM = sys.argv[1]
LOADS, RESUMES, SEED = (int(n) for n in (sys.argv[2:] + ["300", "40", "1"][len(sys.argv) - 2:]))
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


# ---- a state with everything in it ----------------------------------------------------------------
def full_state():
    """As a real server saves it: several synths, turned values, choices, presets, maps, faders."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        c.call("/patch/load", patch=PATCH)
        for name in ("keys", "toy", "tremolo"):
            path = EXAMPLES / f"{name}.json"
            if not path.exists(): path = next(iter(sorted(EXAMPLES.glob("*.json"))))
            c.call("/synth/new", name=name, fader=0.5, output=1)
            c.call(f"/synth/{name}/patch/load", text=path.read_text(), format="json")
        c.call("/synth/new", name="bare")
        c.call("/knob/set", name="cutoff", value=0.875)
        c.call("/param/set", node="filt", param="res", value=0.625)
        c.call("/preset/save", name="soft")
        c.call("/knob/map", name="cutoff", address="/fader/1")
        c.call("/knob/map", name="cutoff", cc=7, channel=3, min=0, max=100)
        return c.call("/state/get")["state"]


# ---- mutations ------------------------------------------------------------------------------------
WRONG = [None, True, False, 0, -1, 1, 64, 5, 1e30, -1e-30, 2 ** 53, 2 ** 62, "", "x", "/x", "a" * 64, "a" * 300, "main", "\u266f", [], {},
         [1, 2], {"a": 1}, [[]], {"": {}}, "0.5", 4.0001, 1.5]


def places(value, path=()):
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*path, key))


def inside(value, path):
    for key in path: value = value[key]
    return value


def mutate(state, r):
    """One to four changes of types, names, counts, presence."""
    state = copy.deepcopy(state)
    for _ in range(r.choice([1, 1, 1, 2, 4])):
        path = r.choice([p for p in places(state) if p] if r.random() < 0.6 else [p for p in places(state) if 0 < len(p) < 4])
        at, key = inside(state, path[:-1]), path[-1]
        how = r.randrange(9)
        if how < 3: at[key] = r.choice(WRONG)
        elif how == 3: del at[key]
        elif how == 4 and isinstance(at, dict): at[str(r.choice(["x-note", "z", "synths", "a" * 70, "/y", "cc:0:1", "cc:17:1", "cc:1:999", "main", "/patch/load", ""]))] = copy.deepcopy(at[key])
        elif how == 5 and isinstance(at, dict): at[str(r.choice(WRONG))] = at.pop(key)
        elif how == 6 and isinstance(at, list): at.extend(copy.deepcopy(at) * r.choice([1, 5]))
        elif how == 7: at[key] = copy.deepcopy(inside(state, r.choice(list(places(state)))))
        else: state["synths"] = dict(state["synths"] if isinstance(state.get("synths"), dict) else {}, **{f"z{i}": {} for i in range(r.choice([1, 58, 59, 60, 61, 63, 64, 200]))})
        if not isinstance(state, dict) or not state: break
    return state


def spoil(text, r):
    """What only a text can be: cut, doubled, bytes of nonsense, NaN, nested without end."""
    how = r.randrange(7)
    at = r.randrange(len(text))
    if how == 0: return text[:at]
    if how == 1: return text.replace('"synths":', '"synths": {}, "synths":', 1)
    if how == 2: return text.replace("0.5", "NaN").replace("0.875", "1e999")
    if how == 3: return text[:at] + "[" * r.choice([17, 3000, 100000]) + text[at:]
    if how == 4: return '{"version": 1, "synths": ' + '{"a":' * 5000 + "1" + "}" * 5000 + "}"
    if how == 5: return text[:at] + r.choice(["\0", "\x7f", "{", "}", '"', ",", "é", "9" * 400]) + text[at + 1:]
    return text.replace('"/fader/1"', '"/fader\\u0000/1"').replace('"keys"', '"' + "k" * 100000 + '"')


def depth(value): return 1 + max(map(depth, value.values() if isinstance(value, dict) else value), default=0) if isinstance(value, (dict, list)) else 0


def skeleton(state):
    """What must be there if a state is: names, faders, which documents, maps."""
    return {"maps": state.get("maps", {}),
            "synths": {name: (round(s.get("fader", 1), 6), s.get("output", 0), sorted(node_ids(s.get("patch"))))
                       for name, s in {"main": {}, **state["synths"]}.items()}}


def node_ids(patch):
    nodes = (patch or {}).get("nodes", [])
    return nodes if isinstance(nodes, dict) else [n["id"] for n in nodes]


# ---- tests ----------------------------------------------------------------------------------------
def whole_or_not():
    state, r, taken = full_state(), random.Random(SEED), 0
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        c.call("/state/load", state=state)
        bus = c.call("/bus/new", kind="control", name="lever")["bus"]
        c.call("/bus/tap", bus=bus)
        before = c.call("/state/get")["state"]
        for i in range(LOADS):
            changed = mutate(state, r)
            try:
                if r.random() < 0.5 and depth(changed) < 15 and "\x00" not in json.dumps(changed):
                    c.call("/state/load", state=changed)
                else:
                    text = json.dumps(changed)
                    if r.random() < 0.5: text = spoil(text, r)
                    with open(s.folder + "/mutated.json", "w") as f: f.write(text)
                    c.call("/state/load", file="mutated.json")
                    changed = json.loads(text)
                ok = True
            except Failed as failed:
                assert failed.code in ("bad-value", "bad-type", "limit", "file", "patch", "cycle", "not-found", "unsupported"), failed
                ok = False
            now = c.call("/state/get")["state"]
            if ok:
                taken += 1
                assert skeleton(now) == skeleton(changed), (i, changed, skeleton(now), skeleton(changed))
                assert set(c.call("/synth/list")["synths"]) == set(now["synths"]), "the list is another"
            else: assert now == before, (i, changed)
            before = now
        c.taps.clear()
        c.settle(0.2)
        assert c.taps, "a tap of a bus of ours has ended"
        c.call("/state/load", state=state)
        for name in state["synths"]:
            if name != "main": c.call("/synth/free", name=name)
        assert set(c.call("/synth/list")["synths"]) == {"main"}
        for name in state["synths"]:
            if name != "main": c.call("/synth/new", name=name)
    return f"{LOADS} states, {taken} taken, the others refused"


def found():
    """Those that were found in use: a limit reached half way, maps that are none."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client("udp")
        c.fails("limit", "/state/load", state={"version": 1, "maps": {}, "synths": {f"z{i}": {} for i in range(64)}})
        c.fails("bad-value", "/state/load", state={"version": 1, "synths": {}, "maps": {"/x": 5}})
        c.plain("/x", 0.5)
        c.plain("/patch/get")
        assert set(c.call("/synth/list")["synths"]) == {"main"}
        c.call("/synth/new", name="z0")
        c.call("/state/load", state={"version": 1, "maps": {}, "synths": {f"z{i}": {} for i in range(63)}})
        assert len(c.call("/synth/list")["synths"]) == 64
        c.fails("limit", "/synth/new", name="more")
        c.call("/state/load", state={"version": 1, "synths": {}})
        assert set(c.call("/synth/list")["synths"]) == {"main"}


def order():
    """What is sent after a load, without waiting, is for the synths that it brings."""
    other = dict(PATCH, nodes=dict(PATCH["nodes"], extra={"type": "gain"}))
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        for _ in range(20):
            c.call("/patch/load", patch=PATCH)
            numbers = [c.ask("/state/load", state={"version": 1, "synths": {"main": {"patch": other}, "b": {"patch": PATCH}}}),
                       c.ask("/patch/add", id="more", type="gain"), c.ask("/patch/get")]
            for number in numbers[:-1]: c.answer(number)
            nodes = node_ids(c.answer(numbers[-1])["patch"])
            assert "more" in nodes and "extra" in nodes, nodes
            late = [c.ask("/synth/b/patch/get"), c.ask("/state/load", state={"version": 1, "synths": {}}), c.ask("/synth/b/patch/get"),
                    c.ask("/synth/new", name="b"), c.ask("/status")]
            c.answer(late[0])
            c.answer(late[1])
            try:
                c.answer(late[2])
                raise AssertionError("a synth that is gone answers")
            except Failed as failed: assert failed.code == "not-found", failed
            c.answer(late[4])
            with_b = "b" in c.call("/synth/list")["synths"]
            try: c.answer(late[3])
            except Failed as failed: assert failed.code == "conflict" and not with_b, failed


def resumed():
    state, r, taken = full_state(), random.Random(SEED + 1), 0
    first = Server(PROGRAM)
    first.stop()
    path = first.folder + "/state/megasynth/main.json"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for _ in range(RESUMES):
        text = json.dumps(mutate(state, r))
        if r.random() < 0.4: text = spoil(text, r)
        for old in glob.glob(path + "*"): os.unlink(old)
        with open(path, "w") as f: f.write(text)
        with Server(PROGRAM, "--resume", folder=first.folder) as s:
            now = s.client().call("/state/get")["state"]
            kept = path + ".bad"
            if os.path.exists(kept):
                assert now["synths"].keys() == {"main"} and "patch" not in now["synths"]["main"] and not now["maps"], now
                with open(kept) as f: assert f.read() == text
                assert "state.aside" in s.log_text()
            else:
                taken += 1
                assert skeleton(now) == skeleton(json.loads(text)), text
    return f"{RESUMES} states, {taken} resumed, the others refused and kept"


run([found, order, whole_or_not, resumed], "states_test")
