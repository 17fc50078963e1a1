#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sclang_test -- SuperCollider's language: NetAddr's messages, and a bundle with a time.

usage: sclang_test.py MEGASYNTHD
"""
import sys

from stranger import heard, need, plain_messages, run

WITHOUT_A_SCREEN = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1", "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox"}


def literal(value): return '"' + value + '"' if isinstance(value, str) else str(value)


def drive(server, port):
    with open(server.folder + "/messages.scd", "w") as file:
        file.write("[" + ",\n".join("[" + ", ".join(map(literal, [a, *v])) + "]" for a, v in plain_messages()) + "]\n")
    said = run("sclang", __file__.replace("_test.py", ".scd"), str(port), server.folder + "/messages.scd", env=dict(WITHOUT_A_SCREEN, HOME=server.folder))
    told = [line for line in said.splitlines() if line.startswith(("done", "fail"))]
    assert sorted(told) == ["done 1 /sync", "done 2 /status", "fail 0 /knob/set not-found"], said
    return ", ".join(told)


need("sclang")
heard(sys.argv[1], drive)
