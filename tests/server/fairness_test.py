#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fairness_test -- one client that asks for very much: nobody else waits behind it, nobody is kept out, and memory stays bounded.

usage: fairness_test.py MEGASYNTHD
"""
import contextlib
import os
import socket
import struct
import sys
import time

from wire import PATCH, Server, message, request, run

PROGRAM = os.path.abspath(sys.argv[1])
MIB = 1 << 20


def answers_so_far(c):
    while c.receive(0): pass
    return len(c.answers)


def reads_between_requests():
    """Thousands of /status at 64 synths, sent at once, over each transport: another's /ping is answered long before they are."""
    said = []
    with Server(PROGRAM, "--state", "none") as s:
        b = s.client()
        for i in range(63): b.call("/synth/new", name=f"s{i}")
        for kind, count in (("unix", 1500), ("tcp", 1500), ("udp", 1500)):
            for other in ("unix", "tcp", "udp"):
                a, b = s.client(kind), s.client(other)
                b.call("/ping")
                began, worst = time.monotonic(), 0
                a.send(*[request(i + 1, "/status") for i in range(count)])
                while len(a.answers) < (count if kind != "udp" else 1) and time.monotonic() < began + 60:
                    start = time.monotonic()
                    b.call("/ping")
                    worst = max(worst, time.monotonic() - start)
                    a.receive(0)
                took = time.monotonic() - began
                if kind != "udp": assert len(a.answers) == count and worst < took / 4, (kind, other, worst, took)
                said.append((worst, took))
                a.close()
    return f"pings beside {count} requests: the slowest {1e3 * max(said)[0]:.1f} ms, where the requests took {max(said)[1]:.2f} s"


def reads_between_builds():
    """A client that checks hundreds of large documents: another reads, edits and plays meanwhile."""
    big = {"nodes": {"out": {"type": "output"}, **{f"g{i}": {"type": "osc.sine"} for i in range(600)}},
           "connections": [{"from": [f"g{i}", "out"], "to": ["out", "in"]} for i in range(600)]}
    with Server(PROGRAM, "--state", "none") as s:
        a, b, watch = s.client(), s.client("tcp"), s.client("unix")
        b.call("/patch/load", patch=PATCH)
        count = 100
        for i in range(count): a.ask("/patch/check", patch=big)
        until = time.monotonic() + 30
        while watch.call("/status")["queues"]["build"] < count // 2 and time.monotonic() < until: time.sleep(0.01)
        before, start = answers_so_far(a), time.monotonic()
        assert b.call("/knob/get", name="cutoff")["value"] == 0.5
        b.call("/patch/add", id="more", type="gain")
        b.call("/param/set", node="more", param="amp", value=0.5)  # waits for its own build, not for others'
        assert b.call("/param/get", node="more", param="amp")["value"] == 0.5
        b.call("/sync")
        took, between = time.monotonic() - start, answers_so_far(a) - before
        assert between <= 12 and before + between < count, (before, between)
        return f"five calls in {1e3 * took:.0f} ms, {between} of {count} checks between them"


def silent_connections():
    """More of them than there is room for: the owner's unix socket, and whoever says something, are let in."""
    with Server(PROGRAM, "--state", "none") as s:
        many = []
        with contextlib.suppress(OSError):
            for _ in range(900): many.append(s.client("tcp"))
        for _ in range(5): s.client().call("/ping")
        u = s.client("udp")
        u.call("/ping")
        c = s.client()
        assert c.call("/status")["queues"]["streams"] <= 512 + 256
        for m in many: m.close()
        until = time.monotonic() + 20
        while c.call("/status")["queues"]["streams"] > 20 and time.monotonic() < until: time.sleep(0.05)
        s.client("tcp").call("/ping")
        return f"{len(many)} silent connections"


with open(PROGRAM, "rb") as program: SANITIZED = b"__asan_init" in program.read()  # keeps what is freed, so memory tells nothing


def resident(s):
    if SANITIZED: return 0
    with open(f"/proc/{s.process.pid}/status") as f: return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def half_frames():
    """A hundred frames of 12 MiB, but for the last byte: 64 MiB of them are kept, and nothing once they are gone."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        c.call("/ping")
        before, worst = resident(s), 0
        made = []
        for _ in range(100):
            h = s.client("tcp")
            made.append(h)
            with contextlib.suppress(OSError):
                h.call("/ping")
                h.socket.settimeout(20)
                h.socket.sendall(struct.pack(">I", 12 * MIB) + b"/" + b"x" * (12 * MIB - 2))
            worst = max(worst, resident(s))
            c.call("/ping")
        assert worst < before + 64 + 48, (before, worst)
        for h in made: h.close()
        until = time.monotonic() + 20
        while resident(s) > before + 40 and time.monotonic() < until: time.sleep(0.05)
        assert resident(s) < before + 40, (before, resident(s))
        return f"at most {worst - before:.0f} MiB, {resident(s) - before:.0f} afterwards"


def deaf_clients():
    """Twenty that ask for long answers and never read: 96 MiB for all of them, given back when they are cut."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        c.call("/ping")
        nodes = {f"n{i}": {"type": "gain", "x-note": "x" * 900} for i in range(4000)}
        c.call("/patch/load", patch={"nodes": dict(nodes, out={"type": "output"}), "connections": []})
        before, worst = resident(s), 0
        made = [s.client("unix") for _ in range(20)]
        for d in made:
            d.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            d.socket.settimeout(5)
            with contextlib.suppress(OSError): d.send(*[request(i + 1, "/patch/get", format="json") for i in range(12)])
        until = time.monotonic() + 25
        while time.monotonic() < until and c.call("/status")["counts"]["cut"] < 20:
            worst = max(worst, resident(s))
            time.sleep(0.02)
        assert c.call("/status")["counts"]["cut"] >= 10
        assert worst < before + 96 + 128, (before, worst)
        for d in made: d.close()
        until = time.monotonic() + 20
        while resident(s) > before + 80 and time.monotonic() < until: time.sleep(0.05)
        assert resident(s) < before + 80, (before, resident(s))
        return f"at most {worst - before:.0f} MiB more, {resident(s) - before:.0f} afterwards"


run([reads_between_requests, reads_between_builds, silent_connections, half_frames, deaf_clients], "fairness_test")
