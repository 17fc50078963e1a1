#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pd_test -- Pure Data without our objects: [oscformat] and [netsend -u -b], whose outlet brings the answers to [oscparse].

usage: pd_test.py MEGASYNTHD
"""
import sys

from stranger import heard, need, plain_messages, run

TAGS = {str: "s", float: "f", int: "i"}
EMPTY_MAP = "1 128"  # MessagePack's, as [oscformat] wants a blob: how many bytes, and the bytes


def drive(server, port):
    """A patch of one [oscformat] for each message: its address and types are the box's arguments."""
    boxes, cables = [], []

    def box(kind, text):
        boxes.append(f"#X {kind} 20 {20 * len(boxes)} {text};")
        return len(boxes) - 1

    def cable(source, outlet, sink, inlet=0): cables.append(f"#X connect {source} {outlet} {sink} {inlet};")

    send, start, when = box("obj", "netsend -u -b"), box("obj", "loadbang"), box("msg", f"connect 127.0.0.1 {port}")
    parse, show, last = box("obj", "oscparse"), box("obj", "print told"), start
    cable(start, 0, when)
    cable(when, 0, send)
    cable(send, 1, parse)
    cable(parse, 0, show)

    def message(address, tags, text, ms=0):
        """Comes `ms` after the message before it."""
        nonlocal last
        words, wait = box("msg", text), box("obj", f"del {ms}")
        form = box("obj", f"oscformat -f {tags} {address.strip('/').replace('/', ' ')}")
        prepend, trim = box("obj", "list prepend send"), box("obj", "list trim")
        for source, sink in ((last, wait), (wait, words), (words, form), (form, prepend), (prepend, trim), (trim, send)):
            cable(source, 0, sink)
        last = wait

    for address, arguments in plain_messages():
        message(address, "".join(TAGS[type(a)] for a in arguments), "list " + " ".join(map(str, arguments)))
    message("/sync", "ib", f"1 {EMPTY_MAP}")
    message("/knob/set", "sf", "list cutof 1")
    end = box("msg", "\\; pd quit")
    wait = box("obj", "del 500")
    cable(last, 0, wait)
    cable(wait, 0, end)
    path = server.folder + "/stranger.pd"
    with open(path, "w") as file: file.write("#N canvas 0 0 450 300 12;\n" + "\n".join(boxes + cables) + "\n")
    said = run("pd", "-nogui", "-noaudio", "-noprefs", "-nrt", "-stderr", "-open", path)
    told = [line for line in said.splitlines() if line.startswith("told:")]
    print("\n".join(told))
    assert any("done 1 /sync" in line for line in told) and any("fail 0 /knob/set not-found" in line for line in told), said
    return f"{len(told)} answers parsed"


need("pd")
heard(sys.argv[1], drive)
