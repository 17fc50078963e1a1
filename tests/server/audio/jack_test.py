#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sound through a real jackd (dummy driver, 48000 Hz, 64 frames), heard by a second JACK client.

usage: jack_test.py TONE CAPTURE [NAME...]

Exact periods; what is heard equals what was rendered, bit for bit; input to output through the ring; more ports than the
device has; panic, ceiling, NaN; jackd killed and started anew; jackd stopped; a recording killed; no device; the dummy
backend.
"""
import array
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from jackd import ENVIRONMENT, Jack, sweep

TONE, CAPTURE = sys.argv[1:3]
ATTEMPTS = 8  # where the machine had no time for JACK's periods
COUNT_TOP = 1 << 22
FOLDER = tempfile.mkdtemp(prefix="megasynth-audio-")
running, tones = [], []


def in_time(test):
    """Where JACK itself lost periods nothing of ours can be exact: the test is made again."""

    def attempts():
        for left in reversed(range(ATTEMPTS)):
            try: return test()
            except AssertionError as error:
                xruns = sum(tone.xruns() for tone in tones)
                if not left or not xruns: raise
                print(f"  {error}; but JACK has lost {xruns} periods: once more", flush=True)
                end_all()

    attempts.__name__, attempts.__doc__ = test.__name__, test.__doc__
    return attempts


def end_all():
    for process in running:
        if process.poll() is None:
            process.kill()
            process.wait()
    running.clear(), tones.clear()
    sweep()


def start(*command, **options):
    process = subprocess.Popen(command, env=ENVIRONMENT, cwd=FOLDER, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    running.append(process)
    return process


def start_jack(period=64):
    jack = Jack(period)
    running.append(jack.process)
    return jack


class Tone:
    """A tone program; its lines are read as they come."""

    def __init__(self, backend, *options, seconds=30):
        self.process = start(TONE, backend, "--seconds", str(seconds), *map(str, options))
        self.lines, self.said = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()
        tones.append(self)

    def xruns(self):
        """As far as it has said."""
        while not self.lines.empty(): self.said.append(self.lines.get())
        return max((line.get("xruns", 0) for line in self.said), default=0)

    def read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def wait(self, wanted, seconds=60):
        """The first line from now on for which wanted(line) holds."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"{wanted} did not come; the last was {self.said[-1:]}") from None
            self.said.append(line)
            if wanted(line):
                return line

    def running(self):
        return self.wait(lambda line: line.get("status") == "running" and line["calls"] > 0)

    def status(self):
        """As of now: what was written before is skipped."""
        while not self.lines.empty():
            self.said.append(self.lines.get())
        return self.wait(lambda line: "status" in line)

    def say(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def quit(self):
        self.say("quit")
        assert self.process.wait(60) == 0, self.process.stderr.read()


class Ear:
    """A second JACK client that listens."""

    def __init__(self, channels, seconds):
        self.channels = channels
        self.process = start(CAPTURE, "tone", str(channels), str(seconds), "heard.f32")
        assert self.process.stdout.readline() == "ready\n", self.process.stderr.read()

    def heard(self):
        """The summary, and a list of samples of each channel."""
        text = self.process.communicate(timeout=60)[0]
        samples = array.array("f")
        with open(os.path.join(FOLDER, "heard.f32"), "rb") as file:
            samples.frombytes(file.read())
        return json.loads(text), [samples[c::self.channels] for c in range(self.channels)]


def numbers(samples):
    """Frame numbers, as tone counts them."""
    return [x * COUNT_TOP for x in samples]


@in_time
def exact():
    jack = start_jack()
    tone = Tone("jack", "--lock")
    tone.running()
    ear = Ear(2, 2)
    summary, (left, right) = ear.heard()
    status = tone.status()
    frames = numbers(left)
    assert all(b == a + 1 for a, b in zip(frames, frames[1:])) and frames[0] == int(frames[0]), "a frame differs"
    assert all(a == -b for a, b in zip(left, right))
    assert summary["smallest"] == summary["largest"] == 64, summary
    assert status["smallest"] == status["largest"] == status["call_frames"] == 64, status
    print(f"  {len(frames)} frames of 2 channels heard, each as rendered, to the bit; "
          f"{status['calls']} calls, all of 64 frames; real-time: {status['realtime']} at {status['priority']}; "
          f"load {status['load_mean']:.4f}; rate {status['rate']:.1f}; memory locked: {tone.said[0]['locked']}")
    tone.quit()
    jack.end()


@in_time
def longer_period():
    """2,048 frames at a time: given in two pieces of AUDIO_FRAMES_MAX."""
    jack = start_jack(2048)
    tone = Tone("jack")
    tone.running()
    summary, (left, right) = Ear(2, 1).heard()
    frames = numbers(left)
    assert all(b == a + 1 for a, b in zip(frames, frames[1:]))
    status = tone.status()
    assert status["call_frames"] == 2048 and status["smallest"] == status["largest"] == 1024, status
    tone.quit()
    jack.end()


@in_time
def ports():
    """Five outputs on a device of two; those beyond are ports that anybody may connect."""
    jack = start_jack()
    tone = Tone("jack", "--outputs", 5)
    tone.running()
    opened = tone.said[0]
    assert (opened["outputs"], opened["device_outputs"], opened["rate"]) == (5, 2, 48000), opened
    listed = subprocess.run(["jack_lsp", "-c"], env=ENVIRONMENT, capture_output=True, text=True).stdout
    assert "system:playback_1\n   tone:" in listed and "system:playback_2\n   tone:" in listed, listed
    _, channels = Ear(5, 0.5).heard()
    assert all(list(channels[c]) == [x * (-1) ** c for x in channels[0]] for c in range(5))
    tone.quit()
    refused = start(TONE, "jack", "--rate", "44100")
    error = refused.communicate(timeout=10)[1]
    assert refused.returncode == 3 and "does not support sample rate 44100, but 48000" in error, error
    print(f"  another rate: {error.strip()}")
    jack.end()


@in_time
def through():
    """What comes in goes out again, a fixed time later."""
    jack = start_jack()
    source = Tone("jack")
    source.running()
    # A second one, named by JACK: its input is the first one's output.
    loop = Tone("jack", "--inputs", 1, "--loop", "--outputs", 3)
    loop.running()
    for port in subprocess.run(["jack_lsp"], env=ENVIRONMENT, capture_output=True, text=True).stdout.split("\n"):
        if port.startswith("tone-in"):
            into = port
    connect = lambda *pair: subprocess.run(["jack_connect", *pair], env=ENVIRONMENT, capture_output=True)
    assert connect("tone:Front Left", into).returncode == 0
    time.sleep(0.5)
    status = loop.status()
    loop_client = "tone-01"
    ear = start(CAPTURE, loop_client, "3", "1", "heard.f32")
    ear.communicate(timeout=60)
    samples = array.array("f")
    with open(os.path.join(FOLDER, "heard.f32"), "rb") as file:
        samples.frombytes(file.read())
    frames = numbers(samples[2::3])
    assert all(b == a + 1 for a, b in zip(frames, frames[1:])), "a frame is missing or twice"
    assert status["input_latency"] == 128 and status["dropped"] == 0, status
    after = loop.status()
    assert (after["dropped"], after["repaired"]) == (status["dropped"], status["repaired"])
    print(f"  {len(frames)} input frames came out in order; ring {status['input_latency']} frames, "
          f"dropped {after['dropped']}, repaired {after['repaired']}")
    loop.quit()
    source.quit()
    jack.end()


def longest_silence(samples):
    """In frames."""
    longest = now = 0
    for sample in samples:
        now = now + 1 if sample == 0 else 0
        longest = max(longest, now)
    return longest


@in_time
def guard():
    jack = start_jack()
    tone = Tone("jack")
    tone.running()
    ear = Ear(2, 3)
    time.sleep(0.3)
    tone.say("panic")
    time.sleep(0.4)
    tone.say("loud 1000")
    time.sleep(0.3)
    tone.say("nan")
    time.sleep(0.3)
    _, (left, right) = ear.heard()
    silent = longest_silence(left)
    assert 2400 <= silent <= 2410, silent  # 50 ms
    assert max(left) < 1.25 and max(left) > 1 and all(x == x for x in left)
    status = tone.status()
    assert status["not_finite"] == 20 and status["over"] > 0, status
    print(f"  panic: {silent} frames of silence; 1000 times as loud: {max(left):.4f} at most; "
          f"{status['not_finite']} samples that were no numbers are silent")
    tone.quit()
    jack.end()


@in_time
def lost():
    """kill -9: the clock goes on, and so does the sound, when there is a jackd again."""
    jack = start_jack()
    tone = Tone("jack")
    before = tone.running()
    time.sleep(0.3)
    jack.end(signal.SIGKILL)
    killed = time.monotonic()
    notice = tone.wait(lambda line: line.get("notice") == "lost")
    noticed = time.monotonic() - killed
    tone.wait(lambda line: line.get("status") == "lost")
    first = tone.status()
    time.sleep(1.0)
    second = tone.status()
    rate = (second["frame"] - first["frame"]) / (second["mono_ns"] - first["mono_ns"]) * 1e9
    assert abs(rate / 48000 - 1) < 0.02, rate
    jack = start_jack()
    back = tone.wait(lambda line: line.get("notice") == "back")
    tone.running()
    _, (left, right) = Ear(2, 1).heard()
    frames = numbers(left)
    assert frames[0] > back["frame"] and all(b == a + 1 for a, b in zip(frames, frames[1:]))
    status = tone.status()
    assert status["losses"] == status["reopened"] == 1 and status["frame"] > second["frame"] > before["frame"]
    print(f"  noticed after {noticed * 1000:.0f} ms ({notice['text']}); {rate:.0f} frames a second without a device; "
          f"back at frame {back['frame']}, heard again to the bit")
    tone.quit()
    jack.end()


@in_time
def stalled():
    """A jackd that hangs is a lost one; closing does not hang with it."""
    jack = start_jack()
    tone = Tone("jack")
    tone.running()
    os.kill(jack.process.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        notice = tone.wait(lambda line: line.get("notice") == "lost")
        noticed = time.monotonic() - began
        frame = tone.status()["frame"]
        time.sleep(0.5)
        assert tone.status()["frame"] > frame + 15000
        began = time.monotonic()
        tone.quit()
        took = time.monotonic() - began
    finally:
        os.kill(jack.process.pid, signal.SIGCONT)
    print(f"  jackd stopped: noticed after {noticed:.1f} s ({notice['text']}); frames go on; quit took {took:.2f} s")
    assert took < 30
    jack.end(signal.SIGKILL)


@in_time
def recording():
    """kill -9 of a program that records: the file holds all but the last second, and each frame is right."""
    jack = start_jack()
    tone = Tone("jack", "--record", "take.wav")
    tone.running()
    time.sleep(2.5)
    status = tone.status()
    tone.process.kill()
    tone.process.wait()
    with open(os.path.join(FOLDER, "take.wav"), "rb") as file:
        data = file.read()
    at = data.index(b"data") + 8
    told = int.from_bytes(data[at - 4:at], "little")
    assert int.from_bytes(data[4:8], "little") + 8 <= len(data) and told <= len(data) - at
    samples = array.array("f")
    samples.frombytes(data[at:at + told])
    assert numbers(samples[::2]) == [n for n in range(told // 8)]
    missing = status["frame"] - told // 8
    print(f"  killed at frame {status['frame']}: the header tells of {told // 8}, all right; "
          f"{missing / 48000:.2f} s are missing")
    assert missing < 48000
    jack.end(signal.SIGKILL)  # it would wait for the client


@in_time
def late():
    """A render that takes too long is counted, and survived."""
    jack = start_jack()
    tone = Tone("jack")
    tone.running()
    tone.say("busy 20")
    time.sleep(0.5)
    status = tone.status()
    assert status["late"] >= 1 and status["status"] == "running", status
    print(f"  a render of 20 ms: late {status['late']}, xruns {status['xruns']}")
    tone.quit()
    jack.end()


def nothing_there():
    """One line of cause, and an exit status."""
    for backend in ("jack", "auto", "wasapi"):
        process = start(TONE, backend)
        _, error = process.communicate(timeout=60)
        assert process.returncode == 3 and error.count("\n") == 1 and len(error) > 10, error
        print(f"  {error.strip()}")


@in_time
def dummy():
    """Calls of any length; the rate is only roughly right."""
    tone = Tone("dummy", "--inputs", 2, "--loop", seconds=10)
    tone.running()
    time.sleep(1.5)
    status = tone.status()
    assert abs(status["rate"] / 48000 - 1) < 0.02 and status["call_frames"] != 0, status
    tone.say("fade")
    tone.wait(lambda line: line.get("faded"))
    print(f"  calls of {status['smallest']}..{status['largest']} frames, rate {status['rate']:.1f}, "
          f"underflows {status['xruns']}")
    tone.quit()


TESTS = [exact, longer_period, ports, through, guard, lost, stalled, recording, late, nothing_there, dummy]


def main():
    wanted = sys.argv[3:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # a timeout of the tests' runner: tidy up
    try:
        for test in TESTS:
            if wanted and test.__name__ not in wanted:
                continue
            began = time.monotonic()
            print(f"{test.__name__}: {(test.__doc__ or 'JACK, to the bit').splitlines()[0]}", flush=True)
            test()
            print(f"  ({time.monotonic() - began:.1f} s)", flush=True)
    finally:
        end_all()
        shutil.rmtree(FOLDER, ignore_errors=True)


main()
