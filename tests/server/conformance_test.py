#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""conformance_test -- tests/protocol/vectors.json against a real server, and docs/protocol.md against its tables.

usage: conformance_test.py MEGASYNTHD
"""
import json
import pathlib
import subprocess
import sys
import time

from wire import Client, PATCH, Server, message, pack, parse, run

PROGRAM = sys.argv[1]
TOP = pathlib.Path(__file__).parent.parent.parent
VECTORS = json.loads((TOP / "tests/protocol/vectors.json").read_text())


def said_to(c, packet):
    """What comes of one packet: nothing, done, or a code."""
    c.send(packet)
    data = packet.find(b",ib\0")
    if data >= 0 and not packet.startswith(b"#"):  # a request: its answer
        number = int.from_bytes(packet[data + 4:data + 8], "big")
        while number not in c.answers: assert c.receive(5), "no answer"
        address, values = c.answers[number]
        return "done" if address == "/done" else values[2]
    c.send(message("/fence"))  # what is not there is answered: so all before it is
    while not any(v[1] == "/fence" for v in c.unasked): assert c.receive(5), "no answer"
    return next((v[2] for v in c.unasked if v[1] != "/fence"), "nothing")


def packets():
    count = 0
    with Server(PROGRAM, "--state", "none") as s:
        for kind in ("unix", "udp"):
            base = s.client(kind)
            base.call("/patch/load", patch=PATCH)
            for v in VECTORS:
                if v["kind"] != "packet": continue
                c = s.client(kind)  # each with its own count of failures
                c.call("/ping")  # a first packet that is no OSC would cut it without a word
                got = said_to(c, bytes.fromhex(v["bytes"]))
                assert got == v["expect"], (kind, v["name"], got)
                c.close()
                count += 1
    return f"{count} packets"


def payloads():
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client("tcp")
        chosen = [v for v in VECTORS if v["kind"] == "payload"]
        for n, v in enumerate(chosen, 1):
            blob = bytes.fromhex(v["bytes"])
            c.send(message("/ping" if b"key" not in blob else "/note/on", n, blob))
            while n not in c.answers: assert c.receive(5)
            address, values = c.answers[n]
            got = "ok" if address == "/done" else values[2]
            if b"key" in blob and got == "not-found": got = "ok"  # there is no patch to play: it was read
            assert got == v["expect"], (v["name"], got, values)
    return f"{len(chosen)} payloads"


def frames():
    with Server(PROGRAM, "--state", "none") as s:
        chosen = [v for v in VECTORS if v["kind"] == "frames"]
        for v in chosen:
            c = s.client("tcp", framing="slip" if v["name"].startswith("slip") else "length")
            before = s.client("unix").call("/status")["counts"]["packets"]
            c.socket.sendall(bytes.fromhex(v["bytes"]))
            got, until = 0, time.monotonic() + 5
            while got < len(v["packets"]) and time.monotonic() < until:
                got = s.client("unix").call("/status")["counts"]["packets"] - before - 1
                before += 1
            assert got == len(v["packets"]), (v["name"], got)
    return f"{len(chosen)} streams"


def pages():
    printed = subprocess.run([PROGRAM, "--print-protocol"], capture_output=True, text=True, check=True).stdout
    assert printed == (TOP / "docs/protocol.md").read_text(), "docs/protocol.md: write it anew with megasynthd --print-protocol"
    made = subprocess.run([sys.executable, TOP / "tests/protocol/make_vectors.py"], capture_output=True, text=True, check=True).stdout
    assert made == (TOP / "tests/protocol/vectors.json").read_text(), "vectors.json: write it anew with make_vectors.py"


run([packets, payloads, frames, pages], "conformance_test")
