#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lifecycle_test -- the server among other processes: exit codes, signals, the file by which it is found, patches that are
watched, states that survive kill -9.

usage: lifecycle_test.py MEGASYNTHD
"""
import json
import os
import signal
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from wire import Client, Failed, PATCH, Server, request, run

PROGRAM = sys.argv[1]
FOLDER = tempfile.mkdtemp(prefix="megasynth-test-")
ENVIRONMENT = dict(os.environ, XDG_RUNTIME_DIR=FOLDER, XDG_STATE_HOME=FOLDER + "/state")


def ends(code, *options, say=None):
    """Starts a server that must end by itself, with a code and one line of cause."""
    got = subprocess.run([PROGRAM, *options], env=ENVIRONMENT, capture_output=True, text=True, timeout=15)
    lines = got.stderr.strip().splitlines()
    assert got.returncode == code, (options, got.returncode, got.stderr)
    assert len(lines) == 1 and got.stdout == "", (options, got.stderr, got.stdout)
    assert say is None or say in lines[0], (say, lines)


def exit_codes():
    dummy = ["--backend", "dummy", "--port", "0", "--socket", "none", "--state", "none"]
    ends(2, "--nonsense")
    ends(2, "--backnd", "dummy", say="--backend")
    ends(2, "--port", "70000")
    ends(2, "--port")
    ends(2, "what")
    ends(2, "--watch")
    ends(2, "--root", FOLDER + "/none")
    ends(2, *dummy, "--listen", "0.0.0.0", say="--token-file")
    ends(2, *dummy, "--token-file", FOLDER + "/none")
    ends(3, "--backend", "jack", "--port", "0", "--socket", "none", "--device", "no such device")
    ends(6, *dummy, "--patch", FOLDER + "/none.json", say="No such file")
    with open(FOLDER + "/bad.json", "w") as f: json.dump(dict(PATCH, nodes={"a": {"type": "nothing"}}), f)
    ends(6, *dummy, "--patch", FOLDER + "/bad.json", say="nodes.a.type")
    taken = socket.create_server(("127.0.0.1", 0))
    ends(4, "--backend", "dummy", "--socket", "none", "--port", str(taken.getsockname()[1]))
    taken.close()
    with Server(PROGRAM, folder=FOLDER): ends(4, "--backend", "dummy", "--port", "0", "--state", "none")
    for option in ("--help", "--version"):
        got = subprocess.run([PROGRAM, option], capture_output=True, text=True)
        assert got.returncode == 0 and "megasynthd" in got.stdout


def discovery():
    with Server(PROGRAM, folder=FOLDER) as s:
        with open(FOLDER + "/megasynth/main.json") as f: found = json.load(f)
        assert found["pid"] == s.process.pid and set(found["urls"]) == set(s.urls.values())
        mode = os.stat(FOLDER + "/megasynth/main.sock").st_mode & 0o777
        assert mode == 0o600, oct(mode)
        boot = s.boot_seconds
    assert not os.path.exists(FOLDER + "/megasynth/main.json") and not os.path.exists(FOLDER + "/megasynth/main.sock")
    return f"ready after {1e3 * boot:.0f} ms"


def leftovers():
    """A server that was killed stands in nobody's way."""
    s = Server(PROGRAM, folder=FOLDER)
    s.process.kill()
    s.process.wait()
    s.log.close()
    assert os.path.exists(FOLDER + "/megasynth/main.sock")
    with Server(PROGRAM, folder=FOLDER): pass


def only_the_lock_counts():
    """A file that names a living process of another program stands in nobody's way; a file that is locked does."""
    os.makedirs(FOLDER + "/megasynth", exist_ok=True)
    with open(FOLDER + "/megasynth/main.json", "w") as f: json.dump({"pid": 1, "name": "main", "urls": []}, f)
    with Server(PROGRAM, folder=FOLDER) as s:
        with open(FOLDER + "/megasynth/main.json") as f: assert json.load(f)["pid"] == s.process.pid
        assert os.stat(FOLDER + "/megasynth/main.json").st_mode & 0o777 == 0o600
        for _ in range(3): ends(4, "--backend", "dummy", "--port", "0", "--socket", "none", "--state", "none", say="main")
        s.client().call("/ping")
        with Server(PROGRAM, "--name", "other", folder=FOLDER): pass
    # twenty at once: one gets the name
    many = [subprocess.Popen([PROGRAM, "--backend", "dummy", "--port", "0", "--state", "none"], env=ENVIRONMENT, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True) for _ in range(20)]
    ready = [process for process in many if process.stdout.readline().startswith("ready")]
    for process in ready: process.terminate()
    codes = sorted(process.wait(30) for process in many)
    for process in many: process.stdout.close()
    assert len(ready) >= 1 and codes.count(0) == len(ready) and codes.count(4) == 20 - len(ready), codes


