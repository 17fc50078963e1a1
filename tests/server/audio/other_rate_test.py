#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""other_rate_test -- jackd comes back at another rate: the sound goes on at its pitch, with all that was played and turned.

usage: other_rate_test.py MEGASYNTHD CAPTURE
"""
import array
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from jackd import ENVIRONMENT, Jack, sweep  # noqa: E402
from wire import Server, run  # noqa: E402

MEGASYNTHD, CAPTURE = sys.argv[1:3]
SINE = {"knobs": {"level": {"value": 0.5, "range": [0, 1]}},
        "nodes": {"note": {"type": "note"}, "osc": {"type": "osc.sine"}, "vca": {"type": "gain"}, "out": {"type": "output"}},
        "connections": [{"from": ["note", "freq"], "to": ["osc", "freq"]}, {"from": ["osc", "out"], "to": ["vca", "in"]},
                        {"from": "level", "to": ["vca", "amp"]}, {"from": ["vca", "out"], "to": ["out", "in"]}]}


def heard(seconds=1.0):
    """What a JACK client hears of the left output."""
    with tempfile.TemporaryDirectory() as folder:
        ear = subprocess.run([CAPTURE, "megasynth", "2", str(seconds), "heard.f32"], env=ENVIRONMENT, cwd=folder,
                             stdout=subprocess.PIPE, text=True, timeout=60, check=True)
        assert ear.stdout.startswith("ready")
        values = array.array("f")
        with open(os.path.join(folder, "heard.f32"), "rb") as file: values.frombytes(file.read())
    return values[::2]


def pitch_and_peak(wave, rate):
    """Pitch by the times of the first and the last upward crossing of zero."""
    sounding = next(i for i, x in enumerate(wave) if x)
    wave = wave[sounding + 4000:]
    ups = [i - wave[i] / (wave[i] - wave[i - 1]) for i in range(1, len(wave)) if wave[i - 1] < 0 <= wave[i]]
    return (len(ups) - 1) / (ups[-1] - ups[0]) * rate, max(wave)


def comes_back(inputs):
    """48 kHz, then 44.1, 96, and 48 again."""
    jack = Jack(256)
    try:
        with Server(MEGASYNTHD, "--state", "none", "--inputs", str(inputs), backend="jack", env=ENVIRONMENT) as server:
            client = server.client()
            client.call("/patch/load", patch=SINE)
            client.call("/subscribe", topics=["device"])
            client.call("/note/on", key=69, velocity=1)
            client.call("/knob/set", name="level", value=0.25)
            said = []
            for rate in (48000, 44100, 96000, 48000):
                if rate != jack.rate or said:
                    client.notices.clear()
                    jack.end(signal.SIGKILL)
                    jack = Jack(256, rate=rate)
                    until = time.monotonic() + 60
                    while not (back := [m for _, m in client.notices if m.get("event") == "back"]):
                        assert time.monotonic() < until, client.notices
                        client.receive(0.1)
                    assert (f"is now {rate}, resampled from 48000" in back[0]["message"]) == (rate != 48000), back
                pitch, peak = pitch_and_peak(heard(), rate)
                said.append(f"{rate}: {pitch:.3f} Hz, peak {peak:.4f}")
                assert abs(pitch - 440) < 0.05 and abs(peak - 0.25) < 0.001, said
            assert [n["key"] for n in client.call("/voice/list")["notes"]] == [69]
            assert abs(client.call("/knob/get", name="level")["value"] - 0.25) < 1e-6
            assert client.call("/status")["device"]["rate"] == 48000
            return "; ".join(said)
    finally: jack.end(signal.SIGKILL)


def output(): return comes_back(0)
def input_too(): return comes_back(2)


try: run([output, input_too], "other_rate_test")
finally: sweep()
