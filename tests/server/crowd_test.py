#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""crowd_test -- a hundred clients play and edit at once: every request is answered; xruns are counted, with and without them.

usage: crowd_test.py MEGASYNTHD [SECONDS [PERIOD]]      (6 seconds unless told; 600 for the record)

With a PERIOD (64, 128) through a jackd of that period, in real time where that is allowed, as many seconds without the clients as with
them; else on no device.
"""
import json
import os
import random
import select
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/audio")
from wire import Failed, Server, run  # noqa: E402

PROGRAM = sys.argv[1]
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 6
PERIOD = int(sys.argv[3]) if len(sys.argv) > 3 else 0
CLIENTS, VOICES = 100, 16
AGAIN_SECONDS, LOST_SECONDS = 1, 10  # UDP sends again; nobody waits longer than that


def draw(mine):
    """A command and its arguments."""
    kind = random.random()
    if kind < 0.4: return "/note/on", {"key": random.randrange(30, 90), "velocity": 0.1, "id": random.randrange(20)}
    if kind < 0.6: return "/note/off", {"key": random.randrange(30, 90)}
    if kind < 0.75: return "/knob/set", {"name": "cutoff", "value": random.random()}
    if kind < 0.85: return "/param/set", {"node": "filt", "param": "res", "value": random.random() * 0.5}
    if kind < 0.9: return "/patch/edit", {"ops": [{"op": "add", "id": f"n{mine}", "type": "gain"}, {"op": "remove", "id": f"n{mine}"}]}
    return ("/status" if kind < 0.95 else "/sync"), {}


class Member:
    """One of the crowd: it asks, and when it is answered it asks again."""

    def __init__(self, client, number):
        self.client, self.number, self.waits = client, number, None

    def ask(self):
        address, arguments = draw(self.number)
        self.waits, self.since = self.client.ask(address, **arguments), time.monotonic()
        self.asked, self.sent = (address, arguments), self.since

    def ask_again(self):
        self.client.next = self.waits
        self.client.again = True
        self.client.ask(self.asked[0], **self.asked[1])
        self.sent = time.monotonic()

    def listen(self):
        """@return None, or the code of the answer: "" if it was done"""
        self.client.receive(0)
        if self.waits not in self.client.answers: return None
        try: code, _ = "", self.client.answer(self.waits)
        except Failed as failed: code = failed.code
        self.waits = None
        return code


class Tally:
    answered = again = 0
    worst = 0.0
    failed = {}


def everybody(members, seconds):
    """All ask for so many seconds, and wait for the last answers."""
    tally, by_socket = Tally(), {m.client.socket: m for m in members}
    for m in members: m.ask()
    end = time.monotonic() + seconds
    while any(m.waits for m in members):
        for socket in select.select(list(by_socket), [], [], AGAIN_SECONDS)[0]:
            m = by_socket[socket]
            if (code := m.listen()) is None: continue
            tally.answered += 1
            tally.worst = max(tally.worst, time.monotonic() - m.since)
            if code: tally.failed[code] = tally.failed.get(code, 0) + 1
            if time.monotonic() < end: m.ask()
        now = time.monotonic()
        for m in members:
            if not m.waits: continue
            assert now - m.since < LOST_SECONDS, f"{m.asked} is not answered over {m.client.kind}"
            if m.client.kind == "udp" and now - m.sent > AGAIN_SECONDS:
                m.ask_again()
                tally.again += 1
    return tally


def xruns(c): return c.call("/status")["xruns"]


def play(s):
    watch = s.client("unix")
    with open(HERE + "/../../examples/keys.json", encoding="utf-8") as file: patch = json.load(file)
    watch.call("/patch/load", patch=dict(patch, voices=VOICES))
    for i in range(VOICES): watch.call("/note/on", key=36 + 3 * i, velocity=0.2)
    watch.call("/sync")
    time.sleep(0.5)
    quiet = SECONDS if PERIOD else SECONDS / 3
    before = xruns(watch)
    time.sleep(quiet)
    alone = xruns(watch) - before
    members = [Member(s.client(("unix", "tcp", "udp")[i % 3]), i) for i in range(CLIENTS)]
    before = xruns(watch)
    tally = everybody(members, SECONDS)
    status = watch.call("/status")
    assert set(tally.failed) <= {"full"}, tally.failed
    return (f"{tally.answered} requests of {CLIENTS} clients in {SECONDS:.0f} s, 0 lost, {tally.again} sent again over UDP, the slowest "
            f"answered after {1e3 * tally.worst:.0f} ms; {status['device']['backend']}, period {status['device']['period']}, load "
            f"{status['load']['mean']:.2f}; xruns: {alone} in {quiet:.0f} s without them, {status['xruns'] - before} with them")


def crowd():
    random.seed(7)
    if not PERIOD:
        with Server(PROGRAM, "--state", "none") as s: return play(s)
    from jackd import ENVIRONMENT, Jack, sweep
    jack = Jack(PERIOD, synchronous=False, realtime=True)
    try:
        with Server(PROGRAM, "--state", "none", backend="jack", env=ENVIRONMENT) as s: return play(s)
    finally:
        jack.end()
        sweep()


run([crowd], "crowd_test")
