# SPDX-License-Identifier: MIT
"""commands_test -- every command of `megasynth` that changes or tells what a server plays: what it does, what it prints,
--json, and what it says of wrong input.

usage: commands_test.py MEGASYNTH MEGASYNTHD
"""
import json
import os
import re
import select
import signal
import subprocess
import wave

from shell import (FILE, INTERRUPTED, KEYS, OK, PROGRAM, REFUSED, SCORE, TOY, UNSOUND, USAGE, WRONG, Shell, ends, live_server, run,
                   until)


def rendered(path, *options):
    return subprocess.run([PROGRAM, "render", path, "--hash", "--notes", "C4 E4+G4", *options], check=True,
                          capture_output=True, text=True).stdout.strip()


def load():
    assert re.fullmatch(r".*keys\.json: revision \d+, from frame \d+\n", shell.good("load", KEYS))
    assert shell.json("load", KEYS, "--fade", "20")["rev"] >= 2
    # All formats, and standard input.
    for ending in ("sexp", "msgpack"):
        path = shell.folder + "/keys." + ending
        subprocess.run([PROGRAM, "convert", KEYS, path], check=True)
        shell.good("load", path)
        with open(path, "rb") as data:
            subprocess.run([PROGRAM, "load", "-"], stdin=data, env=shell.environment, check=True, capture_output=True)
        loaded = shell.file("loaded.json", shell.json("send", "/patch/get", "format=json")["text"])
        assert rendered(loaded) == rendered(KEYS), ending
    wrong = shell.file("wrong.json", '{\n "nodes": {"a": {"type": "gian"}}}')
    shell.bad(WRONG, "load", wrong, say=["wrong.json", "nodes.a", "did you mean `gain`"])
    shell.bad(WRONG, "load", shell.file("broken.json", "{\n  nodes"), say="broken.json:2")
    shell.bad(FILE, "load", "nowhere.json", say="nowhere.json: No such file")
    shell.bad(FILE, "load", shell.file("patch.txt", "x"), say="unknown file name ending")
    shell.bad(USAGE, "load", say="load needs PATCH")
    shell.bad(USAGE, "load", KEYS, "--fade", "9999", say="--fade")
    shell.bad(REFUSED, "load", KEYS, "--rev", "99999", say="conflict")
    shell.bad(WRONG, "load", SCORE, say=["this is a score", "`megasynth play PATCH --score FILE`"])
    shell.bad(WRONG, "edit", SCORE, say="this is a score")
    shell.bad(WRONG, "edit", KEYS, say="this is a patch")


def as_it_was():
    """What was sent and is asked for again sounds the same."""
    same = []
    for name in sorted(os.listdir(os.path.dirname(KEYS))):
        if "score" in name: continue
        path = os.path.join(os.path.dirname(KEYS), name)
        shell.good("load", path)
        loaded = shell.file("loaded.json", shell.json("send", "/patch/get", "format=json")["text"])
        one, two = rendered(path, "--seconds", "1"), rendered(loaded, "--seconds", "1")
        assert one == two and len(one) == 16, (name, one, two)
        same.append(f"{name} {one}")
    return "; ".join(same)


