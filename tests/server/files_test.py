#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""files_test -- files that clients name, and files that the person names who starts the server: which names are taken, what is never
replaced, and that a FIFO, a device or a link in the place of a file blocks nothing and leads nowhere.

usage: files_test.py MEGASYNTHD
"""
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

from wire import Client, Failed, PATCH, Server, run

PROGRAM = os.path.abspath(sys.argv[1])
outside = tempfile.TemporaryDirectory(prefix="megasynth-files-")  # around the root: what leads out of it leads here
OUTSIDE = outside.name
ROOT = OUTSIDE + "/root"
os.mkdir(ROOT)
server = Server(PROGRAM, "--state", "none", folder=ROOT)
COMMANDS = {"/state/save": ".json", "/state/load": ".json", "/patch/load": ".json", "/patch/check": ".json", "/record/start": ".wav"}


def refused(c, command, name):
    """Within a second or so, with a cause of one line."""
    start = time.monotonic()
    try: done = c.call(command, file=name)
    except Failed as failed:
        assert failed.code in ("file", "bad-value", "conflict"), failed
        assert not any(ord(letter) < 32 for letter in failed.details["message"]), failed
        assert time.monotonic() - start < 10, (command, name)
        return failed.details["message"]
    raise AssertionError(f"{command} {name!r} was done: {done}")


def names():
    c = server.client()
    bad = ["", OUTSIDE + "/x", "../x", "a/../../x", "./x", "a//x", ".hidden", ".config/x", "a/.b/x", "x\n2026 info forged: y", "x\x1b[2J", "x\x7f", "x\u0085y",
           "n" * 2000]
    for command, ending in COMMANDS.items():
        for name in bad: refused(c, command, name + ending)
    for name in (".bashrc", "x", "x.sh", "x.json.sh", "x.wav", ".json", "a/.json"): refused(c, "/state/save", name)
    for name in (".bashrc", "x", "x.json", "x.mp3", ".wav"): refused(c, "/record/start", name)
    refused(c, "/state/load", "x.conf")
    assert "\n2026 info forged" not in server.log_text()
    left = set(os.listdir(ROOT))
    assert left <= {"log", "megasynth", "data", "state"}, left
    assert os.listdir(OUTSIDE) == ["root"]


def only_what_is_ours():
    """An earlier state is replaced; what a person has put there is not, whatever its name."""
    c = server.client()
    c.call("/state/save", file="mine.json")
    c.call("/synth/new", name="second")
    c.call("/state/save", file="mine.json")
    with open(ROOT + "/mine.json") as f: assert "second" in json.load(f)["synths"]
    c.call("/synth/free", name="second")
    for what in (json.dumps(PATCH), "", "{}", '{"version": 1}', '{"version": 1, "nodes": {}}', "key = value\n"):
        with open(ROOT + "/theirs.json", "w") as f: f.write(what)
        assert "not replace it" in refused(c, "/state/save", "theirs.json")
        with open(ROOT + "/theirs.json") as f: assert f.read() == what
    with open(ROOT + "/theirs.wav", "w") as f: f.write("RIFF")
    refused(c, "/record/start", "theirs.wav")
    with open(ROOT + "/theirs.wav") as f: assert f.read() == "RIFF"
    assert not [name for name in os.listdir(ROOT) if name.endswith(".new")]


def links_and_fifos():
    """No link is followed out, no FIFO, socket, device or folder is waited for."""
    c = server.client()
    with open(ROOT + "/good.json", "w") as f: json.dump(PATCH, f)
    c.call("/patch/load", file="good.json")
    for ending in (".json", ".wav"):
        os.mkfifo(ROOT + "/fifo" + ending)
        os.mkdir(ROOT + "/folder" + ending)
        os.symlink("/dev/zero", ROOT + "/device" + ending)
        os.symlink("good.json", ROOT + "/inside" + ending)
        os.symlink(OUTSIDE + "/nowhere" + ending, ROOT + "/dangling" + ending)
        made = socket.socket(socket.AF_UNIX)
        made.bind(ROOT + "/socket" + ending)
    os.symlink(OUTSIDE, ROOT + "/away")
    for command, ending in COMMANDS.items():
        for name in ("fifo", "folder", "device", "inside", "dangling", "socket", "away/x"): refused(c, command, name + ending)
    os.mkfifo(ROOT + "/.later.json.new")  # in the place of the file aside
    c.call("/state/save", file="later.json")
    with open(ROOT + "/good.json") as f: assert json.load(f) == PATCH
    assert os.listdir(OUTSIDE) == ["root"]


def ends(code, *options, say):
    got = subprocess.run([PROGRAM, "--backend", "dummy", "--port", "0", *options], env=ENVIRONMENT, capture_output=True, text=True, timeout=30)
    assert got.returncode == code and say in got.stderr, (options, got.returncode, got.stderr)


ENVIRONMENT = dict(os.environ, XDG_RUNTIME_DIR=ROOT + "/run", XDG_STATE_HOME=ROOT + "/state", XDG_DATA_HOME=ROOT + "/data")


def fifos_at_the_start():
    """In the place of a patch, a token, a trace, a state: an error at once."""
    os.mkdir(ROOT + "/run")
    os.mkfifo(ROOT + "/pipe.json")
    os.chmod(ROOT + "/pipe.json", 0o600)
    none = ["--state", "none", "--socket", "none"]
    ends(6, *none, "--patch", ROOT + "/pipe.json", say="not a regular file")
    ends(2, *none, "--token-file", ROOT + "/pipe.json", say="not a regular file")
    ends(6, *none, "--trace", ROOT + "/pipe.json", say="--trace")
    ends(6, "--socket", "none", "--state", ROOT + "/pipe.json", "--resume", say="not a regular file")


def watched_fifo():
    """A watched file that turns into a FIFO: the build worker and SIGTERM go on."""
    path = ROOT + "/watched.json"
    with open(path, "w") as f: json.dump(PATCH, f)
    with Server(PROGRAM, "--state", "none", "--patch", path, "--watch") as s:
        c = s.client()

        def logged(text):
            until = time.monotonic() + 30
            while text not in s.log_text():
                assert time.monotonic() < until, s.log_text()
                yield
                time.sleep(0.05)
        for n, _ in enumerate(logged("patch.changed")):  # until the file is watched
            with open(path, "w") as f: json.dump(dict(PATCH, name="x" * n), f)
        os.unlink(path)
        os.mkfifo(path)
        for _ in logged("not a regular file"): pass
        c.call("/patch/load", patch=PATCH)
        assert s.stop() == 0


def the_usual_root():
    """Without --root: a folder of the server's own, not the current one."""
    folder = ROOT + "/elsewhere"
    os.mkdir(folder)
    os.mkdir(folder + "/run")
    environment = dict(ENVIRONMENT, XDG_RUNTIME_DIR=folder + "/run", XDG_DATA_HOME=folder + "/data")
    process = subprocess.Popen([PROGRAM, "--backend", "dummy", "--port", "0", "--state", "none"], env=environment, cwd=folder,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = process.stdout.readline().split()[-1]
        assert url.startswith("unix:"), url
        c = Client(url)
        c.call("/state/save", file="here.json")
        assert os.path.exists(folder + "/data/megasynth/here.json") and not os.path.exists(folder + "/here.json")
    finally:
        process.terminate()
        assert process.wait(20) == 0
        process.stdout.close()


with outside, server: run([names, only_what_is_ours, links_and_fifos, fifos_at_the_start, watched_fifo, the_usual_root], "files_test")
