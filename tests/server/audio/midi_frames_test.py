#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""midi_frames_test -- notes over JACK MIDI sound at the distances at which they were sent, to the frame, at any period.

usage: midi_frames_test.py MEGASYNTHD MIDI_SOURCE
"""
import array
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from jackd import ENVIRONMENT, Jack, sweep  # noqa: E402
from wire import Server, run  # noqa: E402

MEGASYNTHD, SOURCE = sys.argv[1:3]
NOTES, STEP, LENGTH = 40, 960, 479
# one frame of sound where a note starts
CLICK = {"voices": 16, "nodes": {"note": {"type": "note"}, "vca": {"type": "gain"}, "out": {"type": "output"}},
         "connections": [{"from": ["note", "trigger"], "to": ["vca", "in"]}, {"from": ["note", "gate"], "to": ["vca", "amp"]},
                         {"from": ["vca", "out"], "to": ["out", "in"]}]}


def clicks(path):
    with open(path, "rb") as file: data = file.read()
    values = array.array("f")
    values.frombytes(data[data.index(b"data") + 8:])
    return [i // 2 for i in range(0, len(values), 2) if values[i] > 0.5]


def take(client, source, folder, number):
    """@return the distances of what was heard, and messages that came too late for their frames"""
    name = f"take{number}.wav"
    client.call("/record/start", file=name)
    late = client.call("/midi/list")["connected"][0]["late"]
    words = []
    for i in range(NOTES):
        words += [f"{i * STEP}@90{36 + i:02x}64", f"{i * STEP + LENGTH}@80{36 + i:02x}00"]
    source.stdin.write(" ".join(words) + "\n")
    source.stdin.flush()
    assert source.stdout.readline() == "sent\n"
    until = time.monotonic() + 30
    while client.call("/voice/list")["notes"]: assert time.monotonic() < until, "a note is stuck"
    client.settle(0.3)
    until = time.monotonic() + 30
    while client.call("/voice/list")["notes"]: assert time.monotonic() < until, "a note is stuck"
    client.call("/record/stop", file=name)
    heard = clicks(os.path.join(folder, name))
    return [b - a for a, b in zip(heard, heard[1:])], client.call("/midi/list")["connected"][0]["late"] - late


def at_period(period):
    jack = Jack(period)
    source = subprocess.Popen([SOURCE, "metronome"], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert source.stdout.readline() == "ready\n"
        with Server(MEGASYNTHD, "--state", "none", backend="jack", env=ENVIRONMENT) as server:
            client = server.client()
            client.call("/patch/load", patch=CLICK)
            client.call("/midi/connect", port="metronome:out")
            connected = client.call("/midi/list")["connected"][0]
            assert connected["ahead_frames"] == period + 192, connected
            client.settle(0.5)
            for number in range(20):  # on a machine that is busy, messages come too late: that take does not count
                distances, late = take(client, source, server.folder, number)
                if not late: break
            assert not late and distances == [STEP] * (NOTES - 1), (late, distances)
            return f"{NOTES} notes, {STEP} frames apart each; {connected['ahead_frames']} frames after their own; take {number + 1}"
    finally:
        source.kill()
        jack.end(signal.SIGKILL)


def short(): return at_period(64)
def middle(): return at_period(256)
def long(): return at_period(2048)


try: run([short, middle, long], "midi_frames_test")
finally: sweep()
