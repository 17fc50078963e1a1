#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""model_run -- random sequences of valid and invalid commands to a real server; every answer is held against a model (model.py).

usage: model_run.py MEGASYNTHD [--seconds N | --sequences N] [--seed N] [--steps N] [--keep]

A finding prints its seed and the last commands; `--seed N --sequences 1` repeats it. scripts/fuzz runs it for long under the
sanitizers.
"""
import argparse
import collections
import copy
import json
import random
import sys
import time

from model import Document, Model, Wrong, near
from wire import Failed, Server, request, bundle

TYPES = ["osc.sine", "osc.saw", "svf", "gain", "env", "lfo", "mul", "add", "delay", "note", "ladder", "onepole", "output", "mix"]
IDS = ["a", "b", "c", "d", "e", "note", "env", "out"]
KNOBS = ["cutoff", "depth", "speed"]
PRESETS = ["soft", "hard"]
SYNTHS = ["main", "bass", "lead"]
FILES = ["one", "two"]
GONE = ("not-found",)  # a note or a voice that was stolen, or found no room
ENDING_SECONDS = 30  # after which a note that nobody holds counts as hanging


def first_document():
    """One that plays notes and ends them."""
    d = Document()
    d.voices = 16
    d.knobs = {"cutoff": {"value": 0.5}}
    d.nodes = {"note": {"type": "note", "params": {}}, "a": {"type": "osc.saw", "params": {}}, "b": {"type": "svf", "params": {"res": 0.2}},
               "env": {"type": "env", "params": {"release": 0.02}}, "c": {"type": "gain", "params": {}}, "out": {"type": "output", "params": {}}}
    d.cables = [{"from": f, "to": t, "amount": 1, "as": "add"} for f, t in [
        (("note", "freq"), ("a", "freq")), (("note", "gate"), ("env", "gate")), (("a", "out"), ("b", "in")), ("cutoff", ("b", "freq")),
        (("b", "low"), ("c", "in")), (("env", "out"), ("c", "amp")), (("c", "out"), ("out", "in"))]]
    return d


class Run:
    """One sequence against one server."""

    def __init__(self, server, modules, seed):
        self.random, self.seed = random.Random(seed), seed
        self.clients = [server.client("unix"), server.client("tcp"), server.client("unix")]
        self.model = Model(modules)
        self.modules = modules
        self.log = []
        self.counts = collections.Counter()
        self.ids = iter(range(1, 1 << 30))

    def close(self):
        for c in self.clients: c.close()

    # ---- calls

    def call(self, address, expected=None, client=None, may_fail=(), **arguments):
        """Sends a request. @param expected: codes it must fail with, None: it must succeed, or fail with one of `may_fail`"""
        client = client or self.random.choice(self.clients)
        self.log.append((self.clients.index(client), address, arguments))
        self.counts[address.rsplit("/synth/", 1)[-1]] += 1
        try: answer = client.call(address, **arguments)
        except Failed as failed:
            if failed.code in may_fail: return None
            assert expected is not None, f"{address} failed: {failed}"
            assert failed.code in expected, f"{address}: {failed}, expected one of {expected}"
            assert failed.details.get("message"), f"{address}: no message"
            return None
        assert expected is None, f"{address} succeeded with {answer}, expected one of {expected}"
        return answer

    def at(self, synth, address): return address if synth == "main" else f"/synth/{synth}{address}"

    def attempt(self, change, address, **arguments):
        """Changes the model; the server must do the same, or fail as it does."""
        try: change()
        except Wrong as wrong:
            self.call(address, expected=wrong.codes, **arguments)
            return None
        return self.call(address, **arguments)

    # ---- what to say

    def synth_name(self):
        """Mostly one that is there."""
        names = list(self.model.synths)
        return self.random.choice(names + names + SYNTHS)

    def synth(self):
        name = self.random.choice(list(self.model.synths))
        return name, self.model.synths[name]

    def node_id(self, s):
        return self.random.choice(list(s.document.nodes) * 3 + IDS) if s.document else self.random.choice(IDS)

    def number(self, row):
        low, high = row["min"], row["max"]
        if self.random.random() < 0.05: return self.random.choice([low - 1 - abs(low), high + 1 + abs(high)])
        value = self.random.uniform(low, high)
        if row.get("fixed") and self.random.random() < 0.9: return float(round(value))
        value = float(round(value)) if row.get("choices") else float(f"{value:.6g}")
        return min(max(value, low), high)

    def param_of(self, s, choices=True):
        """Node, parameter, value."""
        node = self.node_id(s)
        type = s.document.nodes[node]["type"] if s.document and node in s.document.nodes else self.random.choice(TYPES)
        rows = [p for p in self.modules[type]["params"] if choices or not p.get("choices")]
        if not rows or self.random.random() < 0.04: return node, "nonsense", 0.5
        row = self.random.choice(rows)
        return node, row["name"], self.number(row)

    def an_op(self, s):
        kind = self.random.choice(["add", "add", "remove", "connect", "connect", "connect", "disconnect", "set", "set", "rename", "knob",
                                   "unknob", "voices"])
        node = self.node_id(s)
        if kind == "add":
            type = self.random.choice(TYPES) if self.random.random() < 0.95 else "nonsense"
            return {"op": "add", "id": self.random.choice(IDS), "type": type}
        if kind in ("remove",): return {"op": "remove", "id": node}
        if kind == "connect":
            return dict(self.cable(s), op="connect", amount=self.random.choice([1, 0.5, -2]),
                        **({"as": "octaves"} if self.random.random() < 0.0 else {}))
        if kind == "disconnect":
            if s.document.cables and self.random.random() < 0.8:
                c = self.random.choice(s.document.cables)
                return {"op": "disconnect", "from": list(c["from"]) if isinstance(c["from"], tuple) else c["from"], "to": list(c["to"])}
            return dict(self.cable(s), op="disconnect")
        if kind == "set":
            node, param, value = self.param_of(s, choices=False)
            return {"op": "set", "id": node, "param": param, "value": value}
        if kind == "rename": return {"op": "rename", "id": node, "to": self.random.choice(IDS + KNOBS)}
        if kind == "knob": return {"op": "knob", "id": self.random.choice(KNOBS), "value": round(self.random.uniform(-0.02, 1.02), 3)}
        if kind == "unknob": return {"op": "unknob", "id": self.random.choice(KNOBS)}
        return {"op": "voices", "count": self.random.choice([12, 16, 24, 0] if self.random.random() < 0.2 else [16])}

    def cable(self, s):
        node = self.node_id(s)
        rows = self.modules[s.document.nodes[node]["type"]]["outputs"] if node in s.document.nodes else []
        source = [node, self.random.choice([r["name"] for r in rows] or ["out"])]
        if self.random.random() < 0.25: source = self.random.choice(KNOBS)
        to = self.node_id(s)
        module = self.modules[s.document.nodes[to]["type"]] if to in s.document.nodes else {"inputs": [], "params": []}
        ports = [p["name"] for p in module["inputs"] + module["params"] if not p.get("choices")]
        return {"from": source, "to": [to, self.random.choice(ports or ["in"])]}

    # ---- steps

    def step_load(self):
        name, s = self.synth()
        document = first_document() if self.random.random() < 0.5 or not s.document else copy.deepcopy(s.document)
        document.knobs.setdefault("cutoff", {"value": 0.5})["value"] = round(self.random.random(), 3)
        self.call(self.at(name, "/patch/load"), patch=document.as_patch())
        s.load(document)

    def step_edit(self):
        name, s = self.synth()
        empty = s.document is None
        if empty:
            if self.random.random() < 0.5: return
            s.document = Document()  # nothing loaded is an empty document, until an edit succeeds
        ops = [self.an_op(s) for _ in range(self.random.choice([1, 1, 1, 2, 3]))]
        if sum(op["op"] == "rename" for op in ops) and len(ops) > 1: ops = ops[:1]  # the model follows one rename at a time
        before = copy.deepcopy(s.__dict__)
        answer = self.attempt(lambda: s.edit(ops), self.at(name, "/patch/edit"), ops=ops,
                              **({"fade_ms": self.random.choice([0.0, 30.0, 500.0])} if self.random.random() < 0.3 else {}))
        if answer is None: s.__dict__.update(before, document=None if empty else before["document"])
        else: assert answer["rev"] > 0 and answer["frame"] >= 0

    def step_undo(self):
        name, s = self.synth()
        which = self.random.choice(["undo", "redo"])
        if s.document is None:
            self.call(self.at(name, f"/patch/{which}"), expected=("not-found",))
            return
        self.attempt(getattr(s, which), self.at(name, f"/patch/{which}"))

    def step_knob_set(self):
        name, s = self.synth()
        knob, value = self.random.choice(KNOBS), round(self.random.uniform(-0.02, 1.02), 3)
        more = {"ramp_ms": self.random.choice([0.0, 100.0])} if self.random.random() < 0.3 else {}
        self.attempt(lambda: s.set_knob(knob, value), self.at(name, "/knob/set"), name=knob, value=value, **more)

    def step_param_set(self):
        name, s = self.synth()
        node, param, value = self.param_of(s)
        self.attempt(lambda: s.set_param(node, param, value), self.at(name, "/param/set"), node=node, param=param, value=value)

    def step_get(self):
        name, s = self.synth()
        if self.random.random() < 0.5:
            knob = self.random.choice(KNOBS)
            try: value = s.knob_value(knob)
            except Wrong as wrong: return void(self.call(self.at(name, "/knob/get"), expected=wrong.codes, name=knob))
            told = self.call(self.at(name, "/knob/get"), name=knob)["value"]
            assert near(told, value), f"knob {knob} is {told}, should be {value}"
            return
        node, param, _ = self.param_of(s)
        try: value = s.param_value(node, param)
        except Wrong as wrong: return void(self.call(self.at(name, "/param/get"), expected=wrong.codes, node=node, param=param))
        told = self.call(self.at(name, "/param/get"), node=node, param=param).get("value")
        assert same(told, value), f"{node}.{param} is {told}, should be {value}"

    def step_preset(self):
        name, s = self.synth()
        preset = self.random.choice(PRESETS)
        if self.random.random() < 0.4 and s.document is not None:
            self.call(self.at(name, "/preset/save"), name=preset)
            s.save_preset(preset)
        else:
            self.attempt(lambda: s.recall(preset), self.at(name, "/preset/recall"), name=preset,
                         **({"morph_ms": 50.0} if self.random.random() < 0.3 else {}))

    def step_note(self):
        name, s = self.synth()
        client = self.random.randrange(len(self.clients))
        if s.notes and self.random.random() < 0.5:
            key = self.random.choice(list(s.notes))
            self.call(self.at(name, "/note/off"), client=self.clients[key[0]], may_fail=GONE, id=key[1])
            del s.notes[key]
        elif s.document is not None and len(s.notes) < 6:
            id = next(self.ids)
            answer = self.call(self.at(name, "/note/on"), client=self.clients[client], key=self.random.choice([60, 61.5, 60, 0, 127]),
                               velocity=self.random.choice([0.0, 0.5, 1.0]), id=id)
            s.notes[client, id] = answer["note"]
        else:
            self.call(self.at(name, "/note/off"), expected=("not-found",), client=self.clients[client], id=next(self.ids))

    def step_one_frame(self):
        """Pairs of on and off of one key, as one bundle: nothing is held after it."""
        name, s = self.synth()
        if s.document is None: return
        client = self.random.choice(self.clients)
        numbers = range(client.next, client.next + 2 * self.random.randint(1, 4))
        client.next = numbers.stop
        packets = [request(n, self.at(name, "/note/on"), key=72, velocity=0.5) if i % 2 == 0 else request(n, self.at(name, "/note/off"), key=72)
                   for i, n in enumerate(numbers)]
        if self.random.random() < 0.3: packets = packets[::2] + packets[1::2]
        self.log.append((self.clients.index(client), "bundle", len(packets)))
        client.send(bundle(*packets))
        for n in numbers: client.answer(n)

    def step_controls(self):
        name, s = self.synth()
        if s.document is None: return
        for _ in range(self.random.choice([1, 2])):
            self.call(self.at(name, "/note/control"), what=self.random.choice(["bend", "pressure", "timbre", "sustain", "sostenuto"]),
                      value=self.random.choice([0, 0.25, 1]))

    def step_all_off(self):
        name, s = self.synth()
        if s.document is None: return
        if self.random.random() < 0.7:
            self.call(self.at(name, "/note/all_off"))
            s.notes.clear()
        else:
            self.call("/panic")
            for other in self.model.synths.values():
                other.notes.clear()
                other.reserved.clear()

    def step_voice(self):
        name, s = self.synth()
        if s.document is None: return
        if s.reserved and self.random.random() < 0.7:
            self.call(self.at(name, "/voice/free"), may_fail=GONE, voice=s.reserved.pop())
        elif len(s.reserved) < 2:
            s.reserved.add(self.call(self.at(name, "/voice/alloc"), key=60)["voice"])

    def step_synth(self):
        name = self.random.choice(SYNTHS)
        there = name in self.model.synths
        if self.random.random() < 0.6:
            self.call("/synth/new", expected=("conflict",) if there else None, name=name)
            if not there: self.model.synths[name] = self.new_synth()
        elif name == "main": self.call("/synth/free", expected=("denied", "bad-value", "conflict"), name=name)
        else:
            self.call("/synth/free", expected=None if there else ("not-found",), name=name)
            self.model.synths.pop(name, None)

    def new_synth(self):
        from model import Synth
        return Synth(self.modules)

    def step_fader(self):
        name = self.synth_name()
        value = self.random.choice([0, 0.5, 1, 4, 5])
        there = name in self.model.synths
        expected = None if there and value <= 4 else ("not-found",) if not there else ("bad-value",)
        if not there and value > 4: expected = ("not-found", "bad-value")
        self.call("/synth/fader", expected=expected, name=name, value=value)
        if expected is None: self.model.synths[name].fader = value

    def step_bus(self):
        buses = self.model.buses
        if buses and self.random.random() < 0.5:
            number = self.random.choice(list(buses))
            if self.random.random() < 0.4:
                self.call("/bus/free", bus=number)
                del buses[number]
            elif buses[number] == "control": self.call("/bus/set", bus=number, value=self.random.random())
            else: self.call("/bus/get", bus=number)
        elif len(buses) < 8:
            kind = self.random.choice(["audio", "control", "nonsense"])
            answer = self.call("/bus/new", expected=("bad-value",) if kind == "nonsense" else None, kind=kind)
            if answer: buses[answer["bus"]] = kind

    def step_state(self):
        file = f"{self.random.choice(FILES)}-{self.seed}.json"
        if self.random.random() < 0.5:
            self.call("/state/save", file=file)
            self.model.states[file] = self.model.snapshot()
            return
        expected = None if file in self.model.states else ("file", "not-found")
        self.call("/state/load", expected=expected, file=file)
        if expected is None:
            self.model.load_state(self.model.states[file])

    def step_ask(self):
        name, s = self.synth()
        self.call(self.random.choice(["/status", "/sync", "/synth/list", "/bus/list", "/ping", "/state/get"]))
        self.call(self.at(name, self.random.choice(["/voice/list", "/preset/list", "/knob/list"])),
                  expected=("not-found",) if s.document is None else None)

    def step_nonsense(self):
        self.call(self.random.choice(["/nothing", "/synth/nobody/knob/list", "/patch"]), expected=("not-found",))
        self.call("/knob/set", expected=("bad-type",), name=3, value="x")
        self.call("/hello", expected=("bad-type", "bad-value"), proto="one")

    def step_pause(self): time.sleep(self.random.choice([0.001, 0.003, 0.02]))

    STEPS = [(step_load, 2), (step_edit, 14), (step_undo, 5), (step_knob_set, 7), (step_param_set, 8), (step_get, 10), (step_preset, 4),
             (step_note, 10), (step_one_frame, 3), (step_controls, 2), (step_all_off, 1), (step_voice, 2), (step_synth, 2), (step_fader, 2),
             (step_bus, 3), (step_state, 1), (step_ask, 3), (step_nonsense, 1), (step_pause, 3)]

    # ---- the whole of it

    def check_all(self):
        """Everything that the server holds, against the model."""
        told = self.call("/synth/list")["synths"]
        assert set(told) == set(self.model.synths), f"synths {sorted(told)}, should be {sorted(self.model.synths)}"
        assert {b["bus"] for b in self.call("/bus/list")["buses"] if not b.get("node")} >= set(self.model.buses)
        for name, s in self.model.synths.items():
            assert near(told[name]["fader"], s.fader), f"fader of {name}: {told[name]['fader']}, should be {s.fader}"
            if s.document is not None: self.check_synth(name, s)

    def check_synth(self, name, s):
        answer = self.call(self.at(name, "/patch/get"))
        patch, d = answer["patch"], s.document
        nodes = patch.get("nodes", {})
        nodes = nodes if isinstance(nodes, dict) else {n["id"]: n for n in nodes}
        assert {id: n["type"] for id, n in nodes.items()} == {id: n["type"] for id, n in d.nodes.items()}, f"{name}: nodes {nodes}"
        cables = sorted(str((c["from"], c["to"], float(c.get("amount", 1)), c.get("as", "add"))) for c in patch.get("connections", []))
        wanted = sorted(str((list(c["from"]) if isinstance(c["from"], tuple) else c["from"], list(c["to"]), float(c["amount"]), c["as"]))
                        for c in d.cables)
        assert cables == wanted, f"{name}: cables {cables}, should be {wanted}"
        assert set(patch.get("presets", {})) == set(d.presets), f"{name}: presets"
        knobs = self.call(self.at(name, "/knob/list"))["knobs"]
        assert set(knobs) == set(d.knobs), f"{name}: knobs {sorted(knobs)}"
        for knob, row in knobs.items():
            assert near(row["value"], s.knob_value(knob)), f"{name}: knob {knob} {row['value']}, should be {s.knob_value(knob)}"
        for node in d.nodes:
            for param, row in self.call(self.at(name, "/param/list"), node=node)["params"].items():
                value = s.param_value(node, param)
                assert same(row.get("value"), value), f"{name}: {node}.{param} is {row.get('value')}, should be {value}"

    def check_silence(self):
        """With nothing held, no pedal down and no voice reserved, every note ends."""
        for name, s in self.model.synths.items():
            if s.document is None: continue
            for what in ("sustain", "sostenuto"): self.call(self.at(name, "/note/control"), what=what, value=0)
            for (client, id) in list(s.notes): self.call(self.at(name, "/note/off"), client=self.clients[client], may_fail=GONE, id=id)
            for voice in s.reserved: self.call(self.at(name, "/voice/free"), may_fail=GONE, voice=voice)
            s.notes.clear()
            s.reserved.clear()
        self.call("/sync")
        until = time.monotonic() + ENDING_SECONDS
        while held := {name: row["held"] for name, row in self.call("/synth/list")["synths"].items() if row["held"]}:
            assert time.monotonic() < until, f"notes that nobody holds are held: {held}"
            time.sleep(0.01)

    def play(self, steps):
        self.call("/state/load", state={"version": 1, "synths": {"main": {}}})
        self.call("/patch/load", patch=first_document().as_patch())
        self.model.synths["main"].load(first_document())
        names, weights = zip(*self.STEPS)
        for n in range(steps):
            self.random.choices(names, weights)[0](self)
            if n % 25 == 24: self.check_all()
        self.call("/sync")
        self.check_all()
        self.check_silence()
        self.check_all()
        for number in self.model.buses: self.call("/bus/free", bus=number)


def void(_): return None


def same(told, value): return told is None if value is None else told is not None and near(told, value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, help="run for so long")
    parser.add_argument("--sequences", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    began, done, counts = time.monotonic(), 0, collections.Counter()
    with Server(options.program, "--state", "none") as server:
        c = server.client("unix")
        modules = {name: c.call("/module/get", name=name)["module"] for name in c.call("/module/list")["modules"]}
        c.close()
        while time.monotonic() - began < options.seconds if options.seconds else done < options.sequences:
            seed = options.seed + done
            run = Run(server, modules, seed)
            try: run.play(options.steps)
            except Exception:
                for client, address, arguments in run.log[-12:]: print(f"  client {client}: {address} {json.dumps(arguments, default=str)[:600]}")
                print(f"model_run: a finding at step {len(run.log)} of --seed {seed} --sequences 1 --steps {options.steps}")
                raise
            finally: run.close()
            counts += run.counts
            done += 1
    print(f"{done} sequences, {counts.total()} commands of {len(counts)} kinds in {time.monotonic() - began:.0f} s: as the model says")


if __name__ == "__main__": main()
