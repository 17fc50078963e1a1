#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""osc_seeds -- the protocol's byte examples as seeds for fuzz_osc. usage: osc_seeds.py FOLDER"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "server"))
from wire import message, request

folder = pathlib.Path(sys.argv[1])
vectors = json.loads((pathlib.Path(__file__).parent.parent / "protocol/vectors.json").read_text())
for number, v in enumerate(vectors):
    data = bytes.fromhex(v["bytes"])
    if v["kind"] == "packet": seed = b"\x08" + data
    elif v["kind"] == "frames": seed = (b"\x01" if v["name"].startswith("slip") else b"\x00") + data
    else: seed = b"\x08" + message("/note/on", number + 1, data)
    (folder / f"vector-{number}").write_bytes(seed)
for number, address in enumerate(("/hello", "/status", "/sync", "/synth/new", "/voice/alloc", "/bus/new", "/bus/tap", "/knob/map", "/state/get",
                                  "/subscribe", "/preset/save", "/patch/undo", "/patch/check", "/note/set", "/param/get")):
    (folder / f"command-{number}").write_bytes(b"\x08" + request(1, address, name="x", key=60, bus=1, cc=7, node="filt", param="res"))
(folder / "empty-key").write_bytes(b"\x08" + message("/knob/set", 1, b"\x81\xa0\x01"))
