# SPDX-License-Identifier: MIT
"""pages_test -- what is printed from the tables: completion, tried by bash itself, and manual pages, read by man.

usage: pages_test.py MEGASYNTH MEGASYNTHD
"""
import os
import re
import shlex
import shutil
import subprocess

from shell import KEYS, PROGRAM, SERVER, Shell, live_server, run


def complete(line, **environment):
    """What bash offers at the end of a line."""
    words = line.split(" ")
    script = f"""
        source "$SCRIPT"
        COMP_WORDS=({" ".join(map(shlex.quote, words))})
        COMP_CWORD={len(words) - 1}
        _megasynth
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={**shell.environment, **environment}, timeout=10,
                          cwd=os.path.dirname(KEYS))
    assert done.returncode == 0 and done.stderr == "", (line, done.stderr)
    return done.stdout.split()


def completion():
    os.mkdir(shell.folder + "/bin")
    os.symlink(PROGRAM, shell.folder + "/bin/megasynth")
    shell.environment["PATH"] = shell.folder + "/bin:" + os.environ["PATH"]
    shell.environment["SCRIPT"] = shell.file("script.bash", shell.good("--completion", "bash"))
    assert complete("megasynth rec") == ["record"]
    everything = complete("megasynth ")
    assert {"render", "play", "doctor", "top", "help"} <= set(everything)
    assert complete("megasynth help wa") == ["watch"]
    assert complete("megasynth render --bi") == ["--bits"]
    assert complete("megasynth render --bits ") == ["16", "24", "32f"]
    assert complete("megasynth render ke") == ["keys.json"]
    assert complete("megasynth render keys.json -o ke") == ["keys.json"]
    assert complete("megasynth modules osc.s") == ["osc.sine", "osc.saw"]
    assert complete("megasynth knob --time") == ["--timeout"]
    assert complete("megasynth knob ") == ["cutoff", "resonance", "space"]
    assert complete("megasynth knob cutoff ") == []
    assert complete("megasynth knob --json cu") == ["cutoff"]
    assert complete("megasynth knob --ramp 5 cu") == ["cutoff"]
    assert complete("megasynth set filt.r") == ["filt.res"]
    assert "osc.out" in complete("megasynth connect osc.") and "cutoff" in complete("megasynth connect cu")
    assert "filt.freq" in complete("megasynth connect osc.out filt.") and "filt.in" in complete("megasynth connect osc.out filt.")
    assert complete("megasynth synth f") == ["free", "fader"]
    assert complete("megasynth synth free ma") == ["main"]
    assert complete("megasynth knob --synth ") == ["main"]
    assert complete("megasynth status --name ") == ["main"]
    assert complete("megasynth record st") == ["start", "stop", "status"]
    assert complete("megasynth send /knob/s") == ["/knob/set"]
    assert complete("megasynth send /knob/set ra") == ["ramp_ms="]
    assert complete("megasynth watch x") == ["xrun"] and complete("megasynth watch knob pa") == ["patch"]
    assert complete("megasynth play --backend ja") == ["jack"]
    assert complete("megasynth knob --url unix:/nowhere ") == [], "no server: nothing, and no word"
    shell.bad(2, "--completion", "fish", say="only bash")
    return f"{len(everything)} commands"


def manuals():
    pages = {"megasynth.1": shell.good("--manual")}
    text = subprocess.run([SERVER, "--help"], capture_output=True, text=True, check=True).stdout
    pages["megasynthd.1"] = shell.good("--manual", "megasynthd", stdin=text)
    for option in re.findall(r"^  --([a-z-]+)", text, re.M):
        assert "\\-\\-" + option.replace("-", "\\-") in pages["megasynthd.1"], option
    for name in re.findall(r"^  (\w+) {2,}", shell.good("--help"), re.M):
        assert f".SS megasynth {name}" in pages["megasynth.1"] or name.isdigit(), name
    shell.bad(2, "--manual", "x", say="--manual takes")
    if not shutil.which("man") or not shutil.which("groff"): return "man and groff are not here: not read"
    for name, page in pages.items():
        path = shell.file(name, page)
        read = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, text=True, timeout=20,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "110", "MANPAGER": "cat"})
        assert read.returncode == 0 and read.stderr == "", read.stderr
        for part in ("NAME", "SYNOPSIS", "EXIT STATUS"): assert part in read.stdout, (name, part)
        if shutil.which("lexgrog"):
            said = subprocess.run(["lexgrog", path], capture_output=True, text=True).stdout
            assert name[:-2] + " - " in said, said
    return "no warning of man"


with live_server("--patch", KEYS) as server:
    shell = Shell(server)
    run([completion, manuals], "pages")
