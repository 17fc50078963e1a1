# SPDX-License-Identifier: MIT
"""long_test -- documents of megabytes through `megasynth`: sent, asked for, and refused where they are too long.

usage: long_test.py MEGASYNTH MEGASYNTHD
"""
import json

from shell import KEYS, REFUSED, Shell, live_server, run

with open(KEYS) as text: PATCH = json.load(text)


def with_note(note): return shell.file("long.json", {**PATCH, "x-note": note})
def document(*how): return shell.json("send", "/patch/get", "format=json", *how)["text"]


def long_documents():
    note = "0123456789abcdef" * 400000
    path = with_note(note)
    for kind in ("unix", "tcp"):
        shell.good("load", path, "--url", server.urls[kind])
        got = document("--url", server.urls[kind])
        assert json.loads(got)["x-note"] == note, "it came back different"
    shell.bad(REFUSED, "load", path, "--url", server.urls["udp"], say="too long for a UDP packet")
    shell.bad(REFUSED, "send", "/patch/get", "--url", server.urls["udp"], say=["use-stream", "unix socket"])
    shell.bad(REFUSED, "load", with_note(note * 3), say="limit 16 MiB")
    return f"{len(got) / 1e6:.1f} MB there and back"


def near_powers_of_two():
    """Where liblo's buffers overflow: requests and answers of those sizes, to the byte at one of them."""
    sizes = [2**20 + extra for extra in range(-60, 60, 8)] + [2**18 + extra for extra in range(-40, 20, 2)]
    lines = "".join("/ping x-pad=" + "a" * size + "\n" for size in sizes)
    assert shell.good("send", "-", stdin=lines).count("/ping: frame ") == len(sizes)
    for size in range(-96, 32, 16):
        shell.good("load", with_note("b" * 2**20))
        short = 2**20 - len(document())
        shell.good("load", with_note("b" * (2**20 + short + size)))
        assert len(document()) == 2**20 + size
    return f"{len(sizes)} requests, 8 answers"


with live_server() as server:
    shell = Shell(server)
    run([long_documents, near_powers_of_two], "long documents")
