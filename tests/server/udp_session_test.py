#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""udp_session_test -- a server that other machines can reach, and two of them: who is let in, over TCP and UDP, and who is not.

usage: udp_session_test.py MEGASYNTHD

The other machines are network namespaces, which want root and iproute2: skipped, and said so, where they cannot be had.
"""
import contextlib
import ctypes
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time

from wire import Client, Server, bundle, message, request, run

PROGRAM = sys.argv[1]
SECRET = "a secret of some length"
NAME = f"mega{os.getpid() % 100000}"
SERVER, ALICE, BOB = "10.213.57.1", "10.213.57.2", "10.213.57.3"  # within a bridge that nobody else sees


FOLDER = tempfile.mkdtemp(prefix="megasynth-guests-")
libc = ctypes.CDLL(None, use_errno=True)


def ip(*words): subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=10)


def make_machines():
    """Three namespaces: the server's, with a bridge, and two that are plugged into it."""
    for name in ("s", "a", "b"): ip("netns", "add", NAME + name)
    ip("-n", NAME + "s", "link", "add", "bridge", "type", "bridge")
    ip("-n", NAME + "s", "addr", "add", SERVER + "/24", "dev", "bridge")
    for name, address in (("a", ALICE), ("b", BOB)):
        ip("-n", NAME + "s", "link", "add", "to_" + name, "type", "veth", "peer", "name", "wire", "netns", NAME + name)
        ip("-n", NAME + "s", "link", "set", "to_" + name, "master", "bridge", "up")
        ip("-n", NAME + name, "addr", "add", address + "/24", "dev", "wire")
        ip("-n", NAME + name, "link", "set", "wire", "up")
    for name in ("s", "a", "b"): ip("-n", NAME + name, "link", "set", "lo", "up")
    ip("-n", NAME + "s", "link", "set", "bridge", "up")


def remove_machines():
    for name in ("s", "a", "b"):
        with contextlib.suppress(subprocess.SubprocessError): ip("netns", "delete", NAME + name)


@contextlib.contextmanager
def on(machine):
    """What is opened here is opened on that machine."""
    with open("/proc/self/ns/net", encoding="ascii") as here, open(f"/run/netns/{NAME}{machine}", encoding="ascii") as there:
        try:
            if libc.setns(there.fileno(), 0) != 0: raise OSError(ctypes.get_errno(), "setns")
            yield
        finally: libc.setns(here.fileno(), 0)


def client(kind, machine="a", port=0):
    with on(machine): return Client(f"{kind}://{SERVER}:{PORT}", bind=("0.0.0.0", port) if port else None)


def closed_after(c, seconds=8):
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        if c.receive(0.1) is None: return time.monotonic() - start
    raise AssertionError("it is not closed")


def refusals(c): return [values[2] for values in c.unasked]


# ---- TCP -------------------------------------------------------------------------------------------
def tcp():
    c = client("tcp")
    c.fails("denied", "/status")
    c.fails("denied", "/hello")
    c.fails("denied", "/hello", token="another of some length.")
    c.fails("denied", "/hello", token=SECRET[:-1])
    c.call("/hello", token=SECRET)
    assert "xruns" in c.call("/status")
    c.fails("denied", "/quit")  # of this machine only, token or not
    with on("s"): local = Client(f"tcp://127.0.0.1:{PORT}")
    local.fails("denied", "/status")  # a token is required from this machine, too
    local.call("/hello", token=SECRET)


def tcp_limits():
    """Two seconds, 64 KiB, eight connections; nothing of it for those who were let in."""
    friend = client("tcp", "b")
    friend.call("/hello", token=SECRET)
    silent = [client("tcp") for _ in range(8)]
    time.sleep(0.2)
    ninth = client("tcp", "b")  # takes the place of the first
    ninth.call("/hello", token=SECRET)
    friend.call("/status")
    took = [closed_after(c) for c in silent]
    assert all(refusals(c) == ["denied"] for c in silent) and max(took) < 3, took
    loud = client("tcp")
    with contextlib.suppress(OSError):
        for _ in range(40): loud.socket.sendall(loud.frame(message("/hello", "x" * 2000)))
    closed_after(loud)
    long = client("tcp")
    long.socket.sendall(struct.pack(">I", 65 << 10) + b"/")
    closed_after(long)
    assert not long.unasked, long.unasked  # no length that a first packet may have: no client
    friend.call("/status")
    client("tcp").call("/hello", token=SECRET)
    return f"silent ones are cut after {max(took):.1f} s"


# ---- UDP -------------------------------------------------------------------------------------------
def cookie_of(c):
    """As the refusal tells it."""
    details = c.fails("denied", "/hello", token=SECRET)
    assert details["path"] == "session", details
    return details["want"]


def udp():
    c = client("udp")
    c.fails("denied", "/status")
    assert c.fails("denied", "/hello", session="0" * 32)["path"] == "token"  # the token first: no cookie for those without
    assert c.fails("denied", "/hello", token="another of some length.")["path"] == "token"
    cookie = cookie_of(c)
    assert len(cookie) == 32 and int(cookie, 16)
    c.fails("denied", "/status")  # the token alone does not let in
    c.fails("denied", "/hello", token=SECRET, session="0" * 32)
    c.fails("denied", "/hello", token=SECRET, session=cookie[:-1])
    c.fails("denied", "/hello", session=cookie)
    assert c.call("/hello", token=SECRET, session=cookie)["session"] == cookie
    assert "xruns" in c.call("/status")
    c.fails("denied", "/quit")


