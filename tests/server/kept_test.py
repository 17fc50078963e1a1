#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kept_test -- nothing acknowledged is lost: values that were turned, choices too; a quit while builds wait; disks that are
full; state files that cannot be read; kill -9 at random moments of saving.

usage: kept_test.py MEGASYNTHD [KILLS] [SEED]
"""
import contextlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from wire import PATCH, Server, request, run

PROGRAM = sys.argv[1]
KILLS, SEED = (int(n) for n in (sys.argv[2:] + ["40", "1"][len(sys.argv) - 2:]))
OSC3 = {"nodes": {"o": {"type": "osc3", "params": {"wave2": "sine"}}, "f": {"type": "filter"}, "out": {"type": "output"}},
        "connections": [{"from": ["o", "out"], "to": ["f", "in"]}, {"from": ["f", "out"], "to": ["out", "in"]}]}


@contextlib.contextmanager
def folder():
    path = tempfile.mkdtemp(prefix="megasynth-test-")
    try: yield path
    finally: shutil.rmtree(path, ignore_errors=True)


def state_file(path): return path + "/state/megasynth/main.json"


def saved(path):
    with open(state_file(path)) as f: return json.load(f)


def wait_for(what, seconds=30):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.02)


# ---- the sound as it is ---------------------------------------------------------------------------
def turned():
    """What was turned is in the document, in the state, and after --resume: choices by number or name, zeros, defaults."""
    with folder() as path:
        with Server(PROGRAM, folder=path) as s:
            c = s.client()
            c.call("/patch/load", patch=OSC3)
            rows = c.call("/param/list", node="o")["params"]
            c.call("/param/set", node="o", param="wave1", value=float(rows["wave1"]["choices"].index("sine")))
            c.call("/param/set", node="o", param="wave2", value=float(rows["wave2"]["choices"].index("saw")))
            c.call("/param/set", node="f", param="freq", value=777.0)
            c.call("/sync")
            params = c.call("/patch/get")["patch"]["nodes"]["o"]["params"]
            assert params["wave1"] in ("sine", rows["wave1"]["choices"].index("sine")), params
            assert "wave1" not in c.call("/patch/get", written=True)["patch"]["nodes"]["o"]["params"]
            assert "777" in c.call("/patch/get", format="sexp")["text"]
            state = c.call("/state/get")["state"]
            before = {name: c.call("/param/list", node=node)["params"][name]["value"] for node, name in (("o", "wave1"), ("o", "wave2"), ("f", "freq"))}
            c.call("/state/save", file="saved.json")
        for how in ("resume", "file", "map"):
            with Server(PROGRAM, *(["--resume"] if how == "resume" else ["--state", "none"]), folder=path) as s:
                c = s.client()
                if how == "file": c.call("/state/load", file="saved.json")
                if how == "map": c.call("/state/load", state=state)
                for name, value in before.items():
                    node = "f" if name == "freq" else "o"
                    assert c.call("/param/list", node=node)["params"][name]["value"] == value, (how, name)
        numbers = json.loads(json.dumps(state))
        numbers["synths"]["main"]["patch"]["nodes"]["o"]["params"]["wave1"] = rows["wave1"]["choices"].index("sine")
        with Server(PROGRAM, "--state", "none") as s:
            c = s.client()
            c.call("/state/load", state=numbers)
            assert c.call("/param/list", node="o")["params"]["wave1"]["value"] == before["wave1"]


# ---- a quit ---------------------------------------------------------------------------------------
def quits():
    """120 checks of 2,000 nodes wait in front: what was acknowledged behind them is saved, by each way to end."""
    many = dict(PATCH, nodes=dict(PATCH["nodes"], **{f"g{i}": {"type": "gain"} for i in range(2000)}))
    took = []
    for how in ("SIGTERM", "SIGINT", "SIGHUP", "/quit"):
        with folder() as path, Server(PROGRAM, folder=path) as s:
            c, other = s.client(), s.client("tcp")
            c.call("/patch/load", patch=PATCH)
            c.call("/synth/new", name="second")
            for i in range(120):
                c.send(request(1000 + i, "/patch/check", patch=many))
                c.receive(0)  # a client that reads nothing for long is cut
            c.call("/knob/set", name="cutoff", value=0.71875)
            c.call("/synth/fader", name="second", value=0.28125)
            c.plain("/patch/add", "added", "gain")  # a plain command has no answer: sent is enough
            c.call("/ping")
            began = time.monotonic()
            if how == "/quit": other.plain("/quit")
            else: s.process.send_signal(getattr(signal, how))
            assert s.process.wait(60) == 0
            took.append(time.monotonic() - began)
            state = saved(path)["synths"]
            assert state["main"]["patch"]["knobs"]["cutoff"]["value"] == 0.71875, state["main"]["patch"]["knobs"]
            assert state["second"]["fader"] == 0.28125, state["second"]
            assert "added" in state["main"]["patch"]["nodes"], how
    return "ended after " + ", ".join(f"{t:.1f} s" for t in took)


def no_room():
    """A disk that is full: said once, the last good state kept, tried again, written when there is room."""
    with folder() as path:
        s = Server(PROGRAM, folder=path)
        c = s.client()
        c.call("/patch/load", patch=dict(PATCH, name="good"))
        wait_for(lambda: os.path.exists(state_file(path)) and saved(path)["synths"]["main"]["patch"]["name"] == "good")
        resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        c.call("/patch/load", patch=dict(PATCH, name="large", nodes=dict(PATCH["nodes"], **{f"g{i}": {"type": "gain"} for i in range(500)})))
        wait_for(lambda: "state.write" in s.log_text())
        time.sleep(2.5)
        assert saved(path)["synths"]["main"]["patch"]["name"] == "good"
        assert s.log_text().count("state.write") == 1, s.log_text()
        resource.prlimit(s.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_for(lambda: saved(path)["synths"]["main"]["patch"]["name"] == "large")
        wait_for(lambda: "state.written" in s.log_text())
        c.fails("file", "/state/save", file="no/such/folder.json")
        assert s.stop() == 0


def unsavable():
    """A quit whose state cannot be saved is no success, and says where a copy is."""
    with folder() as path, folder() as spare:
        s = Server(PROGRAM, folder=path, env={"TMPDIR": spare})
        c = s.client()
        c.call("/patch/load", patch=dict(PATCH, name="rescued"))
        wait_for(lambda: os.path.exists(state_file(path)))
        shutil.rmtree(path + "/state/megasynth")
        c.call("/knob/set", name="cutoff", value=0.8125)
        assert s.stop() == 7, s.log_text()
        (copy,) = os.listdir(spare)
        assert copy in s.log_text()
        with open(os.path.join(spare, copy)) as f: assert json.load(f)["synths"]["main"]["patch"]["knobs"]["cutoff"]["value"] == 0.8125


def a_small_disk():
    """The same on a file system that is really full, where one may be mounted."""
    with folder() as path:
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", path], capture_output=True).returncode:
            return "skipped: no tmpfs may be mounted"
        try:
            s = Server(PROGRAM, folder=path, wait=True)
            c = s.client()
            c.call("/patch/load", patch=dict(PATCH, name="good"))
            wait_for(lambda: os.path.exists(state_file(path)))
            with contextlib.suppress(OSError), open(path + "/filler", "wb", buffering=0) as f:
                while True: f.write(b"x" * 1024)
            c.call("/patch/load", patch=dict(PATCH, name="large", nodes=dict(PATCH["nodes"], **{f"g{i}": {"type": "gain"} for i in range(500)})))
            time.sleep(1.5)
            assert saved(path)["synths"]["main"]["patch"]["name"] == "good"
            os.unlink(path + "/filler")
            wait_for(lambda: saved(path)["synths"]["main"]["patch"]["name"] == "large")
            assert s.stop() == 0
        finally: subprocess.run(["umount", "-l", path], check=False)
    return None


def shared_state():
    """Two servers of one name in two runtime folders, with one state folder: the second does not start, and says why."""
    with folder() as path, folder() as other, Server(PROGRAM, folder=path):
        env = dict(os.environ, XDG_RUNTIME_DIR=other, XDG_STATE_HOME=path + "/state")
        for options, code in (([], 4), (["--name", "second"], 0)):
            process = subprocess.Popen([PROGRAM, "--backend", "dummy", "--port", "0", "--root", other, *options], env=env,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if process.stdout.readline(): process.terminate()
            said = process.communicate(timeout=60)[1]
            assert process.returncode == code, (process.returncode, said)
            assert code == 0 or "another server uses this state file" in said and "--name" in said, said


# ---- what cannot be read --------------------------------------------------------------------------
def starts(path, *options, user=None):
    """Exit code, or None if it serves (then it is ended), and what it says."""
    env = dict(os.environ, XDG_RUNTIME_DIR=path, XDG_STATE_HOME=path + "/state")
    process = subprocess.Popen([PROGRAM, "--backend", "dummy", "--port", "0", "--root", path, *options], env=env, user=user, group=user,
                               extra_groups=[] if user else None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ready = process.stdout.readline()
    if ready: process.terminate()
    said = process.communicate(timeout=30)[1]
    return (None if ready else process.returncode), said


def unreadable():
    """A state that cannot be read is never written over: the server does not start, whether it resumes or not."""
    def too_long(name):
        with open(name, "w") as f: f.truncate(300 << 20)
    ways = {"folder": os.mkdir, "fifo": os.mkfifo, "too long": too_long, "link": lambda name: os.symlink("/no/such/file", name)}
    for what, make in ways.items():
        for options in ([], ["--resume"]):
            with folder() as path:
                os.makedirs(os.path.dirname(state_file(path)))
                make(state_file(path))
                before = os.lstat(state_file(path))
                code, said = starts(path, *options)
                assert code == 6 and "main.json" in said and "not overwrite it" in said, (what, code, said)
                after = os.lstat(state_file(path))
                assert (before.st_ino, before.st_size, before.st_mtime_ns) == (after.st_ino, after.st_size, after.st_mtime_ns), what
                assert not os.path.exists(state_file(path) + ".bad")


def not_allowed():
    with folder() as path:
        os.makedirs(os.path.dirname(state_file(path)))
        with open(state_file(path), "w") as f: f.write("{}")
        user = None
        if os.geteuid() == 0:
            user = 65534
            for at in (path, path + "/state", path + "/state/megasynth"): os.chown(at, user, user)
        os.chmod(state_file(path), 0)
        try: code, said = starts(path, "--resume", user=user)
        except PermissionError: return "skipped: another user cannot run it"
        assert code == 6 and "ermission denied" in said, (code, said)
        os.chmod(state_file(path), 0o600)
        with open(state_file(path)) as f: assert f.read() == "{}"
    return None


def bad_ones():
    """Damaged states are kept, each under a name of its own; without --resume, too, and the good one of before."""
    with folder() as path:
        os.makedirs(os.path.dirname(state_file(path)))
        texts = ['{"version": 1, "syn', "no json", '{"version": 2, "synths": {}}', "[]"]
        for i, text in enumerate(texts):
            with open(state_file(path), "w") as f: f.write(text)
            code, said = starts(path, *(["--resume"] if i % 2 else []))
            assert code is None and "state.aside" in said, (code, said)
        for i, text in enumerate(texts):
            with open(state_file(path) + (f".bad.{i + 1}" if i else ".bad")) as f: assert f.read() == text
        with Server(PROGRAM, folder=path) as s: s.client().call("/patch/load", patch=dict(PATCH, name="first"))
        with Server(PROGRAM, folder=path) as s: s.client().call("/patch/load", patch=dict(PATCH, name="second"))
        assert saved(path)["synths"]["main"]["patch"]["name"] == "second"
        with open(state_file(path) + ".before") as f: assert json.load(f)["synths"]["main"]["patch"]["name"] == "first"


def not_a_state():
    """--state names a file that is something else, a patch: it stays, and the start says so."""
    with folder() as path:
        os.makedirs(path, exist_ok=True)
        patch = path + "/mine.json"
        for text in (json.dumps(PATCH), "(patch)", "[]", ""):
            with open(patch, "w") as f: f.write(text)
            for more in ([], ["--resume"]):
                code, said = starts(path, "--state", patch, *more)
                assert code == 6 and "not a megasynthd state file" in said, (code, said)
                with open(patch) as f: assert f.read() == text
        assert sorted(os.listdir(path))[:1] and not [name for name in os.listdir(path) if "bad" in name]
        code, said = starts(path, "--state", "none", "--calls", path + "/nowhere")
        assert code == 6 and "--calls" in said, (code, said)


# ---- killed ---------------------------------------------------------------------------------------
def killed():
    """kill -9 at random moments while states are written: the old one or the new one is there, whole; --resume takes it."""
    r, seen = random.Random(SEED), set()
    with folder() as path:
        for i in range(KILLS):
            s = Server(PROGRAM, "--resume", folder=path)
            c = s.client()
            before = c.call("/state/get")["state"]["synths"]["main"].get("patch")
            assert before is None or (before["knobs"]["cutoff"]["value"], len(before["nodes"])) in seen, "neither the old nor the new"
            with contextlib.suppress(FileNotFoundError): os.unlink(state_file(path) + ".attempts")
            nodes = dict(PATCH["nodes"], **{f"g{k}": {"type": "gain"} for k in range(r.choice([1, 30, 400]))})
            value = r.randrange(10000) / 10000
            c.call("/patch/load", patch=dict(PATCH, nodes=nodes, knobs={"cutoff": dict(PATCH["knobs"]["cutoff"], value=value)}))
            seen.add((value, len(nodes)))
            c.send(*[request(100 + k, "/state/save", file="saved.json") for k in range(10)])
            time.sleep(r.random() * r.choice([0.005, 0.05, 0.15]))  # the first write comes within 0.1 s
            s.process.kill()
            s.process.wait()
            s.log.close()
            for name in (state_file(path), path + "/saved.json"):
                if not os.path.exists(name): continue
                with open(name) as f: patch = json.load(f)["synths"]["main"].get("patch")
                assert patch is None or (patch["knobs"]["cutoff"]["value"], len(patch["nodes"])) in seen, "neither the old nor the new"
            assert not [n for n in os.listdir(os.path.dirname(state_file(path))) if ".bad" in n]
    return f"{KILLS} kills, {len(seen)} states"


run([turned, quits, no_room, unsavable, a_small_disk, shared_state, unreadable, not_allowed, bad_ones, not_a_state, killed], "kept_test")
