#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""limits_test -- clients that push: tokens, silence before them, readers that do not read, frames too long, broken streams.

usage: limits_test.py MEGASYNTHD
"""
import os
import random
import socket
import struct
import subprocess
import sys
import time

from wire import Client, Failed, PATCH, Server, bundle, message, pack, parse, request, run, slip

PROGRAM = sys.argv[1]
server = Server(PROGRAM, "--state", "none")


def alive():
    c = server.client("tcp")
    start = time.monotonic()
    c.call("/status")
    return time.monotonic() - start


def fails_unasked(c, code):
    until = time.monotonic() + 5
    while not c.unasked and time.monotonic() < until:
        if c.receive(0.1) is None: break
    assert c.unasked and c.unasked[0][2] == code, (code, c.unasked)
    c.unasked.clear()


def closed(c):
    until = time.monotonic() + 8
    while time.monotonic() < until:
        if c.receive(0.1) is None: return True
    return False


def framing():
    c = server.client("tcp")
    c.call("/ping")
    c.socket.sendall(struct.pack(">I", 17 << 20))  # too long, told, left out: the stream goes on
    fails_unasked(c, "too-big")
    for _ in range(17): c.socket.sendall(b"x" * (1 << 20))
    c.call("/ping")
    for bad, code in ((b"abc", "bad-packet"), (b"abcd", "bad-packet"), (b"/ab\0,x\0\0", "bad-packet"), (b"/a b\0\0\0\0,\0\0\0", "bad-packet"),
                      (b"#bundle\0" + b"\0" * 4, "bad-packet"), (b"/ping\0\0\0,[i]\0\0\0\0\0\0\0\1", "bad-packet")):
        c.send(bad)
        fails_unasked(c, code)
    c.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")  # no length of ours, from a client that is known: told, then closed
    fails_unasked(c, "too-big")
    assert closed(c)
    # byte by byte, and all at once
    for framing in ("length", "slip"):
        c = server.client("tcp", framing=framing)
        data = b"".join(c.frame(request(n, "/ping")) for n in range(1, 40))
        for i in range(len(data) // 2): c.socket.sendall(data[i:i + 1])
        c.socket.sendall(data[len(data) // 2:])
        for n in range(1, 40): c.answer(n)
    c = server.client("tcp", framing="slip")
    c.call("/ping")
    c.socket.sendall(b"\xc0ab\xdbc\xc0")
    fails_unasked(c, "bad-packet")
    c.call("/ping")


def many_failures():
    """Plain failures: twenty a second are told, the rest counted; all requests are answered."""
    c = server.client("unix")
    before = server.client("tcp").call("/status")["counts"]["failures_unsaid"]
    c.send(*[message("/nothing") for _ in range(500)])
    c.call("/sync")
    unsaid = server.client("tcp").call("/status")["counts"]["failures_unsaid"] - before
    assert 20 <= len(c.unasked) <= 41 and len(c.unasked) + unsaid == 500, (len(c.unasked), unsaid)
    return f"{len(c.unasked)} told, {unsaid} counted"


def timed_cap():
    c = server.client("unix")
    c.call("/patch/load", patch=PATCH)
    far = c.call("/clock")["frame"] + 48000 * 3600
    numbers = [c.ask("/knob/set", name="cutoff", value=0.5, at={"frame": far + n}) for n in range(4100)]
    codes = []
    for number in numbers:
        try: c.answer(number)
        except Failed as failed: codes.append((failed.code, failed.details.get("limit")))
    assert codes == [("limit", "timed_max")] * 4, codes[:5]


def cut_in_a_bundle():
    """A client killed while it sends a bundle has sent nothing of it."""
    c = server.client("tcp")
    c.call("/patch/load", patch=PATCH)
    rev, notes = c.call("/patch/get")["rev"], c.call("/status")["synths"]["main"]["notes"]
    packet = bundle(*[request(n, "/patch/add", id=f"n{n}", type="gain") for n in range(1, 30)], *[message("/note/on", 60, 0.5)] * 30)
    for part in (10, len(packet) // 2, len(packet) - 1):
        code = (f"import socket,sys,os\ns=socket.create_connection(('127.0.0.1',{server.urls['tcp'].rsplit(':', 1)[1]}))\n"
                f"s.sendall(bytes.fromhex('{(struct.pack('>I', len(packet)) + packet)[:part + 4].hex()}'))\nos.kill(os.getpid(),9)")
        assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    c.call("/sync")
    assert c.call("/patch/get")["rev"] == rev and c.call("/status")["synths"]["main"]["notes"] == notes
    # the whole of it is taken even if the client is gone by then
    other = server.client("tcp")
    other.next = 1000
    other.call("/ping")
    other.send(packet)
    other.close()
    until = time.monotonic() + 5
    while c.call("/patch/get")["rev"] == rev and time.monotonic() < until: time.sleep(0.01)
    assert c.call("/patch/get")["rev"] == rev + 1


def slow_reader():
    """A client that does not read: held back, then told and cut; nobody else notices."""
    c = server.client("unix")
    c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.socket.settimeout(0.2)
    packet, sent, start = c.frame(request(1, "/command/list")), 0, time.monotonic()
    worst = 0
    try:
        number = 0
        while time.monotonic() < start + 12:
            number += 1
            try: c.socket.sendall(c.frame(request(number, "/command/list")))
            except TimeoutError: worst = max(worst, alive())
    except (BrokenPipeError, ConnectionResetError): pass
    took = time.monotonic() - start
    assert took < 11 and server.client("tcp").call("/status")["counts"]["cut"] >= 1
    return f"cut after {took:.1f} s; others waited {1e3 * worst:.1f} ms at most"


def tokens():
    folder = server.folder
    with open(folder + "/token", "w") as f: f.write("a secret of some length\n")
    os.chmod(folder + "/token", 0o600)
    with Server(PROGRAM, "--state", "none", "--token-file", folder + "/token") as s:
        assert s.client("unix").call("/status")
        c = s.client("tcp")
        c.fails("denied", "/status")
        c.fails("denied", "/hello")
        start = time.monotonic()
        wrong = c.ask("/hello", token="a secret of some lengti")
        c.fails("denied", "/hello", token="a secret of some length")  # not before the wrong one is answered
        s.client("unix").call("/ping")  # nobody else waits
        try: raise AssertionError(c.answer(wrong))
        except Failed as failed: assert failed.code == "denied" and time.monotonic() - start > 0.45, failed
        assert s.log_text().count("token.wrong: tcp 127.0.0.1:") == 1
        c.call("/hello", token="a secret of some length")
        c.call("/status")
        u = s.client("udp")
        u.fails("denied", "/status")
        u.call("/hello", token="a secret of some length")
        u.call("/status")
        # silence: told after two seconds, and closed; eight of them keep nobody out who says hello
        silent = [s.client("tcp") for _ in range(8)]
        time.sleep(0.1)
        for _ in range(20): s.client("tcp").call("/hello", token="a secret of some length")
        c.call("/status")
        start = time.monotonic()
        assert all(closed(guest) for guest in silent)
        took = time.monotonic() - start
        assert took < 4, took
        # too much before /hello
        loud = s.client("tcp")
        try:
            for _ in range(20): loud.socket.sendall(loud.frame(message("/hello", "x" * 4000)))
        except OSError: pass
        assert closed(loud)
        s.client("tcp").call("/hello", token="a secret of some length")
    return f"silent guests went after {took:.1f} s"


def below_the_root():
    c = server.client("unix")
    os.symlink("/etc", server.folder + "/link")
    for path in ("/etc/passwd.json", "../x.json", "a/../../x.json", "link/x.json"):
        for command in ("/patch/load", "/state/save", "/state/load"): c.fails("file", command, file=path)
        try: raise AssertionError(c.call("/record/start", file=path.replace(".json", ".wav")))
        except Failed as failed: assert failed.code in ("bad-value", "file"), failed


def noise():
    """Random and broken packets over each transport: all that is asked for is answered afterwards."""
    random.seed(1)
    good = [message("/note/on", 60, 0.5), message("/knob/set", "cutoff", 0.5), request(7, "/status"), request(8, "/patch/load", patch=PATCH),
            bundle(message("/note/on", 60, 0.5), message("/note/off", 60)), message("/param/set", "filt", "res", 0.5)]
    count = 0
    for kind, framing in (("unix", "length"), ("tcp", "slip"), ("udp", "length")):
        c = server.client(kind, framing=framing)
        c.again = True  # the same requests, again and again
        if framing == "slip": c.call("/ping")
        for _ in range(1500):
            packet = bytearray(random.choice(good))
            for _ in range(random.randrange(4)): packet[random.randrange(len(packet))] = random.randrange(256)
            if random.random() < 0.2: packet = packet[:random.randrange(len(packet) + 1)]
            c.send(bytes(packet))
            count += 1
            if count % 100 == 0:
                while c.receive(0): c.answers.clear()
        c.settle(0.1)
    return f"{count} packets; /status in {1e3 * alive():.1f} ms afterwards"


def buses_given_back():
    """More ports of nodes than an engine has room for, one after another; and voices with all of theirs."""
    c = server.client()
    c.call("/patch/load", patch=PATCH)
    for i in range(300):
        c.call("/patch/edit", ops=[{"op": "add", "id": f"n{i}", "type": "gain"}])
        bus = c.call("/bus/new", node=f"n{i}", port="out")["bus"]
        c.call("/bus/free", bus=bus)
        c.call("/patch/remove", id=f"n{i}")
    for i in range(100):
        voice = c.call("/voice/alloc", key=60)
        assert all(bus for ports in voice["buses"].values() for bus in ports.values()), voice
        c.call("/voice/free", voice=voice["voice"])
    assert c.call("/bus/list")["buses"] == []


with server: run([framing, many_failures, timed_cap, cut_in_a_bundle, slow_reader, tokens, below_the_root, buses_given_back, noise], "limits_test")