def stolen_cookie():
    """It is good for one address and port."""
    owner = client("udp")
    cookie = cookie_of(owner)
    for thief in (client("udp", "b"), client("udp", "a")):  # another machine; another program
        details = thief.fails("denied", "/hello", token=SECRET, session=cookie)
        assert details["path"] == "session" and details["want"] != cookie
        thief.fails("denied", "/status")
    owner.call("/hello", token=SECRET, session=cookie)
    owner.call("/status")


def little_to_strangers():
    """Whoever has not proven an address is answered at most three bytes for each: the server floods nobody."""
    worst = 0
    for packet in (message("/ping"), request(1, "/ping"), request(2, "/status"), request(3, "/hello"), request(4, "/nothing/at/all"),
                   message("/status"), message("/note/on", 60, 0.5), b"/", b"/abc", b"\0\1\0\0!\x12\xa4B" + b"x" * 12, b"#bundle\0" + b"\0" * 7 + b"\1",
                   bundle(*[request(n, "/status") for n in range(10, 60)]), bundle(*[message("/nothing")] * 50), request(5, "/hello", token="x" * 16),
                   request(6, "/command/list"), request(7, "/module/list")):
        c = client("udp")
        got = 0
        c.socket.send(packet)
        until = time.monotonic() + 0.7
        while (left := until - time.monotonic()) > 0:
            if select.select([c.socket], [], [], left)[0]: got += len(c.socket.recv(65536))
        assert got <= 3 * len(packet), (packet, got)
        worst = max(worst, got / len(packet))
        c.close()
    return f"at most {worst:.1f} bytes for one"


def lent_address():
    """Datagrams that bear another's address: the cookie goes there, and who has not read it does not get in."""
    with on("b"):
        with open("/proc/sys/net/ipv4/conf/all/arp_ignore", "w", encoding="ascii") as file: file.write("1")
        ip("addr", "add", ALICE + "/32", "dev", "lo")
        forger = Client(f"udp://{SERVER}:{PORT}", bind=(ALICE, 40002))
    watch, polls = server.client("unix"), 0
    before = watch.call("/status")["counts"]["packets"]
    forger.ask("/hello", token=SECRET)
    forger.ask("/hello", token=SECRET, session="0" * 32)
    forger.plain("/note/on", 60, 0.5)
    deadline = time.monotonic() + 5
    while watch.call("/status")["counts"]["packets"] - before < polls + 4:
        polls += 1
        assert time.monotonic() < deadline, "what is forged does not arrive"
        time.sleep(0.05)
    forger.settle(0.3)
    assert not forger.answers and not forger.unasked, "it reads what goes to another"
    assert watch.call("/status")["synths"]["main"]["notes"] == 0
    with on("b"): ip("addr", "del", ALICE + "/32", "dev", "lo")


def strangers():
    """More senders than are remembered push nobody out who was let in."""
    player = client("udp")
    player.call("/hello", token=SECRET, session=cookie_of(player))
    for _ in range(600):
        stranger = client("udp", "b")
        stranger.fails("denied", "/status")
        stranger.close()
    player.call("/status")


def refused_to_start():
    """Without a token, or with one that others may read, it does not begin."""
    with on("s"):
        for options, text in (([], "add --token-file"), (["--token-file", FOLDER + "/open"], "chmod 600"),
                              (["--token-file", FOLDER + "/short"], "16..256")):
            done = subprocess.run([PROGRAM, "--backend", "dummy", "--port", "0", "--socket", "none", "--state", "none", "--listen", SERVER,
                                   *options], capture_output=True, text=True, timeout=10, env=dict(os.environ, XDG_RUNTIME_DIR=FOLDER))
            assert done.returncode == 2 and text in done.stderr and done.stderr.count("\n") == 1, done


def write(name, text, mode):
    with open(f"{FOLDER}/{name}", "w", encoding="ascii") as file: file.write(text)
    os.chmod(f"{FOLDER}/{name}", mode)


try: make_machines()
except (OSError, subprocess.SubprocessError) as error:
    remove_machines()
    shutil.rmtree(FOLDER, ignore_errors=True)
    print(f"udp_session_test: skipped: no network namespaces here ({(getattr(error, 'stderr', None) or str(error)).strip()}); it wants root and iproute2")
    sys.exit(77)
try:
    write("token", SECRET + "\n", 0o600)
    write("open", SECRET, 0o644)
    write("short", "short", 0o600)
    with on("s"): server = Server(PROGRAM, "--state", "none", "--listen", SERVER, "--token-file", FOLDER + "/token")
    PORT = int(server.urls["udp"].rsplit(":", 1)[1])
    with server: run([refused_to_start, tcp, tcp_limits, udp, stolen_cookie, little_to_strangers, lent_address, strangers], "udp_session_test")
finally:
    remove_machines()
    shutil.rmtree(FOLDER, ignore_errors=True)