def save():
    """The document as it sounds: what was turned, choices and zeros too; in each format; nothing is written over unasked."""
    shell.good("load", KEYS)
    shell.good("knob", "cutoff", "0.8125")
    shell.good("set", "filt.res", "0.25")
    shell.good("set", "fenv.sustain", "0")
    shell.json("send", "/sync")
    path = shell.folder + "/saved.json"
    shell.good("save", path)
    with open(path) as f: patch = json.load(f)
    assert patch["knobs"]["cutoff"]["value"] == 0.8125 and patch["nodes"]["filt"]["params"]["res"] == 0.25, patch
    assert patch["nodes"]["fenv"]["params"]["sustain"] == 0, patch["nodes"]["fenv"]
    shell.bad(FILE, "save", path, say="exists; --force")
    shell.good("knob", "cutoff", "0.5")
    shell.json("send", "/sync")
    assert shell.json("save", path, "--force")["rev"] > 0
    sounds = {rendered(path)}
    for ending in ("sexp", "msgpack"):
        shell.good("save", f"{shell.folder}/saved.{ending}", "--force")
        sounds.add(rendered(f"{shell.folder}/saved.{ending}"))
    assert len(sounds) == 1, sounds
    assert json.loads(shell.good("save", "-"))["knobs"]["cutoff"]["value"] == 0.5
    shell.bad(FILE, "save", shell.folder + "/saved.txt", say="unknown file name ending")
    shell.bad(FILE, "save", shell.folder + "/no/such.json")
    shell.bad(REFUSED, "save", shell.folder + "/other.json", "--synth", "nobody", say="not-found")
    assert not os.path.exists(shell.folder + "/other.json")
    # A state is no document, and a document comes out of it.
    state = shell.file("state.json", shell.json("send", "/state/get")["state"])
    shell.bad(WRONG, "check", state, say=["is a megasynthd state file", "save FILE --state"])
    shell.good("save", path, "--force", "--state", state)
    assert rendered(path) == sounds.pop()
    shell.bad(WRONG, "save", path, "--force", "--state", state, "--synth", "nobody", say="contains no patch for synth `nobody`")


def edit():
    shell.good("load", KEYS)
    op = {"op": "set", "id": "filt", "param": "res", "value": 0.8}
    assert shell.good("edit", json.dumps([op])).startswith("edited: revision ")
    answer = shell.json("edit", json.dumps(op))  # one alone
    assert answer["undo"] and answer["rev"], answer
    shell.good("edit", shell.file("ops.json", [op]))
    shell.good("edit", "-", stdin=json.dumps([op]))
    shell.bad(WRONG, "edit", '[{"op": "sett"}]', say=["ops[0].op", "did you mean `set`"])
    shell.bad(WRONG, "edit", "[{", say="OPS:1:")
    shell.bad(WRONG, "edit", shell.file("ops.json", "\n[,"), say="ops.json:2:")
    shell.bad(FILE, "edit", "nowhere.json", say="nowhere.json")
    difference = subprocess.run([PROGRAM, "diff", KEYS, TOY], capture_output=True, text=True).stdout
    shell.good("edit", "-", stdin=difference)
    loaded = shell.file("loaded.json", shell.json("send", "/patch/get", "format=json")["text"])
    assert rendered(loaded) == rendered(TOY)


