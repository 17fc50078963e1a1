# SPDX-License-Identifier: MIT
"""batch_test -- `megasynth send -`: lines over one connection, answers in their order, ten thousand knob turns and a
thousand notes in one go.

usage: batch_test.py MEGASYNTH MEGASYNTHD
"""
import json
import subprocess

from shell import KEYS, LOST, OK, REFUSED, USAGE, Shell, ends, kill, live_server, run


def order():
    lines = ["/ping", "/knob/set cutoff 0.25  # a comment", "", "# another", "/patch/disasm", "/knob/get cutoff",
             "/note/on C4 0.5 id=7", "'/note/off' \"7\"", "/patch/edit ops='[{\"op\": \"voices\", \"count\": 3}]'",
             "/param/set filt res value=0.5 ramp_ms=10", "/sync"]
    out = shell.good("send", "-", "--json", stdin="\n".join(lines)).splitlines()
    answers = [json.loads(line) for line in out]
    assert len(answers) == 9 and "text" in answers[2] and answers[3]["value"] == 0.25 and "note" in answers[4], answers
    assert "undo" in answers[6] and answers[8]["applied"] is True, answers
    addresses = [line.split(":")[0] for line in shell.good("send", "-", stdin="\n".join(lines)).splitlines()]
    assert addresses == [line.split()[0].strip("'") for line in lines if line[:1] not in ("", "#")], addresses
    assert shell.good("send", "-") == ""
    assert shell.good("send", "-", "--synth", "main", stdin="/knob/set cutoff 1").startswith("/knob/set: frame ")


def wrong_lines():
    lines = ["/knob/set cutoff 0.5", "/knob/set nope 0.5", "/knob/set cutoff loud", "knob", "/ping 'x", "/ping"]
    code, out, errors = shell.run("send", "-", stdin="\n".join(lines))
    assert code in (REFUSED, USAGE) and len(out.splitlines()) == 2, (code, out)
    for text in ("line 2: /knob/set: not-found: name: no knob `nope`", "line 3: /knob/set: value: `loud` is not a number",
                 "line 4: a line must begin with an address", "line 5: unclosed quote"):
        assert text in errors, (text, errors)
    assert len(errors.splitlines()) == 4, errors
    shell.bad(REFUSED, "send", "-", stdin="/synth/none/knob/set a 1", say="line 1")
    shell.bad(USAGE, "send", "-", "--window", "0", say="--window")


def as_they_come():
    """What is typed is answered before there is more."""
    process = shell.start("send", "-", stdin=subprocess.PIPE)
    for i in range(3):
        process.stdin.write(f"/synth/fader main 0.{i + 1}\n".encode())
        assert process.stdout.readline().startswith(b"/synth/fader: frame "), i
    process.stdin.close()
    assert process.wait(5) == OK
    process.stdout.close()


def many():
    lines = []
    for i in range(10000):
        lines.append(f"/knob/set cutoff {i % 100 / 100}")
        if i % 10 == 0: lines += [f"/note/on {40 + i % 40} 0.5 {i + 1}", f"/note/off {i + 1}"]
    before = shell.json("status")["synths"]["main"]
    said, notes, last = [], 0, None
    for how in (["--url", server.urls["unix"]], ["--url", server.urls["tcp"]], ["--url", server.urls["unix"], "--window", "1"],
                ["--url", server.urls["udp"]]):
        some = lines if "udp" not in how[1] else lines[:2000]
        notes += sum(line.startswith("/note/on") for line in some)
        last = [line.split()[2] for line in some if line.startswith("/knob")][-1]
        code, out, errors = shell.run("send", "-", "--stats", *how, stdin="\n".join(some))
        assert code == OK, (code, errors[-500:])
        answers = out.splitlines()
        assert [a.split(":")[0] for a in answers] == [line.split()[0] for line in some]
        said.append(how[1].split(":")[0] + (" one by one" if len(how) > 2 else "") + ": " + errors.strip().split(": ", 1)[1])
    shell.good("send", "/sync")
    after = shell.json("status")["synths"]["main"]
    assert after["notes"] - before["notes"] == notes and after["dropped"] == before["dropped"], (notes, before, after)
    assert abs(shell.json("knob", "cutoff")["value"] - float(last)) < 1e-6, last
    return "\n  " + "\n  ".join(said)


def server_dies():
    process = shell.start("send", "-", stdin=subprocess.PIPE)
    process.stdin.write(b"/ping\n")
    assert process.stdout.readline().startswith(b"/ping: frame ")
    kill(server)
    errors = ends(process, LOST)  # though its input is still open
    assert "lost the connection" in errors and errors.count("\n") == 1, errors


with live_server("--patch", KEYS) as server:
    shell = Shell(server)
    run([order, wrong_lines, as_they_come, many, server_dies], "batches")
