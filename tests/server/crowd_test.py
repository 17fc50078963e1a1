#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""crowd_test -- a hundred clients play and edit at once: every request is answered; xruns are counted, with and without them.

usage: crowd_test.py MEGASYNTHD [SECONDS]      (600 for the figure of record; 6 as a test)
"""
import random
import select
import sys
import time

from wire import Failed, PATCH, Server, run

PROGRAM, SECONDS = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 6
CLIENTS = 100


def a_request(c, mine):
    kind = random.random()
    if kind < 0.4: return c.ask("/note/on", key=random.randrange(30, 90), velocity=0.1, id=random.randrange(20))
    if kind < 0.6: return c.ask("/note/off", key=random.randrange(30, 90))
    if kind < 0.75: return c.ask("/knob/set", name="cutoff", value=random.random())
    if kind < 0.85: return c.ask("/param/set", node="filt", param="res", value=random.random() * 0.5)
    if kind < 0.9: return c.ask("/patch/edit", ops=[{"op": "add", "id": f"n{mine}", "type": "gain"}, {"op": "remove", "id": f"n{mine}"}])
    return c.ask("/status" if kind < 0.95 else "/sync")


def xruns(c): return c.call("/status")["xruns"]


def crowd():
    random.seed(7)
    with Server(PROGRAM, "--state", "none") as s:
        watch = s.client("unix")
        watch.call("/patch/load", patch=dict(PATCH, voices=16))
        before = xruns(watch)
        time.sleep(SECONDS / 3)
        alone = xruns(watch) - before
        clients = [s.client(("unix", "tcp", "udp")[i % 3]) for i in range(CLIENTS)]
        waiting, answered, failed, worst = {}, 0, {}, 0
        by_socket = {c.socket: c for c in clients}
        for i, c in enumerate(clients): waiting[c] = (a_request(c, i), time.monotonic())
        before = xruns(watch)
        end = time.monotonic() + SECONDS
        while waiting:
            ready = select.select(list(by_socket), [], [], 10)[0]
            assert ready, f"{len(waiting)} requests are not answered"
            for socket in ready:
                c = by_socket[socket]
                c.receive(0)
                if c not in waiting or waiting[c][0] not in c.answers: continue
                number, since = waiting.pop(c)
                worst = max(worst, time.monotonic() - since)
                try: c.answer(number)
                except Failed as failure: failed[failure.code] = failed.get(failure.code, 0) + 1
                answered += 1
                if time.monotonic() < end: waiting[c] = (a_request(c, clients.index(c)), time.monotonic())
        assert set(failed) <= {"full"}, failed
        return (f"{answered} requests of {CLIENTS} clients in {SECONDS:.0f} s, all answered, the slowest after {1e3 * worst:.0f} ms; "
                f"xruns: {alone} in {SECONDS / 3:.0f} s without them, {xruns(watch) - before} with them")


run([crowd], "crowd_test")