def cables():
    shell.good("load", KEYS)
    before = shell.json("send", "/patch/get")["patch"]
    assert shell.good("connect", "lfo.out", "vca.amp", "-0.25").startswith("connected: revision ")
    cable = [c for c in shell.json("send", "/patch/get")["patch"]["connections"] if c["from"] == ["lfo", "out"] and c["to"][0] == "vca"]
    assert len(cable) == 1 and cable[0]["amount"] == -0.25, cable
    shell.good("disconnect", "lfo.out", "vca.amp")
    # A node alone is its only port.
    shell.good("connect", "lfo", "vca", "0.1")
    cables = shell.json("send", "/patch/get")["patch"]["connections"]
    assert {"from": ["lfo", "out"], "to": ["vca", "in"], "amount": 0.1} in cables, cables
    shell.good("disconnect", "lfo", "vca")
    shell.bad(USAGE, "connect", "note", "vca", say=["`note` is ambiguous; name one of its outputs: ", "freq"])
    shell.bad(USAGE, "connect", "lfo", "note", say=["`note` is ambiguous; name one of its inputs"])
    shell.bad(WRONG, "connect", "lofo", "vca", say="there is no node and no knob `lofo`; did you mean `lfo`?")
    shell.bad(WRONG, "connect", "xyzzy", "vca.in", say=["no node and no knob `xyzzy`; nodes and knobs: note, ", "cutoff"])
    shell.bad(WRONG, "connect", "lfo.out", "xyzzy.in", say="no node has the id `xyzzy`; nodes: note, ")
    shell.bad(WRONG, "connect", "lfo.out", "vcaa.in", say="no node has the id `vcaa`; did you mean `vca`?")
    shell.bad(WRONG, "disconnect", "lofo.out", "vca.in", say="no node has the id `lofo`; did you mean `lfo`?")
    assert shell.json("send", "/patch/get")["patch"] == before
    shell.good("connect", "space", "lfo.freq", "2", "--as", "octaves")
    assert shell.good("undo").startswith("undo: revision")
    assert shell.json("send", "/patch/get")["patch"] == before
    assert shell.json("redo")["rev"] > 0
    assert shell.json("send", "/patch/get")["patch"] != before
    shell.bad(USAGE, "connect", "lfo.out", say="connect needs FROM TO")
    shell.bad(USAGE, "connect", "lfo.", "vca.amp", say="`lfo.` is not a NODE.PORT")
    shell.bad(USAGE, "connect", "lfo.out", "vca.amp", "x", say="AMOUNT: `x` is not a number")
    shell.bad(WRONG, "connect", "lfo.out", "vca.ampp", say=["/patch/connect", "ampp"])
    shell.bad(WRONG, "connect", "lfo.out", "vca.amp", "--as", "bananas", say=["ops[0].as", "octaves"])
    shell.bad(WRONG, "disconnect", "lfo.out", "vca.amp", say="/patch/disconnect")
    shell.bad(USAGE, "disconnect", "lfo.out", "vca.amp", "--nth", "-1", say="--nth")
    shell.bad(USAGE, "undo", "x", say="undo takes")


def set_and_knob():
    shell.good("load", KEYS)
    assert shell.good("set", "filt.res", "0.5") == "filt.res 0.5\n"
    assert re.match(r"filt\.res +0\.5 +0\.\.1\.2", shell.good("set", "filt.res"))
    assert shell.json("set", "filt.res")["max"] == 1.2
    shell.json("set", "filt.res", "0.6", "--ramp", "10")
    shell.good("set", "osc.octave3", "-2")
    shell.good("set", "lfo.shape", "square")
    assert shell.json("set", "lfo.shape")["value"] != 0
    shell.bad(USAGE, "set", "lfo.shape", "sqare", say="did you mean `square`")
    shell.bad(USAGE, "set", "filt.res", "loud", say="`loud` is not a number")
    shell.bad(USAGE, "set", "res", "1", say="NODE.PARAM")
    shell.bad(REFUSED, "set", "filt.res", "99", say=["bad-value", "value"])
    shell.bad(REFUSED, "set", "filt.rez", "1", say=["not-found", "did you mean `res`"])
    shell.bad(REFUSED, "set", "fillt.res", "1", say=["not-found", "did you mean `filt`"])
    shell.bad(USAGE, "set", say="set needs")
    assert shell.good("knob", "cutoff", "0.7") == "cutoff 0.7\n"
    assert shell.json("knob", "cutoff") == {"range": [80, 12000], "scale": "exp", "unit": "Hz", "value": 0.7}
    assert re.search(r"cutoff +0\.7 +80\.\.12000 Hz exp", shell.good("knob", "cutoff"))
    # From where it is, within its range.
    shell.good("knob", "cutoff", "0.7"), shell.good("knob", "cutoff", "+0.1")
    assert abs(shell.json("knob", "cutoff")["value"] - 0.8) < 1e-6
    shell.good("knob", "cutoff", "-0.3")
    assert abs(shell.json("knob", "cutoff")["value"] - 0.5) < 1e-6
    assert shell.good("knob", "cutoff", "+2") == "cutoff 1\n" and shell.good("knob", "cutoff", "-2") == "cutoff 0\n"
    shell.good("set", "lfo.freq", "5"), shell.good("set", "lfo.freq", "+2.5")
    assert shell.json("set", "lfo.freq")["value"] == 7.5
    shell.good("set", "lfo.freq", "+-1.5")
    assert shell.json("set", "lfo.freq")["value"] == 6
    shell.bad(USAGE, "knob", "cutoff", "+x", say="is not a number")
    shell.good("knob", "cutoff", "0.7")
    assert set(shell.json("knob")["knobs"]) == {"cutoff", "resonance", "space"}
    assert len(shell.good("knob").splitlines()) == 3
    assert "frame" in shell.json("knob", "cutoff", "0.2", "--ramp", "5")
    shell.bad(REFUSED, "knob", "cutof", "0.5", say=["/knob/set: not-found: name: ", "did you mean `cutoff`"])
    shell.bad(USAGE, "knob", "cutoff", "1.5", say="must be 0..1")
    shell.bad(USAGE, "knob", "cutoff", "1", "2", say="unexpected `2`")
    failed = json.loads(shell.bad(REFUSED, "knob", "cutof", "0.5", "--json"))
    assert failed["fail"] == "not-found" and failed["command"] == "/knob/set" and failed["path"] == "name", failed


