# SPDX-License-Identifier: MIT
"""stranger -- what a program that knows OSC but not this server has to bring about: a patch, a knob, a note that is heard.

A stranger that is not installed skips its test (exit 77). All strangers talk UDP, as nearly all of OSC's world does.
"""
import array
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from wire import PATCH, Server  # noqa: E402

SKIPPED = 77
CUTOFF = 0.75
VELOCITY = 0.8
KEY = 60
PATCH_FILE = "patch.json"  # below the server's root


def skip(why):
    print(f"skipped: {why}")
    raise SystemExit(SKIPPED)


def need(*programs):
    for program in programs:
        if not shutil.which(program): skip(f"{program} is not installed")


def plain_messages():
    """What plain messages do with a patch, a knob and a note: (address, arguments). The cable to the output goes and comes again."""
    yield "/patch/load", [PATCH_FILE]
    yield "/patch/disconnect", ["vca", "out", "out", "in"]
    yield "/patch/connect", ["vca", "out", "out", "in"]
    yield "/knob/set", ["cutoff", CUTOFF]
    yield "/note/on", [KEY, VELOCITY]


def run(*command, seconds=15, env=None, **how):
    """What a program said; it must end well within the time."""
    ended = subprocess.run(command, timeout=seconds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           env=dict(os.environ, **(env or {})), text=True, errors="replace", **how)
    assert ended.returncode == 0, f"{command[0]} ended with {ended.returncode}: {ended.stdout}"
    return ended.stdout


def until(true, seconds=5):
    """Waits for it; @return how it is in the end."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end: time.sleep(0.02)
    return true()


def peak(path):
    """Of a float WAV file."""
    with open(path, "rb") as file: data = file.read()
    values = array.array("f")
    at = data.index(b"data") + 8
    values.frombytes(data[at:at + (len(data) - at) // 4 * 4])
    return max(map(abs, values), default=0)


def heard(megasynthd, drive):
    """Lets a stranger loose on a server, and asks over another connection what became of it.

    @param drive called with the server and its UDP port; returns what there is to tell
    """
    with Server(megasynthd, "--state", "none") as server:
        with open(os.path.join(server.folder, PATCH_FILE), "w") as file: json.dump(PATCH, file)
        witness = server.client("tcp")
        witness.call("/record/start", file="heard.wav")
        said = drive(server, int(server.urls["udp"].rsplit(":", 1)[1].strip("/")))

        assert until(lambda: witness.call("/voice/list")["voices"]), "no note sounds"
        turned = witness.call("/knob/get", name="cutoff")["value"]
        assert turned == CUTOFF, f"the knob stands at {turned}"
        patch = witness.call("/patch/get")["patch"]
        ids = patch["nodes"] if isinstance(patch["nodes"], dict) else [n["id"] for n in patch["nodes"]]
        assert set(ids) == set(PATCH["nodes"]) and len(patch["connections"]) == len(PATCH["connections"]), patch
        time.sleep(0.2)
        witness.call("/record/stop")
        loudest = peak(os.path.join(server.folder, "heard.wav"))
        assert loudest > 0.001, "nothing is heard"
        print(f"heard: peak {loudest:.3f}, the knob at {turned}" + (f"; {said}" if said else ""))
