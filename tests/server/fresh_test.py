#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fresh_test -- a server on which nothing is loaded: an empty document that takes edits, one message at a time or in bundles.

usage: fresh_test.py MEGASYNTHD
"""
import sys

from wire import PATCH, Server, bundle, request, run

PROGRAM = sys.argv[1]
NODES = [("osc1", "osc.sine", {"freq": 440}), ("gain1", "gain", {"amp": 0.5}), ("out", "output", {})]
CABLES = [("osc1", "out", "gain1", "in"), ("gain1", "out", "out", "in")]


def level(c):
    """Peak of the output, once something has sounded."""
    c.call("/sync")
    c.call("/subscribe", topics=["meter"])
    c.notices.clear()
    c.settle(0.3)
    return max((peak for topic, *rest in c.notices for peak in rest[-1].get("peak", []) if topic == "meter"), default=0)


def toy(c, prefix=""):
    for id_, type_, params in NODES: c.call(prefix + "/patch/add", id=id_, type=type_, params=params)
    for from_, port, to, to_port in CABLES: c.call(prefix + "/patch/connect", **{"from": from_, "port": port, "to": to, "to_port": to_port})


def by_messages():
    """The toy of the first brief by messages, twice: what is there already, the same, is no error."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        toy(c)
        toy(c)
        patch = c.call("/patch/get")["patch"]
        assert set(patch["nodes"]) == {"osc1", "gain1", "out"} and len(patch["connections"]) == 2, patch
        c.fails("patch", "/patch/add", id="osc1", type="osc.saw")
        c.fails("patch", "/patch/add", id="osc1", type="osc.sine", params={"freq": 441})
        c.fails("patch", "/patch/connect", **{"from": "osc1", "port": "out", "to": "gain1", "to_port": "in", "amount": 2.0})
        assert abs(level(c) - 0.5) < 0.01, level(c)
        for _ in range(5): c.call("/patch/undo")  # what was there already makes no step
        assert not c.call("/patch/get")["patch"].get("connections")
        c.call("/synth/new", name="other")
        toy(c, "/synth/other")


def plainly():
    """As oscsend sends it, without waiting."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client("udp")
        for id_, type_, _ in NODES: c.plain("/patch/add", id_, type_)
        for cable in CABLES: c.plain("/patch/connect", *cable)
        c.plain("/param/set", "osc1", "freq", 220.0)
        c.plain("/param/set", "gain1", "amp", 0.5)
        c.call("/sync")
        assert c.call("/patch/get")["patch"]["nodes"]["osc1"]["params"]["freq"] == 220
        assert not c.unasked, c.unasked


def first_of_all():
    """Each editing command as the very first; an edit that fails leaves nothing behind."""
    firsts = [("/patch/add", {"id": "a", "type": "osc.saw"}), ("/knob/new", {"name": "k", "value": 0.25}),
              ("/patch/edit", {"ops": [{"op": "add", "id": "a", "type": "note"}]}), ("/patch/edit", {"ops": []})]
    for address, arguments in firsts:
        with Server(PROGRAM, "--state", "none") as s:
            c = s.client()
            c.fails("not-found", "/patch/connect", **{"from": "a", "port": "out", "to": "b", "to_port": "in"})
            c.fails("not-found", "/patch/remove", id="a")
            assert not c.call("/synth/list")["synths"]["main"]["loaded"]
            c.call("/patch/check", ops=[{"op": "add", "id": "a", "type": "osc.saw"}])
            c.fails("not-found", "/patch/get")
            c.call(address, **arguments)
            c.call("/patch/get")
            if arguments == {"ops": []}: c.fails("not-found", "/patch/undo")  # nothing was changed
            else: c.call("/patch/undo")


def in_a_bundle():
    """All of it at one frame, with a note."""
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        s.client().call("/sync")  # the synth is in the mix: before its first block nobody knows the frame of that
        c.next += 10
        c.send(bundle(request(1, "/patch/add", id="osc1", type="osc.sine"), request(2, "/patch/add", id="out", type="output"),
                      request(3, "/patch/connect", **{"from": "osc1", "port": "out", "to": "out", "to_port": "in"}),
                      request(4, "/param/set", node="osc1", param="freq", value=330.0)))
        frames = {c.answer(i)["frame"] for i in range(1, 5)}
        assert len(frames) == 1, frames
        assert c.call("/patch/get")["patch"]["nodes"]["osc1"]["params"]["freq"] == 330


run([by_messages, plainly, first_of_all, in_a_bundle], "fresh_test")