def notes():
    shell.good("load", KEYS)
    started = lambda: shell.json("status")["synths"]["main"]["notes"]
    before = started()
    shell.good("note", "C4", "--seconds", "0.05")
    shell.good("note", "c4+E4+f#4", "0.9", "-s", "0.05")
    shell.good("note", "61.5", "-s", "0.01")
    until(lambda: started() == before + 5)
    shell.good("note", "Bb3", "--hold")
    assert "note" in shell.json("note", "A3", "--hold")
    until(lambda: shell.json("status")["synths"]["main"]["held"] == 2)
    shell.good("note", "Bb3", "--off")
    until(lambda: shell.json("status")["synths"]["main"]["held"] == 1)
    shell.good("note", "--off")
    until(lambda: shell.json("status")["synths"]["main"]["held"] == 0)
    shell.good("note", "C4", "--hold")
    until(lambda: shell.json("status")["synths"]["main"]["held"] == 1)
    shell.good("panic")
    until(lambda: shell.json("status")["voices"] == 0)
    assert "frame" in shell.json("panic")
    process = shell.start("note", "C4+E4", "--seconds", "30")
    until(lambda: shell.json("status")["synths"]["main"]["held"] == 2)
    process.send_signal(signal.SIGINT)
    assert ends(process, INTERRUPTED) == ""
    until(lambda: shell.json("status")["synths"]["main"]["held"] == 0)
    shell.bad(USAGE, "note", "H4", say="`H4` is not a note")
    shell.bad(USAGE, "note", "C4", "2", say="VELOCITY")
    shell.bad(USAGE, "note", "C4", "--hold", "--off", say="not both")
    shell.bad(USAGE, "note", say="note needs KEY")
    shell.bad(USAGE, "panic", "now", say="unexpected `now`")


def synths():
    shell.good("synth", "new", "bass", "--fader", "0.5")
    assert shell.json("synth")["synths"]["bass"]["fader"] == 0.5
    assert re.search(r"^bass .*no patch$", shell.good("synth", "list"), re.M)
    shell.bad(REFUSED, "knob", "cutoff", "0.5", "--synth", "bass", say="has no patch")
    shell.good("load", KEYS, "--synth", "bass")
    shell.good("knob", "cutoff", "0.25", "--synth", "bass")
    assert shell.json("knob", "cutoff", "--synth", "bass")["value"] == 0.25
    assert shell.json("send", "/synth/bass/knob/get", "cutoff")["value"] == 0.25
    shell.good("note", "C3", "--synth", "bass", "-s", "0.01")
    shell.good("synth", "fader", "bass", "2")
    assert shell.json("synth", "list")["synths"]["bass"]["fader"] == 2
    shell.bad(REFUSED, "synth", "new", "bass", say="conflict")
    shell.good("synth", "free", "bass")
    shell.bad(REFUSED, "synth", "free", "bass", say="not-found")
    shell.bad(REFUSED, "knob", "--synth", "bass", say="bass")
    shell.bad(USAGE, "synth", "make", "x", say="synth takes list|new|free|fader [SYNTH] [GAIN]; unexpected `make`")
    shell.bad(USAGE, "synth", "new", say="synth needs")
    shell.bad(USAGE, "synth", "fader", "main", "9", say="out of range; it must be 0..4")


