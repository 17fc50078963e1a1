#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the server plays through JACK equals `megasynth render` of the same document and events, bit for bit.

usage: same_bits_test.py MEGASYNTHD MEGASYNTH CAPTURE SOURCE_FOLDER [NAME...]

The server plays on a real jackd (dummy driver); a second JACK client hears it. The events are those of a score: sent with
the frame that each is for, and rendered offline from frame 0 on with the same frames.
"""
import array
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from jackd import ENVIRONMENT, Jack, sweep  # noqa: E402
from wire import Server  # noqa: E402

MEGASYNTHD, MEGASYNTH, CAPTURE, SOURCE = sys.argv[1:5]
RATE = 48000
FOLDER = tempfile.mkdtemp(prefix="megasynth-bits-")

NOTES = [{"at": 0.0, "note": 57, "velocity": 0.8, "length": 0.6}, {"at": 0.1003, "note": 60.5, "velocity": 0.5, "length": 0.7},
         {"at": 0.25, "note": 64, "velocity": 0.9, "length": 0.2}, {"at": 0.3, "note": 69, "velocity": 0.7, "length": 0.5}]
KNOBS = [{"at": 0.2 + 0.0137 * i, "knob": "cutoff", "value": 0.3 + 0.02 * i} for i in range(20)]
EDITS = [{"at": 0.35, "ops": [{"op": "set", "id": "filt", "param": "res", "value": 0.6}]},
         {"at": 0.6, "ops": [{"op": "knob", "id": "cutoff", "value": 0.2}]}]

# document, score, seconds from the first event on
CASES = {
    "drone": ("tremolo.json", [{"at": 0.01 * i, "knob": "speed", "value": 0.1 + 0.025 * i} for i in range(30)], 0.8),
    "keys": ("keys.json", NOTES + KNOBS + EDITS, 1.3),
    "pad": ("pad.json", NOTES, 1.3),
    "strings": ("karplus.json", NOTES, 1.3),
    # ten thousand events, each on a frame of its own
    "crowd": ("tremolo.json", [{"at": 7 * i / RATE, "knob": "speed", "value": 0.3 + 0.2 * (i % 3)} for i in range(10000)], 1.6),
}
CLIENTS = 4  # each may have 4,096 events that wait


def server_events(clients, score, first):
    """Sends all of a score with its frames, and waits until all is taken."""
    asked = []
    for number, item in enumerate(score):
        at = {"frame": first + round(item["at"] * RATE)}
        client = clients[number % len(clients)]
        if "note" in item:
            asked.append((client, client.ask("/note/on", key=float(item["note"]), velocity=item["velocity"], id=number, at=at)))
            end = {"frame": first + round((item["at"] + item["length"]) * RATE)}
            asked.append((client, client.ask("/note/off", id=number, at=end)))
        elif "knob" in item:
            asked.append((client, client.ask("/knob/set", name=item["knob"], value=item["value"], at=at)))
        else:
            asked.append((client, client.ask("/patch/edit", ops=item["ops"], at=at)))
    for client, number in asked:
        client.answer(number)


def offline(document, score, first, seconds):
    """The same, rendered into a file: interleaved floats, as bytes."""
    moved = []
    for item in score:
        moved.append(dict(item, at=(first + round(item["at"] * RATE)) / RATE))
        if "note" in item:  # whole frames from start to end, as the server was told
            frames = round((item["at"] + item["length"]) * RATE) - round(item["at"] * RATE)
            moved[-1]["length"] = frames / RATE
    command = [MEGASYNTH, "render", "-q", document, "-o", "offline.wav", "--bits", "32f",
               "--seconds", str(first / RATE + seconds)]
    if score:
        with open(os.path.join(FOLDER, "score.json"), "w", encoding="utf-8") as file:
            json.dump(moved, file)
        command += ["--score", "score.json"]
    subprocess.run(command, cwd=FOLDER, check=True)
    with open(os.path.join(FOLDER, "offline.wav"), "rb") as file:
        data = file.read()
    at = data.index(b"data") + 8
    return data[at:]


def sounding(data, frame_bytes):
    """Bytes before the first frame that is not silent."""
    samples = array.array("f")
    samples.frombytes(data)
    return next(i for i, x in enumerate(samples) if x) * 4 // frame_bytes * frame_bytes


def compare(name, heard, rendered, skip=0):
    """Finds where what was heard began, and wants all of it to be there, but for the first frames."""
    frame_bytes, probe = 8, 512 * 8
    start = sounding(heard, frame_bytes) + skip * frame_bytes
    at = rendered.find(heard[start:start + probe])
    assert at >= 0 and at % frame_bytes == 0, f"{name}: what was heard does not begin anywhere in what was rendered"
    length = min(len(heard) - start, len(rendered) - at) // frame_bytes * frame_bytes
    a, b = heard[start:start + length], rendered[at:at + length]
    if a != b:
        wrong = next(i for i in range(0, length, frame_bytes) if a[i:i + frame_bytes] != b[i:i + frame_bytes])
        raise AssertionError(f"{name}: differs {wrong // frame_bytes} frames after frame {at // frame_bytes}")
    return length // frame_bytes, at // frame_bytes


def heard_of(client, seconds, during=None):
    """What a second JACK client hears, as bytes."""
    ear = subprocess.Popen([CAPTURE, client, "2", str(seconds), "heard.f32"], env=ENVIRONMENT, cwd=FOLDER,
                           stdout=subprocess.PIPE, text=True)
    try:
        assert ear.stdout.readline() == "ready\n"
        if during:
            during()
        ear.communicate(timeout=20)
    finally:
        ear.kill()
    with open(os.path.join(FOLDER, "heard.f32"), "rb") as file:
        return file.read()


def reborn(jack):
    """kill -9 of jackd while notes are held: when there is one again, what is heard is what would have been."""
    document = os.path.join(SOURCE, "examples", "pad.json")
    chord = [{"at": 0.0, "note": 45, "velocity": 0.9, "length": 30.0}, {"at": 0.1, "note": 52, "velocity": 0.9, "length": 30.0}]
    with Server(MEGASYNTHD, "--patch", document, "--state", "none", backend="jack", env=ENVIRONMENT) as server:
        client = server.client()
        client.call("/subscribe", topics=["device"])
        first = client.call("/clock")["frame"] + RATE // 4
        server_events([client], chord, first)
        time.sleep(0.6)
        jack.end(signal.SIGKILL)
        jack = Jack()
        while not any("back" in str(notice) for notice in client.notices):
            assert client.receive(10), "the device does not come back"
        heard = heard_of("megasynth", 1.0)
        frame, status = client.call("/clock")["frame"], client.call("/status")
    rendered = offline(document, chord, first, (frame - first) / RATE + 1)
    frames, at = compare("reborn", heard, rendered, RATE // 20)  # the fade in is over
    print(f"reborn: {frames} frames, from frame {at} on, equal to the bit; notes held over the loss since frame {first}; "
          f"late {status['late']}", flush=True)
    return jack


def play(name):
    document, score, seconds = CASES[name]
    document = os.path.join(SOURCE, "examples", document)
    with Server(MEGASYNTHD, "--patch", document, "--state", "none", backend="jack", env=ENVIRONMENT) as server:
        clients = [server.client() for _ in range(CLIENTS if len(score) > 1000 else 1)]
        client = clients[0]
        ahead = RATE // 4 + len(score) * 8  # time to send them
        first = 0

        def send():
            nonlocal first
            first = client.call("/clock")["frame"] + ahead
            first += 17  # off the grid of blocks
            server_events(clients, score, first)

        heard = heard_of("megasynth", seconds + ahead / RATE + 0.15, send)
        status = client.call("/status")
    frames, at = compare(name, heard, offline(document, score, first, seconds + 1))
    assert frames > seconds * RATE * 0.9, f"{name}: only {frames} frames were heard"
    print(f"{name}: {frames} frames, from frame {at} on, equal to the bit; {len(score)} events; late {status['late']}; "
          f"xruns {status['xruns']}", flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    jack = Jack()
    try:
        for name in sys.argv[5:] or [*CASES, "reborn"]:
            if name == "reborn":
                jack = reborn(jack)
            else:
                play(name)
    finally:
        jack.end()
        sweep()
        shutil.rmtree(FOLDER, ignore_errors=True)


main()
