#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bad_messages_test -- a corpus of what users send by mistake: the object lives and plays on as if it had not been sent,
`error` with a hint comes out of the info outlet, and Pd's "find last error" finds the object.
usage: bad_messages_test.py EXTERNALS EXAMPLES
"""
import os
import random
import sys

import pd

# message -> what the error has to say, the code first; `sync` follows each
CORPUS = [
    ("foo", "not-found no such message"),
    ("conect a.out b.in", "did you mean `connect`"),
    ("symbol keys", "not-found no such message: `keys`"),
    ("60", "bad-arguments"),
    ("60 100 a b", "bad-arguments"),
    ("128 100", "bad-value key"),
    ("-1 100", "bad-value key"),
    ("60 128", "bad-value velocity"),
    ("60 loud", "bad-value velocity: `loud`"),
    ("note sixty 100", "bad-value key"),
    ("note 60", "bad-arguments note"),
    ("noteoff", "bad-arguments"),
    ("noteoff 300", "bad-value"),
    ("60 100 " + "x" * 60, "limit a note's id"),
    ("bend 2", "bad-value bend"),
    ("press soft", "bad-value press"),
    ("sustain 64", "bad-value sustain"),
    ("cc 200 1", "bad-value cc"),
    ("midi 144 60 300", "bad-value midi"),
    ("midi one", "bad-value midi"),
    ("mode ploy", "bad-value note.mode: no such choice: `ploy`; did you mean `poly`"),
    ("steal maybe", "bad-value note.steal: no such choice"),
    ("set", "bad-arguments set"),
    ("set filt 3", "bad-value set: `filt` is no parameter"),
    ("set filt.freq", "bad-arguments"),
    ("set filt.cutof 3", "not-found edit: set filt.cutof: no such parameter"),
    ("set flit.freq 300", "did you mean `filt`"),
    ("set filt.freq 1e9", "bad-value filt.freq"),
    ("set filt.freq high", "bad-type filt.freq"),
    ("set filt.freq 300 -1", "bad-value filt.freq: a ramp"),
    ("knob cutof 0.5", "did you mean `cutoff`"),
    ("knob cutoff 64", "bad-value knob cutoff: a value is 0..1"),
    ("knob cutoff high", "bad-value"),
    ("knob cutoff", "bad-arguments"),
    ("newknob a 1 2", "bad-value newknob"),
    ("add", "bad-arguments add"),
    ("add x", "bad-arguments"),
    ("add x slv", "did you mean `svf`"),
    ("add filt svf", "duplicate"),
    ("add x svf freq", "bad-arguments the parameter `freq` has no value"),
    ("add x svf frequ 3", "did you mean `freq`"),
    ("add x svf freq -3", "bad-value"),
    ("add x svf freq 1e300", "bad-value"),
    ("remove nothing", "not-found edit: remove nothing"),
    ("rename nothing x", "not-found"),
    ("rename filt vca", "duplicate"),
    ("replace filt", "bad-arguments"),
    ("connect osc filt.in", "not-found"),
    ("connect osc.out filt", "bad-value `filt` is no end of a cable; write `node.input`"),
    ("connect osc.ot filt.in", "did you mean `out`"),
    ("connect filt.out filt.in", "cycle"),
    ("connect osc.out filt.in loud", "bad-value"),
    ("connect osc.out filt.in 1 2 3", "bad-arguments"),
    ("disconnect osc.out room.left", "not-found"),
    ("voices 0", "bad-value"),
    ("voices 5000", "4096"),
    ("voices many", "bad-type"),
    ("unknob nothing", "not-found"),
    ("commit", "missing commit: nothing was begun"),
    ("commit -5", "bad-value a fade lasts"),
    ("undo 9999", "bad-value a fade lasts"),
    ("redo", "redo"),
    ("read", "bad-arguments"),
    ("read missing.json", "file read missing.json: no such file"),
    ("read broken.json", "syntax broken.json"),
    ("read empty.json", "empty.json"),
    ("read noise.msgpack", "noise.msgpack"),
    ("read wrong.json", "not-found wrong.json: nodes.a.type: line 1 column"),
    ("bytes 1 2 300", "bad-value bytes: number 3"),
    ("bytes 123", "syntax bytes"),
    ("write /nowhere/at/all.json", "file /nowhere"),
    ("prepare a", "bad-arguments"),
    ("prepare a missing.json", "file prepare missing.json"),
    ("prepare a broken.json", "syntax prepare"),
    ("swap nothing", "not-found nothing: nothing was prepared"),
    ("swap a slowly", "bad-value a fade lasts"),
    ("get nothing", "not-found get nothing"),
    ("modules nothing", "not-found modules nothing"),
    ("poll -3", "bad-value"),
    ("poll 1", "limit poll"),
    ("preset", "bad-arguments"),
    ("preset recal warm", "bad-arguments preset: write"),
    ("preset recall nothing", "not-found there is no preset `nothing`"),
    ("preset morph", "bad-arguments preset: write"),
    ("preset morph nothing", "not-found there is no preset `nothing`"),
    ("wait 3", "bad-value wait"),
    ("state 1 2 300", "bad-value state: number 3"),
    ("state 1 2 3", "state"),
    ("save now", "bad-arguments save"),
    ("preset morph nothing slowly", "bad-value nothing: a ramp"),
    ("preset remove nothing", "not-found"),
    ("newpreset a cutoff", "bad-arguments newpreset"),
    ("newpreset a cutof 0.3", "did you mean `cutoff`"),
    ("sync now", "bad-arguments"),
    (" ".join(["60"] * 10000), "bad-arguments"),
    ("add x svf " + " ".join(f"p{i} {i}" for i in range(5000)), "no such parameter"),
    ("bytes " + " ".join(["7"] * 10000), "bytes"),
    ("note " + " ".join(["60"] * 10000), "bad-arguments"),
    ("knob " + " ".join(["a"] * 10000), "bad-arguments"),
]


def files(folder):
    contents = {"broken.json": b'{"nodes": [', "empty.json": b"", "noise.msgpack": random.Random(1).randbytes(500),
                "wrong.json": b'{"nodes": {"a": {"type": "nothing"}}}'}
    for name, content in contents.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def main():
    externals, examples = (os.path.abspath(argument) for argument in sys.argv[1:3])
    path = os.path.join(examples, "keys.json")
    notes = [(20, "synth 60 100 held"), (250, "synth 67 100")]
    script = []
    for i, (message, _) in enumerate(CORPUS):
        at = 30 + i * 4
        script += [(at, f"mark {i}"), (at, f"synth {message}"), (at, "synth sync"), (at, "pd finderror")]
    length = 30 + len(CORPUS) * 4 + 50

    def mark(patch):
        patch.connect(patch.add("r mark"), patch.add("print mark"))
    with pd.folder() as folder:
        files(folder)
        good, _ = pd.session(externals, folder, path, notes, milliseconds=length)
        live, said = pd.session(externals, folder, path, sorted(notes + script, key=lambda e: e[0]), milliseconds=length,
                                extra=mark)
    parts = said.split("mark: ")[1:]
    assert len(parts) == len(CORPUS)
    wrong = []
    for (message, expected), part in zip(CORPUS, parts):
        errors = [line.replace("\\", "") for line in part.splitlines() if line.startswith("info: error ")]
        if not any(expected in error for error in errors):
            wrong.append(f"{message[:80]}: expected `{expected}` in {errors[:3]}")
        if "last trackable error" not in part or "couldn't find" in part:
            wrong.append(f"{message[:80]}: not found by Pd: {part[-300:]}")
    assert not wrong, "\n".join(wrong)
    assert live == good, "a message that failed has changed the sound"
    print(f"{len(CORPUS)} bad messages: each told with its hint and found by Pd; {len(live[0])} frames as without them")


main()