def record():
    shell.good("load", KEYS)
    assert shell.good("record", "start", "take.wav", "--format", "pcm16").startswith("take.wav: from frame")
    until(lambda: shell.json("record")["recordings"][0]["frames"] > 4800)
    assert "take.wav" in shell.good("record", "status")
    shell.bad(REFUSED, "record", "start", "take.wav", say="take.wav")
    stopped = shell.json("record", "stop", "take.wav")["recordings"][0]
    with wave.open(shell.folder + "/take.wav") as sound:
        assert sound.getnframes() == stopped["frames"] and sound.getsampwidth() == 2
    assert shell.good("record") == "no recording\n"
    shell.bad(REFUSED, "record", "start", "../take.wav", say="/record/start")
    shell.bad(REFUSED, "record", "start", "take.mp9", say="/record/start")
    shell.bad(USAGE, "record", "start", say="record needs")
    shell.bad(USAGE, "record", "stop", "--seconds", "1", say="`start` only")
    shell.bad(USAGE, "record", "strat", say="unexpected `strat`; did you mean `start`? (see")
    shell.bad(USAGE, "record", "r2.wav", say="`megasynth record start r2.wav` records into that file")


def send():
    shell.good("load", KEYS)
    assert shell.good("send", "/knob/set", "cutoff", "0.4").startswith("frame: ")
    assert shell.good("send", "/synth/new", "name=other") == "synth: other\n"
    assert shell.good("send", "/synth/free", "other") == "done\n"
    assert shell.json("send", "/knob/get", "cutoff")["value"] == 0.4
    shell.good("send", "/param/set", "filt", "res", "value=0.25", "ramp_ms=10")
    shell.good("send", "/note/control", "bend", "-0.5")
    shell.good("send", "/note/on", "C4", "0.5", 'at={"frame": 0}')
    shell.good("send", "/note/all_off")
    shell.good("send", "/patch/load", "text=@" + KEYS)
    shell.good("send", "/patch/edit", 'ops=[{"op": "voices", "count": 4}]')
    shell.good("send", "/patch/profile", "off")
    assert "osc3" in shell.good("send", "/patch/disasm")
    assert shell.json("send", "/subscribe", "knob", "patch")["topics"] == ["patch", "knob"]
    assert len(shell.json("send", "/command/list")["commands"]) > 60
    shell.bad(USAGE, "send", "/knob/set", "cutoff", "loud", say="value: `loud` is not a number")
    shell.bad(USAGE, "send", "/knob/set", "a", "1", "2", say=["unexpected `2`", "name:s value:f"])
    shell.bad(USAGE, "send", "/patch/edit", "ops={}", say="must be a list [...]")
    shell.bad(USAGE, "send", "/patch/edit", "ops=[", say="invalid JSON")
    shell.bad(USAGE, "send", "/note/off", "one", say="is not a number")
    shell.bad(USAGE, "send", "/patch/load", "text=@nowhere", say="nowhere: No such file")
    shell.bad(USAGE, "send", "/knob/sett", "a", "1", say="did you mean `/knob/set`")
    shell.bad(USAGE, "send", "knob", say="begin with /")
    shell.bad(USAGE, "send", say="send needs an address")
    shell.bad(REFUSED, "send", "/knob/sett", say=["not-found", "did you mean `/knob/set`"])
    shell.bad(REFUSED, "send", "/knob/set", "cutoff", say=["bad-type", "value", "an argument is missing"])
    shell.bad(REFUSED, "send", "/what/is/this", "x=1", say="not-found")


