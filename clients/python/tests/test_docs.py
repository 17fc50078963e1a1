# SPDX-License-Identifier: MIT
"""README.md and TUTORIAL.md, run as they stand, in a folder where examples/ is, on a server without a sound device.

What stands after an arrow in a comment is what the line must come to.
"""

import os
import re
import shlex
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

from live_support import BUILD, PROGRAM, PYTHON, ROOT

ARROW = re.compile(r"^(?P<indent>\s*)(?P<code>\S.*?)\s+# → (?P<value>.+)$", re.M)


def blocks(text):
    return [textwrap.dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", text, re.M | re.S)]


class Docs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        self.addCleanup(os.environ.__setitem__, "MEGASYNTHD", os.environ["MEGASYNTHD"])
        os.chdir(self.folder.name)
        os.symlink(ROOT / "examples", "examples")
        silent = Path("silent")
        silent.write_text(f'#!/bin/sh\nexec {shlex.quote(str(PROGRAM))} "$@" --backend dummy --log-level error\n')
        silent.chmod(0o700)
        os.environ["MEGASYNTHD"] = str(silent.resolve())
        os.environ.setdefault("MEGASYNTH_LIBRARY", str(BUILD / "engine" / "libmegasynth.so"))

    def run_document(self, name):
        text = (PYTHON / name).read_text()
        checked = 0

        def check(line, got, want):
            nonlocal checked
            checked += 1
            got = round(got, 6) if isinstance(got, float) else got
            got = {k: round(v, 6) for k, v in got.items()} if isinstance(got, dict) else got
            self.assertEqual(repr(got), want, f"{name}: {line}")

        space = {"check": check, "__name__": "document"}
        begin = time.monotonic()
        for block in blocks(text):
            code = ARROW.sub(lambda m: f"{m['indent']}check({m['code']!r}, ({m['code']}), {m['value']!r})", block)
            exec(compile(code, name, "exec"), space)
        lines = sum(block.count("\n") for block in blocks(text))
        print(f"{name}: {lines} lines, {checked} values as it says, {time.monotonic() - begin:.1f} s")

    def test_readme(self):
        self.run_document("README.md")

    @unittest.skipUnless((BUILD / "engine" / "libmegasynth.so").exists(), "the engine's library is not built")
    def test_tutorial(self):
        self.run_document("TUTORIAL.md")

    @unittest.skipUnless((BUILD / "engine" / "libmegasynth.so").exists(), "the engine's library is not built")
    def test_a_notebook_shows_what_plays(self):
        from megasynth import Server
        with Server.boot() as s:
            s.load("examples/keys.json")
            shown = s.patch._repr_html_()
        self.assertIn("<svg", shown)
        for node in ("filt", "chorus", "cutoff"):
            self.assertIn(node, shown)

    def test_links_lead_somewhere(self):
        for name in ("README.md", "TUTORIAL.md"):
            for link in re.findall(r"\]\(([^)#]+)[^)]*\)", (PYTHON / name).read_text()):
                self.assertTrue((PYTHON / link).exists(), f"{name}: {link}")


if __name__ == "__main__":
    unittest.main()
