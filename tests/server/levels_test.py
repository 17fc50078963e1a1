#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""levels_test -- peaks of level and load that several clients read at once: nobody's reading takes anything from another.

usage: levels_test.py MEGASYNTHD
"""
import sys
import time

from wire import Server, run

PROGRAM = sys.argv[1]
DRONE = {"nodes": {"osc": {"type": "osc.sine", "params": {"freq": 440}}, "vca": {"type": "gain", "params": {"amp": 0.5}}, "out": {"type": "output"}},
         "connections": [{"from": ["osc", "out"], "to": ["vca", "in"]}, {"from": ["vca", "out"], "to": ["out", "in"]}]}


def sounding(c):
    until = time.monotonic() + 20
    while c.call("/status")["level_peak"] < 0.4: assert time.monotonic() < until, "nothing sounds"


def readers():
    with Server(PROGRAM, "--state", "none") as s:
        clients = [s.client(), s.client("tcp"), s.client("udp")]
        clients[0].call("/subscribe", topics=["meter", "xrun"])
        clients[0].call("/patch/load", patch=DRONE)
        sounding(clients[0])
        for _ in range(30):
            for c in clients:
                status = c.call("/status")
                assert status["level_peak"] > 0.4 and status["load"]["peak"] > 0, status["level_peak"]
        for kind in ("unix", "tcp"):  # whoever comes new sees it at once
            c = s.client(kind)
            assert c.call("/status")["level_peak"] > 0.4
        return "30 readings of each of three clients"


def falls():
    """One that reads seldom still learns of a peak; another does not keep it up; without sound it falls."""
    with Server(PROGRAM, "--state", "none") as s:
        often, seldom = s.client(), s.client("tcp")
        seldom.call("/ping")
        often.call("/patch/load", patch=DRONE)
        sounding(often)
        often.call("/patch/load", patch=dict(DRONE, connections=[]))
        until = time.monotonic() + 20
        while often.call("/status")["level_peak"] > 0: assert time.monotonic() < until, "it does not fall"
        assert seldom.call("/status")["level_peak"] > 0.4
        assert seldom.call("/status")["level_peak"] == 0


run([readers, falls], "levels_test")