def status():
    text = shell.good("status")
    for part in ("megasynthd at unix:", "dummy", "running", "load", "voices", "xruns", "main"): assert part in text, text
    assert shell.json("status")["device"]["backend"] == "dummy"
    shell.bad(USAGE, "status", "x", say="unexpected `x`")
    page = shell.good("top", "--once", "-i", "0.1")
    assert "module" in page and "of core" in page and "\033" not in page, page
    assert set(shell.json("top", "-i", "0.1")) == {"modules", "modules_before", "seconds", "status"}
    assert shell.json("send", "/patch/profile")["on"] is False, "top leaves measuring on"
    shell.bad(USAGE, "top", "--interval", "0", say="--interval")


def watch():
    process = shell.start("watch", "knob", "patch")
    lines = []

    def told():
        while select.select([process.stdout], [], [], 0.05)[0]: lines.append(json.loads(process.stdout.readline()))
        return lines

    while not told(): shell.good("knob", "cutoff", 0.5)  # until it listens
    for value in (0.1, 0.2): shell.good("knob", "cutoff", value)
    shell.good("edit", '{"op": "voices", "count": 5}')
    until(lambda: told()[-1]["topic"] == "patch")
    assert [round(line["value"], 3) for line in lines if line["topic"] == "knob"][-2:] == [0.1, 0.2], lines
    process.send_signal(signal.SIGINT)
    assert ends(process, INTERRUPTED) == ""
    assert len(shell.good("watch", "meter", "-n", "3").splitlines()) == 3
    for seconds in (0.3, 3, 30):  # a busy machine may give none in the first
        meters = shell.good("watch", "meter", "--seconds", str(seconds)).splitlines()
        if len(meters) >= 2: break
    assert len(meters) >= 2, meters
    shell.bad(REFUSED, "watch", "knobs", say=["not-found", "knobs"])
    shell.bad(USAGE, "watch", "--count", "0", say="--count")


def doctor():
    code, out, errors = shell.run("doctor")
    levels = {line.split()[0] for line in out.splitlines()}
    assert errors == "" and levels <= {"ok", "--", "warning", "error"}, (out, errors)
    assert code == (UNSOUND if "error" in levels else OK), (code, out)
    assert re.search(r"^ok +server +main replies in .* ms", out, re.M), out
    os.makedirs(shell.folder + "/other/megasynth", 0o700)
    other = Shell(server, XDG_RUNTIME_DIR=shell.folder + "/other")
    with open(shell.folder + "/other/megasynth/old.json", "w") as left: json.dump({"pid": 2**22 + 1, "name": "old", "urls": []}, left)
    with open(shell.folder + "/other/megasynth/old.sock", "w"): pass
    code, out, _ = other.run("doctor", "--json", "--strict")
    found = json.loads(out)
    assert code == UNSOUND and len([f for f in found if f["about"] == "stale" and f["todo"]]) == 2, found
    assert [f["found"] for f in found if f["about"] == "server"] == ["none running"], found
    _, out, _ = Shell(server, MEGASYNTHD="/nowhere").run("doctor")
    assert re.search(r"^error +program +/nowhere does not run; ", out, re.M), out
    other.environment["MEGASYNTHD"] = "/nowhere"
    _, out, _ = other.run("doctor", "--url", "unix:/nowhere")
    assert re.search(r"^error +server +unix:/nowhere: No such file", out, re.M), out


def help_of_each():
    text = shell.good("--help")
    names = re.findall(r"^  (\w+) {2,}", text[text.index("usage:"):text.index("Exit status")], re.M)
    for name in names:
        out = shell.good(name, "--help")
        assert f"usage: megasynth {name}" in out
        shell.bad(USAGE, name, "--nonsense", say="no such option: --nonsense")
        if "--timeout" in out: shell.bad(USAGE, name, "--timeout", "x", say="--timeout: `x` is not a number")
    return f"{len(names)} commands"


with live_server("--patch", KEYS) as server:
    shell = Shell(server)
    run([load, as_it_was, save, edit, cables, set_and_knob, notes, synths, record, send, status, watch, doctor, help_of_each], "commands")
    assert shell.good("quit") == ""
    assert server.process.wait(5) == 0