def runtime_folders():
    """One that is a link, or another user's, is refused; one that others may read is closed to them."""
    dummy = ["--backend", "dummy", "--port", "0", "--state", "none"]
    base = tempfile.mkdtemp(prefix="megasynth-test-")
    environment = dict(ENVIRONMENT, XDG_RUNTIME_DIR=base)
    def tried():
        got = subprocess.run([PROGRAM, *dummy], env=environment, capture_output=True, text=True, timeout=15)
        return got.returncode, got.stderr
    try:
        os.mkdir(base + "/theirs")
        os.symlink("theirs", base + "/megasynth")
        code, said = tried()
        assert code == 2 and "link" in said and not os.listdir(base + "/theirs"), (code, said)
        os.unlink(base + "/megasynth")
        os.mkdir(base + "/megasynth", 0o755)
        if os.getuid() == 0:
            os.chown(base + "/megasynth", 54321, 54321)
            code, said = tried()
            assert code == 2 and "another user" in said, (code, said)
            os.chown(base + "/megasynth", 0, 0)
        os.symlink(base + "/victim", base + "/megasynth/main.json")
        code, said = tried()
        assert code == 6 and not os.path.exists(base + "/victim"), (code, said)
        os.unlink(base + "/megasynth/main.json")
        process = subprocess.Popen([PROGRAM, *dummy], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout.readline().startswith(b"ready")
        assert os.stat(base + "/megasynth").st_mode & 0o777 == 0o700
        process.terminate()
        assert process.wait(15) == 0
        process.stdout.close()
    finally: shutil.rmtree(base, ignore_errors=True)


def unread_log():
    """Standard error, and output, pipes that nobody reads: all goes on, SIGTERM too; what was lost is counted."""
    read, write = os.pipe()
    process = subprocess.Popen([PROGRAM, "--backend", "dummy", "--port", "0", "--state", "none", "--log-level", "debug"], env=ENVIRONMENT,
                               stdout=subprocess.PIPE, stderr=write)
    os.close(write)
    unix = next(word for word in process.stdout.readline().decode().split() if word.startswith("unix:"))
    c = Client(unix)
    for _ in range(40):
        c.send(*[request(i + 1, "/knob/set", name="none", value=1) for i in range(500)])
        c.settle(0.01)
        c.answers.clear()
        c.close()
        c = Client(unix)
    c.call("/ping")
    got = b""
    while len(got) < 32768: got += os.read(read, 4096)
    c.fails("not-found", "/knob/set", name="none", value=1)
    until = time.monotonic() + 20
    while b"log.lost" not in got and time.monotonic() < until:
        c.fails("not-found", "/knob/set", name="none", value=1)
        got += os.read(read, 65536)
    assert b"log.lost" in got
    for _ in range(3000): c.ask("/knob/set", name="none", value=1)
    process.terminate()
    assert process.wait(20) == 0
    os.close(read)
    process.stdout.close()


def closed_standard_files():
    """Started without 0, 1, 2: they are /dev/null, no socket gets a log, and the end is a good one."""
    for closed in ("<&-", ">&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"):
        ready, write = os.pipe()
        shell = subprocess.Popen(["sh", "-c", f'exec "$0" --backend dummy --port 0 --state none --log-level debug --ready-fd {write} {closed}', PROGRAM],
                                 env=ENVIRONMENT, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        line = b""
        while more := os.read(ready, 4096): line += more
        os.close(ready)
        c = Client(next(word for word in line.decode().split() if word.startswith("unix:")))
        for _ in range(50): c.fails("not-found", "/knob/set", name="none", value=1)
        for number in range(3):
            kind = os.readlink(f"/proc/{shell.pid}/fd/{number}")
            assert kind == "/dev/null", (closed, number, kind)
        shell.terminate()
        assert shell.wait(20) == 0, (closed, shell.returncode)


def ready_fd():
    read, write = os.pipe()
    process = subprocess.Popen([PROGRAM, "--backend", "dummy", "--port", "0", "--ready-fd", str(write)], env=ENVIRONMENT,
                               pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    line = b""
    while more := os.read(read, 4096): line += more
    assert line.startswith(b"ready unix:") or line.startswith(b"ready tcp:"), line
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    os.close(read)


def orphan():
    """--exit-with-parent: the shell between is killed."""
    shell = subprocess.Popen(["sh", "-c", '"$0" --backend dummy --port 0 --exit-with-parent & echo $!; wait', PROGRAM],
                             env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pid = int(shell.stdout.readline())
    assert shell.stdout.readline().startswith("ready")
    shell.kill()
    shell.wait()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z": return
        except FileNotFoundError: return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    raise AssertionError("it lives on")


def watched():
    path = FOLDER + "/watched.json"
    def write(**what):
        with open(path + ".new", "w") as f: json.dump(dict(PATCH, **what), f)
        os.rename(path + ".new", path)
    write(voices=3)
    with Server(PROGRAM, "--patch", path, "--watch", folder=FOLDER) as s:
        c = s.client("unix")
        assert c.call("/patch/get")["patch"]["voices"] == 3
        c.call("/subscribe", topics=["patch"])
        time.sleep(0.3)
        write(voices=5)
        until = time.monotonic() + 5
        while not c.notices and time.monotonic() < until: c.settle(0.05)
        assert c.call("/patch/get")["patch"]["voices"] == 5
        with open(path, "w") as f: f.write('{"nodes": {"a"')
        time.sleep(0.6)
        assert c.call("/patch/get")["patch"]["voices"] == 5
        assert "command.failed" in s.log_text()


def state_file(): return FOLDER + "/state/megasynth/main.json"


def resumed():
    """kill -9: what was loaded and turned is there again."""
    s = Server(PROGRAM, folder=FOLDER)
    c = s.client("unix")
    c.call("/patch/load", patch=PATCH)
    c.call("/synth/new", name="lead", fader=0.25)
    c.call("/synth/lead/patch/load", patch=dict(PATCH, name="lead"))
    c.call("/synth/lead/knob/set", name="cutoff", value=0.125)
    c.call("/param/set", node="filt", param="res", value=0.625)
    c.call("/knob/map", name="cutoff", address="/fader/1")
    until = time.monotonic() + 10
    def written():
        with open(state_file()) as f: text = f.read()
        return "0.125" in text and "0.625" in text and "/fader/1" in text
    while time.monotonic() < until and not (os.path.exists(state_file()) and written()): time.sleep(0.05)
    s.process.kill()
    s.process.wait()
    s.log.close()
    with Server(PROGRAM, "--resume", folder=FOLDER) as s:
        c = s.client("unix")
        assert c.call("/synth/lead/knob/get", name="cutoff")["value"] == 0.125
        assert c.call("/param/get", node="filt", param="res")["value"] == 0.625
        assert c.call("/synth/list")["synths"]["lead"]["fader"] == 0.25
        c.plain("/fader/1", 0.5)
        assert c.call("/knob/get", name="cutoff")["value"] == 0.5
        assert os.path.exists(state_file() + ".attempts")
    assert not os.path.exists(state_file() + ".attempts"), "a good end is not counted"


def never_loops():
    """A state that brings the server down is tried three times."""
    tried = []
    for _ in range(5):
        s = Server(PROGRAM, "--resume", folder=FOLDER)
        tried.append(s.client("unix").call("/status")["synths"]["main"]["loaded"])
        s.process.kill()
        s.process.wait()
        s.log.close()
    assert tried[:3] == [True] * 3 and not tried[3], tried
    assert os.path.exists(state_file() + ".bad")


def killed_in_save():
    """kill -9 while the state is saved leaves the old or the new file."""
    name, sizes = FOLDER + "/saved.json", []
    for round in range(12):
        s = Server(PROGRAM, "--state", "none", folder=FOLDER)
        c = s.client("unix")
        nodes = dict(PATCH["nodes"], **{f"g{i}": {"type": "gain"} for i in range(50 * (1 + round % 3))})
        c.call("/patch/load", patch=dict(PATCH, nodes=nodes))
        c.call("/state/save", file="saved.json")
        c.send(*[b for b in [request(100 + i, "/state/save", file="saved.json") for i in range(20)]])
        time.sleep(0.001 * (round % 6))
        s.process.kill()
        s.process.wait()
        s.log.close()
        with open(name) as f: sizes.append(len(json.load(f)["synths"]["main"]["patch"]["nodes"]))
    return f"12 kills, {len(set(sizes))} different files, all whole"


def fades_and_saves():
    with Server(PROGRAM, folder=FOLDER) as s:
        s.client("unix").call("/patch/load", patch=dict(PATCH, name="kept"))
        assert s.stop() == 0
    with open(state_file()) as f: assert json.load(f)["synths"]["main"]["patch"]["name"] == "kept"
    with Server(PROGRAM, folder=FOLDER) as s:
        s.client("unix").plain("/quit")
        assert s.process.wait(10) == 0


def json_log():
    with Server(PROGRAM, "--log-format", "json", "--log-level", "debug", "--state", "none", folder=FOLDER) as s:
        before = len(s.log_text())
        try: s.client("unix").call("/knob/set", name="none", value=1)
        except Failed: pass
    for line in s.log_text()[before:].splitlines(): assert set(json.loads(line)) == {"time", "level", "event", "message"}


def traced():
    """--trace: what chrome://tracing reads, whole when the server has ended."""
    path = FOLDER + "/trace.json"
    with Server(PROGRAM, "--trace", path, "--state", "none", folder=FOLDER) as s:
        c = s.client("unix")
        c.call("/patch/load", patch=PATCH)
        c.call("/note/on", key=60, velocity=0.5)
    with open(path) as f: events = json.load(f)
    names = {event["name"] for event in events}
    assert {"render", "/patch/load", "swap", "/note/on"} <= names, names
    spans = [e for e in events if e["name"] == "render"]
    assert all(a["args"]["frame"] + a["args"]["frames"] == b["args"]["frame"] for a, b in zip(spans, spans[1:]))
    return f"{len(spans)} blocks, {len(events)} events"


try: run([exit_codes, discovery, leftovers, only_the_lock_counts, runtime_folders, unread_log, closed_standard_files, ready_fd, orphan, watched, resumed, never_loops, killed_in_save, fades_and_saves, json_log, traced],
         "lifecycle_test")
finally: shutil.rmtree(FOLDER, ignore_errors=True)
