# SPDX-License-Identifier: MIT
"""model -- what a server should hold: synths with their documents, values, notes, buses; kept in the plainest way.

It knows nothing of engines, voices or time. A value that was set while the patch plays stays set through edits, undo, renames and
loads, until it is set again or the document itself changes it.
"""
import copy

FLOAT = 1e-5  # relative: values travel as 32-bit floats


def near(a, b): return a == b or abs(a - b) <= FLOAT * max(1e-3, abs(a), abs(b))


class Document:
    """Nodes, cables, knobs, presets."""

    def __init__(self):
        self.nodes = {}    # id -> {"type", "params"}
        self.cables = []   # {"from": (node, port) or knob, "to": (node, port), "amount", "as"}
        self.knobs = {}    # id -> {"value", "range"?, "scale"?}
        self.presets = {}  # id -> {"knobs": {}, "params": {node: {}}}
        self.voices = 8

    def written(self):
        """Every value that the document states, by what it belongs to."""
        values = {("knob", name): knob["value"] for name, knob in self.knobs.items()}
        for node, row in self.nodes.items():
            for param, value in row["params"].items(): values["param", node, param] = value
        return values

    def holds(self, key): return key[1] in (self.knobs if key[0] == "knob" else self.nodes)

    def has_cycle(self):
        """Whether cables lead from a node back to it."""
        after = {id: {c["to"][0] for c in self.cables if isinstance(c["from"], tuple) and c["from"][0] == id} for id in self.nodes}
        while ends := [id for id, nodes in after.items() if not nodes]:
            after = {id: nodes.difference(ends) for id, nodes in after.items() if id not in ends}
        return bool(after)

    def as_patch(self):
        """For /patch/load."""
        return {
            "voices": self.voices, "knobs": copy.deepcopy(self.knobs), "presets": copy.deepcopy(self.presets),
            "nodes": {id: {"type": row["type"], "params": dict(row["params"])} for id, row in self.nodes.items()},
            "connections": [{"from": list(c["from"]) if isinstance(c["from"], tuple) else c["from"], "to": list(c["to"]),
                             "amount": c["amount"], "as": c["as"]} for c in self.cables]}


class Wrong(Exception):
    """An operation that must be refused, with one of these codes. A list with several faults may name any of them first."""

    def __init__(self, *codes):
        super().__init__(codes)
        self.codes = codes


