# SPDX-License-Identifier: MIT
"""answer_seeds -- answers, failures and notices as a server sends them, for fuzz_cli.

usage: answer_seeds.py FOLDER
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "server"))
from wire import bundle, message, pack  # noqa: E402

PACKETS = {
    "done": message("/done", 1, "/status", pack({"load": {"mean": 0.1}, "voices": 3, "synths": {"main": {"loaded": True}}})),
    "fail": message("/fail", 2, "/knob/set", "not-found", pack({"message": "no knob `x`", "path": "name", "errors": [{"line": 3}]})),
    "notice": message("/notice", "knob", pack({"name": "cutoff", "value": 0.5, "frame": -1, "none": None})),
    "tap": message("/tap", 3, pack({"samples": b"\0\0\x80\x3f"})),
    "progress": message("/progress", 4, 0.5),
    "bundle": bundle(message("/done", 5, "/ping", pack({}))),
}
for name, packet in PACKETS.items():
    with open(os.path.join(sys.argv[1], name), "wb") as file: file.write(b"1" + packet)
