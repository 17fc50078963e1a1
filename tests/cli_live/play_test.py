# SPDX-License-Identifier: MIT
"""play_test -- `megasynth play`: on a server of its own, which ends with it however that ends, and on one that runs.

usage: play_test.py MEGASYNTH MEGASYNTHD
"""
import json
import os
import signal
import tempfile

from shell import (FILE, INTERRUPTED, KEYS, LOST, NO_SERVER, OK, ROOT, TOY, USAGE, WRONG, Shell, ends, live_server,
                   run, until)


def servers(folder):
    """The servers that left word in a folder, as long as they live."""
    found = []
    for name in os.listdir(folder + "/megasynth") if os.path.isdir(folder + "/megasynth") else []:
        if not name.endswith(".json"): continue
        with open(f"{folder}/megasynth/{name}") as file: text = file.read()
        if not text: continue
        pid = json.loads(text)["pid"]
        try: os.kill(pid, 0)
        except ProcessLookupError: continue
        found.append((pid, name[:-5]))
    return found


def left(folder):
    names = os.listdir(folder + "/megasynth") if os.path.isdir(folder + "/megasynth") else []
    assert not servers(folder) and not names, (servers(folder), names)


def own_server():
    with tempfile.TemporaryDirectory() as folder:
        alone = Shell(None, folder)
        dummy = ["--backend", "dummy"]
        for words in (["--notes", "C4 E4+G4", "--beat", "0.1"], ["--chord", "C4+E4", "--seconds", "0.3"], ["--seconds", "0.2"],
                      ["--seconds", "0.2", "--set", "cutoff=0.9", "--set", "space=0"], ["--notes", "C4 E4", "--seconds", "0.2"]):
            code, out, errors = alone.run("play", KEYS, *dummy, *words)
            assert (code, out) == (OK, "") and "playing" in errors, (words, code, errors)
            left(folder)
        code, _, errors = alone.run("play", KEYS, *dummy, "--seconds", "0.1", "--set", "filt.freq=500", "--set", "lfo.shape=square")
        assert code == OK, errors
        code, _, errors = alone.run("play", ROOT + "/examples/toy.sexp", *dummy, "--seconds", "0.1")
        assert code == OK, errors
        with open(KEYS) as text: code, _, errors = alone.run("play", "-", *dummy, "--seconds", "0.1", stdin=text.read())
        assert code == OK, errors
        # What is wrong shows before anything is started, or leaves nothing behind.
        alone.bad(FILE, "play", "nowhere.json", say="nowhere.json")
        for code, words, say in ((USAGE, [KEYS, "--notes", "H4"], "`H4`"), (USAGE, [KEYS, "--chord", "C4 E4"], "one chord"),
                                 (USAGE, [KEYS, "--set", "x"], "NAME=VALUE"), (USAGE, [KEYS, "--backend", "dummy", "--name", "x"], "--backend"),
                                 (WRONG, [alone.file("wrong.json", '{"nodes": {"a": {"type": "gian"}}}')], "did you mean `gain`"),
                                 (NO_SERVER, [KEYS, "--backend", "nothing"], "failed with exit status 2"),
                                 (USAGE, [KEYS, *dummy, "--set", "cutof=1"], "did you mean `cutoff`"),
                                 (USAGE, [KEYS, *dummy, "--set", "cutoff=7"], "7 is out of range")):
            got, _, errors = alone.run("play", *words)
            assert got == code and say in errors, (words, got, errors)
            left(folder)
        lost = Shell(None, folder, MEGASYNTHD="/nowhere/megasynthd")
        lost.bad(NO_SERVER, "play", KEYS, say=["failed with exit status 127", "MEGASYNTHD"])


def ended_by(send, code, whole_group=False):
    with tempfile.TemporaryDirectory() as folder:
        alone = Shell(None, folder)
        process = alone.start("play", KEYS, "--backend", "dummy", start_new_session=True)
        assert process.stderr.readline().startswith(b"playing")
        pid, name = servers(folder)[0]
        assert name == f"play-{process.pid}" and alone.run("status", "--name", name)[0] == OK
        if whole_group: os.killpg(process.pid, send)  # as a terminal does
        else: process.send_signal(send)
        ends(process, code)
        until(lambda: not servers(folder), text=f"the server {pid} stays")
        return folder


