#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""channels_test -- [megasynth~ 6]: each outlet gives the output channel that the patch writes.

usage: channels_test.py EXTERNALS
"""
import json
import os
import sys

import pd

OUTLETS, MILLISECONDS = 6, 1500


def main():
    externals = os.path.abspath(sys.argv[1])
    nodes = {f"o{n}": {"type": "output", "params": {"first": n + 1, "channels": 1}} for n in range(OUTLETS)}
    nodes |= {f"s{n}": {"type": "osc.sine", "params": {"freq": 100 * (n + 1)}} for n in range(OUTLETS)}
    cables = [{"from": [f"s{n}", "out"], "to": [f"o{n}", "in"]} for n in range(OUTLETS)]
    with pd.folder() as folder:
        with open(os.path.join(folder, "six.json"), "w") as file:
            json.dump({"nodes": nodes, "connections": cables}, file)
        patch = pd.Patch()
        receive, synth = patch.add("r synth"), patch.add(f"megasynth~ {OUTLETS} six.json")
        patch.connect(receive, synth)
        record = patch.add("r record")
        for n in range(OUTLETS):
            table = patch.add(f"tabwrite~ t{n}")
            patch.connect(synth, table, n)
            patch.connect(record, table)
            patch.add(f"table t{n} {pd.RATE * MILLISECONDS // 1000}")
        start, read, player = patch.add("loadbang"), patch.message("read script.txt , bang"), patch.add("qlist")
        patch.connect(start, read)
        patch.connect(read, player)
        write, soundfiler = patch.add("r write"), patch.add("soundfiler")
        patch.connect(write, soundfiler)
        tables = " ".join(f"t{n}" for n in range(OUTLETS))
        script = [(0, "pd dsp 1"), (0, "synth wait"), (0, "record bang"),
                  (MILLISECONDS + 50, f"write write -wave -bytes 4 out.wav {tables}"), (MILLISECONDS + 50, "pd quit")]
        with open(os.path.join(folder, "script.txt"), "w") as file:
            file.write(pd.qlist(script))
        with open(os.path.join(folder, "main.pd"), "w") as file:
            file.write(patch.text())
        pd.pd(externals, folder, "main.pd")
        channels = pd.read_wave(os.path.join(folder, "out.wav"))
    assert len(channels) == OUTLETS, len(channels)
    for n, channel in enumerate(channels):
        second = channel[-pd.RATE // 2:]
        rises = sum(a < 0 <= b for a, b in zip(second, second[1:]))
        assert abs(rises - 50 * (n + 1)) <= 1, (n, rises)
    print(f"{OUTLETS} outlets, each its own sine")


main()