class Synth:
    def __init__(self, modules):
        self.modules = modules
        self.document, self.rev = None, 0
        self.undos, self.redos = [], []
        self.set = {}      # values that were set while it played, by key
        self.fader = 1.0
        self.notes = {}    # (client, id) -> handle, held
        self.reserved = set()

    # ---- documents

    def load(self, document):
        self.change(document, None)
        self.undos, self.redos = [], []

    def follow(self, new, renamed=None):
        """Another document in force: set values stay, except where the document itself says something new."""
        if self.document is not None:
            before, after = self.document.written(), new.written()
            for key in list(self.set):
                if renamed and key[1] == renamed[0] and key[0] == "param":
                    self.set[key[0], renamed[1], key[2]] = self.set.pop(key)
            if renamed:
                before = {(k[0], renamed[1], k[2]) if k[0] == "param" and k[1] == renamed[0] else k: v for k, v in before.items()}
            for key in list(self.set): self.follow_type(key, new)
            for key in list(self.set):
                if new.holds(key) and self.document_held(key, renamed) and before.get(key) != after.get(key) \
                        and not self.is_default(key, renamed, before, after, new):
                    del self.set[key]
        self.document = new
        for key, value in list(self.set.items()):  # what the document alone would give needs no remembering
            if new.holds(key) and self.is_known(key):
                del self.set[key]
                self.put(key, value)

    def is_default(self, key, renamed, before, after, new):
        """A default says the same whether it is written or not."""
        if key[0] == "knob": return False
        old, now = self.document.nodes[renamed[0] if renamed and key[1] == renamed[1] else key[1]], new.nodes[key[1]]
        default = next((p["default"] for p in self.modules[now["type"]]["params"] if p["name"] == key[2]), None)
        return old["type"] == now["type"] and before.get(key, default) == after.get(key, default)

    def follow_type(self, key, new):
        """A node of another type in the place of one: a choice goes by its name, a number if it is in the range, or is gone."""
        before, after = self.document.nodes.get(key[1]), new.nodes.get(key[1])
        if key[0] != "param" or not before or not after or before["type"] == after["type"]: return
        old, now = ({p["name"]: p for p in self.modules[node["type"]]["params"]}.get(key[2]) for node in (before, after))
        value = self.set.pop(key)
        if not old or not now or bool(old.get("choices")) != bool(now.get("choices")): return
        if not old.get("choices"):
            if now["min"] <= value <= now["max"]: self.set[key] = value
        elif old["choices"][int(value)] in now["choices"]: self.set[key] = float(now["choices"].index(old["choices"][int(value)]))

    def is_known(self, key):
        return key[0] == "knob" or any(p["name"] == key[2] for p in self.modules[self.document.nodes[key[1]]["type"]]["params"])

    def document_held(self, key, renamed):
        if renamed and key[0] == "param" and key[1] == renamed[1]: return True
        return self.document.holds(key)

    def edit(self, ops):
        new = copy.deepcopy(self.document)
        steps = [getattr(self, "op_" + op["op"])(new, op) for op in ops]  # False: all of it was there already
        self.check_outputs(new)
        if new.has_cycle(): raise Wrong("cycle", "not-found", "bad-type", "patch")
        named = [("param", op["id"], op["param"]) for op in ops if op["op"] == "set"]
        named += [("knob", op["id"]) for op in ops if op["op"] == "knob" and "value" in op]
        rename = next(((op["id"], op["to"]) for op in ops if op["op"] == "rename"), None)
        back = self.change(new, rename, named)
        if any(step is not False for step in steps): self.undos.append(back)
        self.redos = []

    def check_outputs(self, d):
        for node in d.nodes.values():
            if node["type"] == "output" and node["params"].get("first", 1) + node["params"].get("channels", 2) > 65:
                raise Wrong("limit", "cycle", "not-found", "bad-type", "patch")

    def change(self, new, rename, named=()):
        """Another document in force. What an edit names is set by it, whatever it was before.
        @return what leads back: the document, a rename, and the values that it lost
        """
        before, held = self.document, dict(self.set)
        for key in named: self.set.pop(key, None)
        self.follow(new, rename)
        for key in list(self.set):
            if not new.holds(key): del self.set[key]
        lost = {key: value for key, value in held.items() if self.renamed(key, rename) not in self.set}
        self.rev += 1
        return before, rename and rename[::-1], lost

    @staticmethod
    def renamed(key, rename):
        return (key[0], rename[1], key[2]) if rename and key[0] == "param" and key[1] == rename[0] else key

    def back(self, source, target):
        if not source: raise Wrong("not-found")
        document, rename, lost = source.pop()
        target.append(self.change(document, rename))
        self.set.update(lost)

    def undo(self): self.back(self.undos, self.redos)

    def redo(self): self.back(self.redos, self.undos)

    def node(self, d, id):
        if id not in d.nodes: raise Wrong("not-found", "bad-type", "patch")
        return d.nodes[id]

    def row(self, d, id, param):
        rows = {p["name"]: p for p in self.modules[self.node(d, id)["type"]]["params"]}
        if param not in rows: raise Wrong("not-found", "bad-type", "patch")
        return rows[param]

    def op_add(self, d, op):
        if op["type"] not in self.modules: raise Wrong("not-found", "bad-type", "patch")
        params = dict(op.get("params", {}))
        if op["id"] in d.nodes:
            if d.nodes[op["id"]] == {"type": op["type"], "params": params}: return False
            raise Wrong("conflict", "patch")
        d.nodes[op["id"]] = {"type": op["type"], "params": params}

    def op_remove(self, d, op):
        self.node(d, op["id"])
        del d.nodes[op["id"]]
        d.cables = [c for c in d.cables if op["id"] not in (c["to"][0], c["from"][0] if isinstance(c["from"], tuple) else None)]
        for preset in d.presets.values(): preset["params"].pop(op["id"], None)

    def op_connect(self, d, op):
        source, to = op["from"], op["to"]
        if isinstance(source, list):
            outputs = [o["name"] for o in self.modules[self.node(d, source[0])["type"]]["outputs"]]
            if source[1] not in outputs: raise Wrong("not-found", "bad-type", "patch")
        elif source not in d.knobs: raise Wrong("not-found", "bad-type", "patch")
        module = self.modules[self.node(d, to[0])["type"]]
        if to[1] not in [p["name"] for p in module["inputs"] + module["params"]]: raise Wrong("not-found", "bad-type", "patch")
        if any(p["name"] == to[1] and p.get("fixed") for p in module["params"]): raise Wrong("bad-type", "not-found", "patch")
        source = tuple(source) if isinstance(source, list) else source
        cable = {"from": source, "to": tuple(to), "amount": op.get("amount", 1), "as": op.get("as", "add")}
        if cable in d.cables: return False
        if any(c["from"] == source and c["to"] == tuple(to) for c in d.cables): raise Wrong("conflict", "patch")
        d.cables.append(cable)

    def op_disconnect(self, d, op):
        source = tuple(op["from"]) if isinstance(op["from"], list) else op["from"]
        for c in d.cables:
            if c["from"] == source and c["to"] == tuple(op["to"]):
                d.cables.remove(c)
                return
        raise Wrong("not-found", "bad-type", "patch")

    def op_set(self, d, op):
        row = self.row(d, op["id"], op["param"])
        if not row["min"] <= op["value"] <= row["max"]: raise Wrong("bad-value", "patch")
        if row.get("fixed") and op["value"] % 1: raise Wrong("bad-value", "patch")
        d.nodes[op["id"]]["params"][op["param"]] = op["value"]

    def op_rename(self, d, op):
        self.node(d, op["id"])
        if op["to"] in d.nodes and op["to"] != op["id"]: raise Wrong("conflict", "patch")
        d.nodes = {op["to"] if id == op["id"] else id: row for id, row in d.nodes.items()}

        def named(end): return (op["to"], end[1]) if isinstance(end, tuple) and end[0] == op["id"] else end
        for c in d.cables: c["from"], c["to"] = named(c["from"]), named(c["to"])
        for preset in d.presets.values():
            if op["id"] in preset["params"]: preset["params"][op["to"]] = preset["params"].pop(op["id"])

    def op_knob(self, d, op):
        if not 0 <= op.get("value", 0) <= 1: raise Wrong("bad-value", "patch")
        knob = d.knobs.setdefault(op["id"], {"value": 0})
        knob.update({k: op[k] for k in ("value", "range", "scale") if k in op})

    def op_unknob(self, d, op):
        if op["id"] not in d.knobs: raise Wrong("not-found", "bad-type", "patch")
        del d.knobs[op["id"]]
        d.cables = [c for c in d.cables if c["from"] != op["id"]]
        for preset in d.presets.values(): preset["knobs"].pop(op["id"], None)

    def op_voices(self, d, op):
        if not 1 <= op["count"] <= 4096: raise Wrong("bad-value", "limit", "patch")
        d.voices = op["count"]

    # ---- values

    def knob_value(self, name):
        if self.document is None or name not in self.document.knobs: raise Wrong("not-found")
        return self.set.get(("knob", name), self.document.knobs[name]["value"])

    def has_adding_cable(self, node, param):
        return any(c["to"] == (node, param) and c["as"] == "add" for c in self.document.cables)

    def param_value(self, node, param):
        """Where nothing is written and cables add it is 0."""
        if self.document is None: raise Wrong("not-found")
        row = self.row(self.document, node, param)
        key = "param", node, param
        if key in self.set: return self.set[key]
        params = self.document.nodes[node]["params"]
        if param in params: return params[param]
        return 0.0 if self.has_adding_cable(node, param) else row["default"]

    def states(self, node, param):
        """Whether a value belongs to the parameter, rather than to the cables that add to it: those add to 0."""
        key, row = ("param", node, param), self.row(self.document, node, param)
        if row.get("fixed"): return False
        written = key in self.set or param in self.document.nodes[node]["params"]
        return written or row["default"] == 0 or not self.has_adding_cable(node, param)

    def set_knob(self, name, value):
        if not 0 <= value <= 1: raise Wrong("bad-value")
        self.knob_value(name)
        self.put(("knob", name), value)

    def put(self, key, value):
        """A value that is set; where the document says the same there is nothing to remember."""
        self.set.pop(key, None)
        documented = self.knob_value(key[1]) if key[0] == "knob" else self.param_value(*key[1:])
        if not near(value, documented): self.set[key] = value

    def set_param(self, node, param, value):
        if self.document is None: raise Wrong("not-found")
        row = self.row(self.document, node, param)
        if row.get("fixed") or not row["min"] <= value <= row["max"]: raise Wrong("bad-value")
        self.put(("param", node, param), value)

    def as_it_sounds(self):
        """The document with the values that were set in it."""
        if self.document is None: return None
        d = copy.deepcopy(self.document)
        for key, value in self.set.items():
            if not d.holds(key): continue
            if key[0] == "knob": d.knobs[key[1]]["value"] = value
            elif any(p["name"] == key[2] for p in self.modules[d.nodes[key[1]]["type"]]["params"]): d.nodes[key[1]]["params"][key[2]] = value
        return d

    def save_preset(self, name):
        new = copy.deepcopy(self.document)
        params = {}
        for node, row in new.nodes.items():
            values = {p["name"]: self.param_value(node, p["name"]) for p in self.modules[row["type"]]["params"]}
            params[node] = {param: value for param, value in values.items() if self.states(node, param)}
        new.presets[name] = {"knobs": {knob: self.knob_value(knob) for knob in new.knobs}, "params": params}
        self.undos.append(self.change(new, None))
        self.redos = []

    def recall(self, name):
        if self.document is None or name not in self.document.presets: raise Wrong("not-found")
        preset = self.document.presets[name]
        for knob, value in preset["knobs"].items(): self.put(("knob", knob), value)
        for node, params in preset["params"].items():
            for param, value in params.items(): self.put(("param", node, param), value)


class Model:
    def __init__(self, modules):
        self.modules = modules
        self.synths = {"main": Synth(modules)}
        self.buses = {}   # number -> {"kind", "value"}
        self.states = {}  # file -> the synths as they were

    def snapshot(self):
        """What a state holds: documents that say where all values stand, and the faders."""
        return {name: copy.deepcopy({"document": s.as_it_sounds(), "fader": s.fader}) for name, s in self.synths.items()}

    def load_state(self, kept):
        self.synths = {}
        for name, row in copy.deepcopy(kept).items():
            s = self.synths[name] = Synth(self.modules)
            s.document, s.fader = row["document"], row["fader"]
