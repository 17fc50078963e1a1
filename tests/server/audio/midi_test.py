#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""midi_test -- a JACK MIDI client plays the server: notes, pedals, wheels, controllers; rubbish; it goes and comes back.

usage: midi_test.py MEGASYNTHD MIDI_SOURCE
"""
import math
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from jackd import ENVIRONMENT, Jack, sweep  # noqa: E402
from wire import Failed, PATCH, Server, run  # noqa: E402

MEGASYNTHD, SOURCE = sys.argv[1:3]
NAME = "keyboard"


class Source:
    """The instrument."""

    def __init__(self):
        self.process = subprocess.Popen([SOURCE, NAME], env=ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == "ready\n"

    def send(self, *messages):
        """In one period."""
        self.process.stdin.write(" ".join(m.hex() for m in map(bytes, messages)) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "sent\n"

    def end(self):
        self.process.stdin.close()
        try: self.process.wait(2)
        except subprocess.TimeoutExpired: self.process.kill()
        self.process.wait()


jack = Jack(128)
source = Source()
server = Server(MEGASYNTHD, "--state", "none", backend="jack", env=ENVIRONMENT)
client = server.client()


def notice(topic, seconds=60, **wanted):
    """Waits for one that has all these values."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for i, (of, map_) in enumerate(client.notices):
            if of == topic and all(map_.get(k) == v for k, v in wanted.items()):
                del client.notices[:i + 1]
                return map_
        client.receive(0.05)
    raise AssertionError(f"no notice of {topic} {wanted}: {client.notices[-5:]}")


