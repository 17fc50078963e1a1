#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""node_test -- a Node.js program with npm's node-osc and @msgpack/msgpack, fetched for the test: skipped offline.

usage: node_test.py MEGASYNTHD
"""
import os
import shutil
import subprocess
import sys

from stranger import CUTOFF, KEY, PATCH_FILE, VELOCITY, heard, need, run, skip

HERE = os.path.dirname(os.path.abspath(__file__))


def drive(server, port):
    try:
        run("npm", "install", "--no-save", "--no-audit", "--no-fund", "--prefix", server.folder, "node-osc", "@msgpack/msgpack",
            cwd=server.folder)
    except (AssertionError, subprocess.TimeoutExpired) as failure:
        skip(f"npm fetches nothing: {str(failure)[:200]}")
    shutil.copy(os.path.join(HERE, "node.mjs"), server.folder)  # modules are looked for beside the program
    said = run("node", server.folder + "/node.mjs", str(port), os.path.join(server.folder, PATCH_FILE), str(CUTOFF), str(KEY), str(VELOCITY))
    assert f"cutoff {CUTOFF}" in said and "1 voice" in said and "not-found" in said, said
    return said.strip()


need("node", "npm")
heard(sys.argv[1], drive)
