# SPDX-License-Identifier: MIT
"""calls_test -- `megasynthd --calls FOLDER`: what is done to a server's synths, and `megasynth replay` of it: the same
bits, checked by the hashes in the recording.

usage: calls_test.py MEGASYNTH MEGASYNTHD
"""
import os
import shutil
import tempfile

from shell import KEYS, Shell, live_server, run

folder = tempfile.mkdtemp(prefix="megasynth-calls-")


def recorded():
    with live_server("--patch", KEYS, "--calls", folder) as server:
        shell = Shell(server)
        lines = ["/note/on C4 0.8 id=1", "/knob/set cutoff 0.8", "/note/on E4 0.5 id=2", "/param/set filt res value=0.5 ramp_ms=10",
                 "/patch/edit ops='[{\"op\": \"voices\", \"count\": 3}]'", "/note/off 1", "/patch/undo", "/synth/new other",
                 "/knob/set cutoff 0.1", "/patch/redo", "/note/off 2", "/sync"]
        for _ in range(5):
            shell.good("send", "-", stdin="\n".join(line for line in lines if "synth/new" not in line))
        shell.good("send", "-", stdin="/synth/new other\n/sync")
    assert sorted(os.listdir(folder)) == ["main.1.calls", "other.1.calls"], os.listdir(folder)
    with open(os.path.join(folder, "main.1.calls")) as file:
        text = file.read()
    assert text.count('"call":"edit"') == 5 and text.count('"call":"undo"') == 5 and '"event"' in text
    return f"{len(text)} bytes"


def replayed():
    with live_server() as server:
        shell = Shell(server)
        for name in ("main", "other"):
            path = os.path.join(folder, name + ".1.calls")
            code, _, errors = shell.run("replay", path, "-o", os.path.join(folder, name + ".wav"))
            assert code == 0 and "the same bits" in errors, errors
        with open(os.path.join(folder, "main.1.calls")) as file:
            lines = file.read().splitlines()
        broken = os.path.join(folder, "broken.calls")
        with open(broken, "w") as file:  # a note was not played
            file.write("\n".join(line for line in lines if not line.startswith('{"event":[0,')) + "\n")
        code, _, errors = shell.run("replay", broken)
        assert code != 0 and "frame" in errors, errors
        cut = os.path.join(folder, "cut.calls")
        with open(cut, "w") as file:  # a copy of a file that is being written
            file.write("\n".join(lines[:-2]) + "\n" + lines[-2][:10])
        code, _, errors = shell.run("replay", cut)
        assert code == 0 and "cut off" in errors and "the same bits" in errors, errors
        code, _, errors = shell.run("replay", KEYS)
        assert code != 0 and "not a recording" in errors, errors


def not_overwritten():
    before = os.path.getsize(os.path.join(folder, "main.1.calls"))
    with live_server("--patch", KEYS, "--calls", folder) as server:
        Shell(server).good("note", "C4")
    assert os.path.getsize(os.path.join(folder, "main.1.calls")) == before
    assert os.path.getsize(os.path.join(folder, "main.2.calls")) > 0


try:
    run([recorded, replayed, not_overwritten], "calls")
finally:
    shutil.rmtree(folder)
