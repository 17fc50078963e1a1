#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recordings by a real server: of the output and of buses, what is refused, and kill -9.

usage: record_server_test.py MEGASYNTHD
"""
import array
import os
import resource
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import PATCH, Server, run  # noqa: E402

MEGASYNTHD = sys.argv[1]


def samples(path, channels):
    """Of a float WAV file; its header must tell no more than there is."""
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"data") + 8
    told = int.from_bytes(data[at - 4:at], "little")
    assert told <= len(data) - at and int.from_bytes(data[4:8], "little") + 8 <= len(data)
    values = array.array("f")
    values.frombytes(data[at:at + told])
    return [values[c::channels] for c in range(channels)]


def output_and_bus():
    with Server(MEGASYNTHD, "--state", "none") as server:
        c = server.client()
        c.call("/patch/load", patch=PATCH)
        bus = c.call("/bus/new", node="vca", port="out")["bus"]
        c.call("/record/start", file="out.wav")
        c.call("/record/start", file="deep/bus.wav", bus=bus, folders=True)
        c.call("/record/start", file="short.flac", seconds=0.25, format="pcm16")
        note = c.call("/note/on", key=60, velocity=0.8)["note"]
        time.sleep(0.5)
        c.call("/note/off", note=note)
        time.sleep(0.2)
        status = {r["file"]: r for r in c.call("/record/status")["recordings"]}
        assert status["deep/bus.wav"]["bus"] == bus and status["deep/bus.wav"]["channels"] == 1
        assert status["out.wav"]["channels"] == 2 and status["short.flac"]["ended"]
        assert status["short.flac"]["frames"] == 12000
        stopped = c.call("/record/stop", file="out.wav")["recordings"]
        assert len(stopped) == 1 and stopped[0]["dropped"] == 0 and stopped[0]["synced"] == stopped[0]["frames"]
        c.call("/bus/free", bus=bus)  # its recording stays until it is stopped
        assert {r["file"] for r in c.call("/record/stop")["recordings"]} == {"deep/bus.wav", "short.flac"}
        assert c.call("/record/status")["recordings"] == []
        left, right = samples(os.path.join(server.folder, "out.wav"), 2)
        (mono,) = samples(os.path.join(server.folder, "deep/bus.wav"), 1)
        assert max(map(abs, left)) > 0.01 and len(left) == stopped[0]["frames"]
        # The same note in both: from its first sample on the bus carries what the left output does.
        a = next(i for i, x in enumerate(left) if x)
        b = next(i for i, x in enumerate(mono) if x)
        count = min(len(left) - a, len(mono) - b)
        assert count > 20000 and left[a:a + count] == mono[b:b + count]
        return f"{len(left)} frames of the output; {count} of the bus are the same bits"


def many_channels():
    """Each output channel is recorded as the patch writes it: sines of 100, 200 ... Hz on 6 channels."""
    count = 6
    nodes = {f"o{n}": {"type": "output", "params": {"first": n + 1, "channels": 1}} for n in range(count)}
    nodes |= {f"s{n}": {"type": "osc.sine", "params": {"freq": 100 * (n + 1)}} for n in range(count)}
    cables = [{"from": [f"s{n}", "out"], "to": [f"o{n}", "in"]} for n in range(count)]
    with Server(MEGASYNTHD, "--state", "none", "--outputs", str(count)) as server:
        c = server.client()
        c.call("/patch/load", patch={"nodes": nodes, "connections": cables})
        c.call("/record/start", file="many.wav", seconds=0.6)
        while not c.call("/record/status")["recordings"][0]["ended"]:
            time.sleep(0.05)
        c.call("/record/stop")
        channels = samples(os.path.join(server.folder, "many.wav"), count)
        for n, channel in enumerate(channels):
            second = channel[-24000:]  # the last half second: the load has faded in
            rises = sum(a < 0 <= b for a, b in zip(second, second[1:]))
            assert abs(rises - 50 * (n + 1)) <= 1, (n, rises)
        return f"{count} channels, each its own sine"


def pipelined():
    """Start and stop without waiting between them."""
    with Server(MEGASYNTHD, "--state", "none") as server:
        c = server.client()
        numbers = [c.ask("/record/start", file="a.wav"), c.ask("/record/stop"), c.ask("/record/start", file="b.wav"),
                   c.ask("/record/stop", file="b.wav"), c.ask("/record/stop")]
        answers = [c.answer(n) for n in numbers]
        assert [len(a["recordings"]) for a in answers[1::2]] == [1, 1] and answers[4]["recordings"] == []
        c.call("/record/start", file="left.wav")  # and one that nobody stops
    return "in order"


def refused():
    with tempfile.TemporaryDirectory(prefix="megasynth-outside-") as outside:
        root = outside + "/root"
        os.mkdir(root)
        refused_in(root, outside)
        assert os.listdir(outside) == ["root"]
    return "each with its code; eight at once"


def refused_in(root, outside):
    with Server(MEGASYNTHD, "--state", "none", folder=root) as server:
        c = server.client()
        os.symlink(outside, root + "/link")
        for path in (outside + "/x.wav", "../x.wav", "a/../../x.wav", "x.mp3", ""):
            c.fails("bad-value", "/record/start", file=path)
        for path in ("link/x.wav", "missing/x.wav"):
            c.fails("file", "/record/start", file=path)
        c.fails("bad-value", "/record/start", file="x.wav", format="mp3")
        c.fails("not-found", "/record/start", file="x.wav", bus=1234)
        c.fails("not-found", "/record/stop", file="x.wav")
        c.call("/record/start", file="x.wav")
        c.fails("conflict", "/record/start", file="x.wav")
        for i in range(7):
            c.call("/record/start", file=f"{i}.wav")
        assert c.fails("limit", "/record/start", file="y.wav")["limit"] == "recordings_max"
        assert len(c.call("/record/stop")["recordings"]) == 8


def full():
    """A disk that is full: the recording ends with an error, the server does not."""
    folder = tempfile.mkdtemp(prefix="megasynth-full-")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300000, limit[1]))
    try:
        with Server(MEGASYNTHD, "--state", "none", "--outputs", "8", folder=folder) as server:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            c = server.client()
            c.call("/record/start", file="full.wav")
            end = time.monotonic() + 10
            while not c.call("/record/status")["recordings"][0]["ended"] and time.monotonic() < end:
                time.sleep(0.05)
            c.settle(0.25)  # it is logged, too
            last = c.call("/record/stop")["recordings"][0]
            assert "error" in last, last
            assert "record.failed" in server.log_text() and "File too large" in server.log_text()
            kept = len(samples(os.path.join(folder, "full.wav"), 8)[0])
            return f"{last['error']}; {kept} frames can be read"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        shutil.rmtree(folder, ignore_errors=True)


def full_at_start():
    """A start on a full disk leaves no file and no name that is taken."""
    with Server(MEGASYNTHD, "--state", "none") as server:
        c = server.client()
        for name in ("start.wav", "start.flac"):
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            c.fails("file", "/record/start", file=name)
            assert not os.path.exists(os.path.join(server.folder, name)) and not c.call("/record/status")["recordings"]
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            c.call("/record/start", file=name)
            c.call("/record/stop")
            c.settle(0.1)
            lines = [line for line in server.log_text().splitlines() if name in line]
            assert [what for what in ("record.started", "record.stopped") if any(what in line for line in lines)] == \
                ["record.started", "record.stopped"], lines


def killed():
    server = Server(MEGASYNTHD, "--state", "none")
    try:
        c = server.client()
        c.call("/patch/load", patch=PATCH)
        c.call("/record/start", file="out.wav")
        c.call("/note/on", key=60, velocity=0.8)
        time.sleep(2)
        frames = c.call("/record/status")["recordings"][0]["frames"]
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        left, _ = samples(os.path.join(server.folder, "out.wav"), 2)
        assert frames - len(left) < 48000 and max(map(abs, left)) > 0.01
        return f"of {frames} frames the header tells of {len(left)}"
    finally:
        server.stop()
        shutil.rmtree(server.folder)


run([output_and_bus, many_channels, pipelined, refused, full, full_at_start, killed], "record_server_test")