def interrupted(): ended_by(signal.SIGINT, OK, True), ended_by(signal.SIGTERM, OK)
def killed(): ended_by(signal.SIGKILL, -signal.SIGKILL)


def melody_interrupted():
    with tempfile.TemporaryDirectory() as folder:
        process = Shell(None, folder).start("play", KEYS, "--backend", "dummy", "--notes", "C4 " * 100)
        assert process.stderr.readline().startswith(b"playing")
        process.send_signal(signal.SIGINT)
        ends(process, INTERRUPTED)
        left(folder)


def own_server_dies():
    with tempfile.TemporaryDirectory() as folder:
        process = Shell(None, folder).start("play", KEYS, "--backend", "dummy")
        assert process.stderr.readline().startswith(b"playing")
        os.kill(servers(folder)[0][0], signal.SIGKILL)
        assert "lost the connection" in ends(process, LOST)


def beside_one_that_runs():
    """What a running server plays is never replaced: `play` brings its own server, or takes a synth of its own there."""
    with live_server() as server:
        shell = Shell(server)
        shell.good("load", TOY)
        before = shell.json("send", "/patch/get")["patch"]
        code, _, errors = shell.run("play", KEYS, "--backend", "dummy", "--seconds", "0.1")
        assert code == OK and "/play-" in errors, errors
        code, _, errors = shell.run("play", KEYS, "--name", "main", "--notes", "C4 E4 G4 C5+E5", "--beat", "0.05")
        assert code == OK and "main.sock" in errors and "as synth play-" in errors, errors
        code, _, errors = shell.run("play", KEYS, "--name", "main", "--synth", "main")
        assert code == USAGE and "already has a patch" in errors and "megasynth load" in errors, errors
        # Notes that were sent ahead end as well, and so does the synth.
        process = shell.start("play", KEYS, "--name", "main", "--notes", "C4 " * 1000, "--beat", "0.02")
        synth = f"play-{process.pid}"
        until(lambda: shell.json("status")["synths"].get(synth, {"notes": 0})["notes"] > 10, seconds=60)
        process.send_signal(signal.SIGINT)
        ends(process, INTERRUPTED, seconds=60)
        until(lambda: list(shell.json("synth")["synths"]) == ["main"], seconds=60)
        shell.good("synth", "new", "pad")
        assert shell.run("play", TOY, "--seconds", "0.1", "--synth", "pad", "--url", server.urls["tcp"])[0] == OK
        assert shell.json("synth")["synths"]["pad"]["loaded"] is True
        assert Shell(server, MEGASYNTH_URL="unix:/nowhere").run("play", KEYS)[0] == NO_SERVER
        assert shell.json("send", "/patch/get")["patch"] == before, "main was replaced"


def others_find_it():
    """While only `play` runs, the other commands mean its server; while another runs, that."""
    with tempfile.TemporaryDirectory() as folder:
        alone = Shell(None, folder)
        process = alone.start("play", KEYS, "--backend", "dummy")
        assert process.stderr.readline().startswith(b"playing")
        alone.good("knob", "cutoff", "0.3")
        assert alone.json("knob", "cutoff")["value"] == 0.3
        with live_server("--name", "b", folder=folder): assert "b.sock" in alone.good("status")
        second = alone.start("play", KEYS, "--backend", "dummy")
        assert second.stderr.readline().startswith(b"playing")
        alone.bad(NO_SERVER, "status", say=["choose one with --name", f"play-{process.pid}", f"play-{second.pid}"])
        for one in (process, second):
            one.send_signal(signal.SIGHUP)  # its terminal is closed
            ends(one, OK, seconds=60)
        left(folder)


run([own_server, interrupted, killed, melody_interrupted, own_server_dies, beside_one_that_runs, others_find_it], "play")
