#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The wall clock steps by an hour, forth and back, while notes with time tags come: all are heard in time.

usage: wall_clock_test.py MEGASYNTHD LIBFAKETIME

The server runs under libfaketime, which leaves the monotonic clock alone and takes the wall clock's offset from a file.
Bundles are sent 0.3 s ahead, tagged by a clock that does not step (as that of a client which has learnt the offset from
`/clock`) and, in between, by the stepped one (as that of a client on the same machine).
"""
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import Server, bundle, request  # noqa: E402

MEGASYNTHD, FAKETIME = sys.argv[1:3]
RATE, AHEAD, INTERVAL = 48000, 0.3, 0.05
STEPS = [(0, 1.0), (3600, 3.0), (-3600, 3.0), (0, 1.0)]  # offset in seconds, and for how long


def ntp(wall):
    return int((wall + 2208988800) * 2**32)


def main():
    folder = tempfile.mkdtemp(prefix="megasynth-wall-")
    try:
        play(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def play(folder):
    offset_file = os.path.join(folder, "offset")

    def step(offset):
        with open(offset_file + ".new", "w", encoding="ascii") as file:
            file.write(f"{offset:+d}\n")
        os.rename(offset_file + ".new", offset_file)

    step(0)
    environment = {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": offset_file, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                   "FAKETIME_FORCE_MONOTONIC_FIX": "0", "FAKETIME_CACHE_DURATION": "1"}
    patch = os.path.join(folder, "patch.json")
    with open(patch, "w", encoding="ascii") as file:
        file.write('{"nodes": {"n": {"type": "note"}, "o": {"type": "osc.sine"}, "out": {"type": "output"}}, "connections": ['
                   '{"from": ["n", "freq"], "to": ["o", "freq"]}, {"from": ["o", "out"], "to": ["out", "in"]}]}')
    with Server(MEGASYNTHD, "--patch", patch, "--state", "none", env=environment) as server:
        client = server.client()
        clock = client.call("/clock")
        started, tags, asked = time.time(), [], []
        for offset, seconds in STEPS:
            step(offset)
            changed, seen = time.time(), offset == 0
            while time.time() < changed + seconds:
                tag = time.time() + AHEAD
                # The stepped clock is used once the server may have seen it: it looks once a second, as does faketime.
                seen = seen or time.time() > changed + 2.2
                stepped = seen and len(tags) % 2
                number = client.next
                client.next += 1
                packet = request(number, "/note/on", key=60.0, velocity=0.1, id=len(tags) + 1)
                client.send(bundle(packet, time=ntp(tag + (offset if stepped else 0))))
                tags.append((tag, offset, bool(stepped)))
                asked.append(number)
                time.sleep(INTERVAL)
        frames = [client.answer(number)["frame"] for number in asked]
        after, status = client.call("/clock"), client.call("/status")
    mono = (after["mono_ns"] - clock["mono_ns"]) / 1e9
    seconds = (after["ntp_seconds"] - clock["ntp_seconds"]) + (after["ntp_fraction"] - clock["ntp_fraction"]) / 2**32
    assert abs(seconds - mono) < 0.05, f"/clock's wall clock has moved by {seconds - mono} s against the monotonic one"
    # When each was meant, by the first clock reading, against when it was played.
    first = clock["frame"] + (started + AHEAD - time_of(clock)) * RATE
    errors = [frame - (first + (tag - started - AHEAD) * RATE) for frame, (tag, _, _) in zip(frames, tags)]
    worst = max(map(abs, errors)) / RATE
    for offset, _ in STEPS[:3]:
        for stepped in (False, True):
            some = [e / RATE for e, (_, o, s) in zip(errors, tags) if o == offset and s == stepped]
            if some:
                print(f"  wall clock {offset:+5d} s, tags of the {'stepped' if stepped else 'kept'} clock: {len(some)} notes, "
                      f"within {max(map(abs, some)) * 1000:.2f} ms")
    assert worst < 0.1, f"a note is off by {worst} s"
    assert status["late"] == 0, status["late"]
    print(f"{len(frames)} notes by time tag over two steps of an hour: none late, within {worst * 1000:.2f} ms of the dummy "
          f"device's clock; /clock moved by {(seconds - mono) * 1e6:.0f} us")


def time_of(clock):
    """The wall clock's seconds since 1970 of a reading of `/clock`."""
    return clock["ntp_seconds"] + clock["ntp_fraction"] / 2**32 - 2208988800


main()
