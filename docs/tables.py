#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tables -- the tables of docs/patch.md, docs/score.md and docs/live.md that the code states: printed from it, and compared.

A table stands between `<!-- table NAME ... -->` and `<!-- end -->`. tests/integration/docs_test.py --update writes them anew.
"""
import json
import os
import re
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = re.compile(r"(<!-- table (\w+)[^>]*-->\n)(.*?)(<!-- end -->)", re.S)


class Stale(Exception):
    pass


def source(path):
    with open(f"{ROOT}/{path}") as file: return file.read()


def rows(heading, lines):
    columns = heading.count("|") + 1
    return "\n".join([f"| {heading} |", "|" + " --- |" * columns, *(f"| {' | '.join(line)} |" for line in lines)]) + "\n"


# ---- what a patch is made of ----------------------------------------------------------------------

CATEGORIES = {"source": "sources", "filter": "filters", "control": "modulation", "math": "arithmetic", "effect": "effects",
              "io": "inputs and outputs"}


def modules(program):
    listing = json.loads(subprocess.run([program, "modules", "--json"], capture_output=True, check=True).stdout)["modules"]
    return rows("category | types", [
        (name, ", ".join(f"`{m['name']}`" for m in listing if m["category"] == category)) for category, name in CATEGORIES.items()])


# ---- limits ---------------------------------------------------------------------------------------

PATCH_LIMITS = {  # constants of engine/document/patch.h, in words; their values are printed
    "MEGA_DOCUMENT_BYTES_MAX": "bytes of a document's text",
    "MEGA_DEPTH_MAX": "arrays and objects inside one another",
    "MEGA_VALUES_MAX": "values in a document",
    "MEGA_NODES_MAX": "nodes",
    "MEGA_CABLES_MAX": "cables",
    "MEGA_KNOBS_MAX": "knobs",
    "MEGA_PRESETS_MAX": "presets",
    "MEGA_PRESET_VALUES_MAX": "values in all presets together",
    "MEGA_VOICES_MAX": "voices",
    "MEGA_ID_BYTES_MAX": "bytes of an id",
}
EDIT_LIMITS = {  # of engine/document/edit.h
    "MEGA_OPERATIONS_MAX": "operations in one edit",
    "MEGA_WORDS_BYTES_MAX": "bytes of all `x-` keys, the name, units and docs together",
    "MEGA_WORDS_VALUES_MAX": "values in all `x-` keys together",
    "MEGA_HISTORY_EDITS_MAX": "edits that can be undone",
    "MEGA_HISTORY_BYTES_MAX": "bytes that the undo history may take",
}


def constants(path, words):
    """`NAME = 16 << 20,` or `#define NAME 64` for each: the value, computed."""
    text, lines = source(path), []
    for name, meaning in words.items():
        found = re.search(rf"\b{name}\s*=\s*([\d <]+)[,;]", text)
        if not found: raise Stale(f"{path} has no {name}")
        value = eval(found[1])  # digits and << only
        lines.append((f"`{name}`", f"{value:,}", meaning))
    return rows("limit | at most | of", lines)


# ---- operations -----------------------------------------------------------------------------------

def operations(program):
    """From the help of `diff`, which lists them: operation, keys, note."""
    text = subprocess.run([program, "diff", "--help"], capture_output=True, check=True, text=True).stdout
    lines = []
    for line in text[text.index("Operations"):].splitlines()[1:]:
        # The note begins at a column of its own, or two spaces after keys that are longer.
        found = re.match(r"  (\w+) +(?=.{35}\S)(?<=^.{14})(.{35})(.*)$", line) if line[48:49] == " " else None
        found = found or re.match(r"  (\w+) +(.+?)(?:  +(.*))?$", line)
        if not found: continue
        name, keys, note = found[1], found[2].strip(), (found[3] or "").strip()
        wanted, _, others = keys.partition(" | ")
        code = lambda words: re.sub(r"\b(?!or\b|and\b)(\w+)", r"`\1`", words)  # noqa: E731
        if note and re.search(r'[{\["]', note) and "null" not in note: note = f"`{note.split(', or')[0]}`" + note[len(note.split(", or")[0]):]
        lines.append((f"`{name}`", code(wanted), code(others), note))
    return rows("operation | keys it needs | keys it may have | ", lines)


# ---- scores ---------------------------------------------------------------------------------------

def items(_):
    lines = re.findall(r'^ITEM\("(\w+)", LIST\((.*?)\), \w+,\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)', source("engine/time/score_items.def"), re.M)
    table = []
    for name, keys, doc in lines:
        others = [key for key in re.findall(r'"(\w+)"', keys) if key not in ("at", name)]
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', doc)).replace('\\"', '"')
        table.append((f"`{name}`", ", ".join(f"`{key}`" for key in others), text))
    return rows("item | its other keys | what it does", table)


PRINTED = {"modules": modules, "limits": lambda _: constants("engine/document/patch.h", PATCH_LIMITS),
           "edit_limits": lambda _: constants("engine/document/edit.h", EDIT_LIMITS), "operations": operations, "items": items}


# ---- keys: tables with explanations, whose first column must be what the program accepts ------------

WRONG = {  # a document with an unknown key, whose error lists the known ones
    "patch": {"nodes": {}, "zzzzzzzz": 0},
    "knob": {"nodes": {}, "knobs": {"k": {"zzzzzzzz": 0}}},
    "node": {"nodes": {"n": {"type": "gain", "zzzzzzzz": 0}}},
    "connection": {"nodes": {}, "connections": [{"zzzzzzzz": 0}]},
    "preset": {"nodes": {}, "presets": {"p": {"zzzzzzzz": 0}}},
}


def known_keys(kind, program):
    said = subprocess.run([program, "check", "/dev/stdin", "--json"], input=json.dumps(WRONG[kind]), capture_output=True, text=True).stdout
    if not said:  # the format is told by the name
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/a.json", "w") as out: json.dump(WRONG[kind], out)
            said = subprocess.run([program, "check", folder + "/a.json", "--json"], capture_output=True, text=True).stdout
    hints = [d["hint"] for d in json.loads(said)["diagnostics"] if d["code"] == "unknown-key"]
    return set(hints[0].partition(": ")[2].split(", "))


def check_keys(kind, table, program):
    # an unknown key's hint may name a near one; then it lists none, and the test says so
    listed = set(re.findall(r"^\| `(\w+)`", table, re.M))
    wanted = known_keys(kind, program)
    if listed != wanted: raise Stale(f"the keys of a {kind} are {sorted(wanted)}, the table has {sorted(listed)}")


# ---- all ------------------------------------------------------------------------------------------

def written(text, program):
    return TABLE.sub(lambda m: m[1] + (PRINTED[m[2]](program) if m[2] in PRINTED else m[3]) + m[4], text)


def check(name, text, program):
    for _, table, body, _ in TABLE.findall(text):
        if table.startswith("keys_"): check_keys(table[5:], body, program)
        elif table not in PRINTED: raise Stale(f"docs/{name}: nobody prints the table `{table}`")
    if written(text, program) != text:
        raise Stale(f"docs/{name}: its tables are old: tests/integration/docs_test.py --update writes them anew")


def write(name, program):
    text = source("docs/" + name)
    with open(f"{ROOT}/docs/{name}", "w") as out: out.write(written(text, program))