def until(what, seconds=60):
    """Asks until it holds."""
    end = time.monotonic() + seconds
    while not (got := what()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return got


def sounding(): return sorted(note["key"] for note in client.call("/voice/list")["notes"])


def connected(): return client.call("/midi/list")["connected"]


def plays(key=60):
    source.send((0x90, key, 100))
    started = notice("note", event="started", key=key)
    assert key in sounding()
    source.send((0x80, key, 0))
    notice("note", event="ended", note=started["note"])


def heard():
    """JACK connects from one of the next periods on."""
    client.settle(0.1)


def listed():
    client.call("/patch/load", patch=PATCH)
    client.call("/subscribe", topics=["note", "knob", "device"])
    there = until(lambda: "jack" in client.call("/midi/list")["api"] and client.call("/midi/list"))
    assert f"{NAME}:out" in there["inputs"] and there["connected"] == [], there
    client.fails("not-found", "/midi/connect", port="nobody")
    client.fails("not-found", "/midi/disconnect", port=f"{NAME}:out")
    assert client.call("/midi/connect", port=NAME)["port"] == f"{NAME}:out"
    assert connected() == [{"port": f"{NAME}:out", "synth": "main", "channel": 0, "there": True, "ahead_frames": 128 + 192, "late": 0}]
    heard()
    return there["api"]


def notes():
    plays()
    source.send((0x91, 62, 1), (0x92, 64, 127))
    until(lambda: sounding() == [62, 64])
    source.send((0x91, 62, 0), (0x82, 64, 64))  # velocity 0 is off
    until(lambda: sounding() == [])


def controllers():
    """To knobs, by controller and channel."""
    client.call("/knob/map", name="cutoff", cc=7)
    source.send((0xB3, 7, 127))
    assert abs(notice("knob", name="cutoff")["value"] - 1) < 1e-6
    until(lambda: abs(client.call("/knob/get", name="cutoff")["value"] - 1) < 1e-6)
    client.call("/knob/map", name="cutoff", cc=8, channel=2, min=100, max=0)
    source.send((0xB0, 8, 50), (0xB1, 8, 75))  # the first is of another channel
    assert abs(notice("knob", name="cutoff")["value"] - 0.25) < 1e-6
    client.settle(0.05)
    assert not [n for n in client.notices if n[0] == "knob"], client.notices


def wheel_and_pedal():
    source.send((0x90, 69, 100))
    notice("note", event="started", key=69)
    bus = client.call("/bus/new", node="note", port="freq")["bus"]
    freq = lambda: client.call("/bus/get", bus=bus)["peak"]
    until(lambda: abs(freq() - 440) < 0.1)
    source.send((0xE0, 0x7F, 0x7F))
    until(lambda: freq() > 440 * 1.05)
    up = freq()
    source.send((0xE0, 0, 0))
    until(lambda: freq() < 440 / 1.05)
    source.send((0xE0, 0, 0x40))
    until(lambda: abs(freq() - 440) < 0.1)
    client.call("/bus/free", bus=bus)
    source.send((0xB0, 64, 127), (0x80, 69, 0))
    client.settle(0.5)
    assert sounding() == [69], "the pedal does not hold it"
    source.send((0xB0, 64, 0))
    until(lambda: sounding() == [])
    source.send((0x90, 40, 1), (0x90, 41, 1), (0xA0, 41, 99), (0xD0, 50))
    until(lambda: sounding() == [40, 41])
    source.send((0xB0, 123, 0))
    until(lambda: sounding() == [])
    return f"bent up to {up:.1f} Hz"


def facts():
    """Each channel bends and pedals its own notes; MPE, RPN 0, CC 121; a program is a preset."""
    bus = client.call("/bus/new", node="note", port="freq")["bus"]
    def pitch(): return 69 + 12 * math.log2(max(client.call("/bus/get", bus=bus)["peak"], 1) / 440)
    def pitched(wanted): until(lambda: abs(pitch() - wanted) < 0.01)
    source.send((0xE1, 127, 127), (0xE2, 0, 64), (0x92, 60, 100))
    pitched(60)
    source.send((0x82, 60, 0), (0x91, 60, 100))  # the bend came before the note
    pitched(62)
    source.send((0xB1, 121, 0))
    pitched(60)
    source.send((0xB1, 101, 0), (0xB1, 100, 0), (0xB1, 6, 12), (0xE1, 127, 127))
    pitched(72)
    source.send((0xE1, 0, 64), (0xB1, 64, 127), (0x81, 60, 0), (0x92, 62, 1), (0x82, 62, 0))
    until(lambda: sounding() == [60])  # the pedal of channel 2 holds what is channel 2's
    source.send((0xB1, 64, 0))
    until(lambda: sounding() == [])
    source.send((0xB0, 101, 0), (0xB0, 100, 6), (0xB0, 6, 15), (0xB1, 101, 0), (0xB1, 100, 0), (0xB1, 6, 24), (0x9F, 48, 100), (0xEF, 0, 96))
    until(lambda: abs(pitch() - 60) < 0.02)  # member 16, by the range of all members
    source.send((0x8F, 48, 0), (0xB0, 101, 0), (0xB0, 100, 6), (0xB0, 6, 0))
    until(lambda: sounding() == [])
    client.call("/bus/free", bus=bus)
    for name, value in (("one", 0.125), ("two", 0.75)):
        client.call("/knob/set", name="cutoff", value=value)
        client.call("/sync")
        client.call("/preset/save", name=name)
    source.send((0xC0, 0))
    until(lambda: abs(client.call("/knob/get", name="cutoff")["value"] - 0.125) < 1e-6)
    source.send((0xC5, 1))
    until(lambda: abs(client.call("/knob/get", name="cutoff")["value"] - 0.75) < 1e-6)


def many():
    """All of what comes in one period is played."""
    before = client.call("/status")["synths"]["main"]["notes"]
    for _ in range(10): source.send(*[(0x90 if i % 2 == 0 else 0x80, 30 + i // 2 % 90, 1) for i in range(200)])
    until(lambda: client.call("/status")["synths"]["main"]["notes"] == before + 1000)
    return "1000 notes in 10 periods"


def rubbish():
    draw = random.Random(3)
    source.send((0xF0, 1, 2, 3, 0xF7), (0xF8,), (0xFE,), (0xFF,), (60, 100), (0x90,), (0x90, 60), (0x90, 0xFF, 0xFF), (0xB0, 0x80),
                (0xF0,), (1, 2, 3), (0xF7,), (0x90, 60, 1, 61, 1), (0xC0, 5), (0xF2, 1, 2), (0xF0, *range(100), 0xF7))
    for _ in range(30): source.send(*[[draw.randrange(256) for _ in range(draw.randrange(1, 12))] for _ in range(20)])
    source.send(*[(0xB0 | channel, control, 0) for channel in range(16) for control in (64, 66, 120, 123)], (0xE0, 0, 0x40))
    until(lambda: sounding() == [])
    client.settle(0.05)
    client.notices.clear()
    plays(61)


def moved():
    """Connected again, it plays another synth, of one channel only."""
    client.call("/synth/new", name="other")
    client.call("/synth/other/patch/load", patch=PATCH)
    client.call("/synth/other/midi/connect", port=f"{NAME}:out", channel=2)
    assert [(c["synth"], c["channel"]) for c in connected()] == [("other", 2)]
    heard()
    source.send((0x90, 50, 1), (0x91, 51, 1))
    assert notice("note", event="started")["synth"] == "other" and sounding() == []
    client.call("/midi/connect", port=f"{NAME}:out")  # what it holds there ends
    assert notice("note", event="ended")["synth"] == "other"
    client.call("/synth/free", name="other")
    heard()
    client.notices.clear()


def gone_and_back():
    """The instrument, then jackd with it."""
    global source, jack
    source.send((0x90, 70, 100))
    until(lambda: sounding() == [70])
    source.end()
    notice("device", event="lost", message=f"{NAME}:out")
    until(lambda: sounding() == [])  # nobody is there to let go of the key
    assert not connected()[0]["there"] and f"{NAME}:out" not in client.call("/midi/list")["inputs"]
    source = Source()
    notice("device", event="back", message=f"{NAME}:out")
    heard()
    plays(63)
    jack.end(signal.SIGKILL)
    source.end()
    notice("device", event="lost", message=f"{NAME}:out")
    assert not connected()[0]["there"]
    jack = Jack(128)
    source = Source()
    notice("device", event="back", message=f"{NAME}:out")
    heard()
    plays(64)


def dies_after_connect():
    """A jackd that is killed at any moment around /midi/connect: the server goes on."""
    global source, jack
    for moment in (None, 0, 0.002, 0.01, 0.03, 0.1):
        client.notices.clear()
        if moment is not None: client.call("/midi/disconnect", port=f"{NAME}:out")
        if moment is None: client.ask("/midi/connect", port=f"{NAME}:out")  # while it is under way
        else: client.call("/midi/connect", port=f"{NAME}:out")
        time.sleep(moment or 0)
        jack.end(signal.SIGKILL)
        source.end()
        until(lambda: client.call("/status")["device"]["state"] == "lost", 30)
        jack = Jack(128)
        source = Source()
        until(lambda: client.call("/status")["device"]["state"] == "running", 60)
        if not connected():  # the first was refused: it came too late
            until(lambda: f"{NAME}:out" in client.call("/midi/list")["inputs"], 30)
            client.call("/midi/connect", port=f"{NAME}:out")
        until(lambda: connected()[0]["there"], 30)
    client.notices.clear()
    heard()
    plays(66)


def held_up():
    """A jackd that hangs holds nobody up; when it goes on, the instrument does."""
    os.kill(jack.process.pid, signal.SIGSTOP)
    try:
        notice("device", event="lost")
        began = time.monotonic()
        for _ in range(3):
            try: client.call("/midi/list")
            except Failed as failed: assert failed.code == "unsupported", failed
            client.call("/param/list", node="filt")  # the build worker goes on
        took = time.monotonic() - began
    finally: os.kill(jack.process.pid, signal.SIGCONT)
    notice("device", event="back")
    until(lambda: connected()[0]["there"])  # soon enough, nobody was told that it was away
    heard()
    plays(65)
    assert took < 1, took


def disconnected():
    client.call("/midi/disconnect", port=f"{NAME}:out")
    client.notices.clear()
    source.send((0x90, 60, 100))
    client.settle(0.3)
    assert connected() == [] and sounding() == [] and not client.notices


def left_hanging():
    """The last: with a jackd that hangs the server ends all the same."""
    client.call("/midi/connect", port=f"{NAME}:out")
    os.kill(jack.process.pid, signal.SIGSTOP)
    notice("device", event="lost")


try:
    with server: run([listed, notes, controllers, wheel_and_pedal, facts, many, rubbish, moved, gone_and_back, dies_after_connect, held_up, disconnected, left_hanging], "midi_test")
finally:
    source.end()
    jack.end(signal.SIGKILL)
    sweep()
