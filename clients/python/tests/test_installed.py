# SPDX-License-Identifier: MIT
"""The package as pip installs it, away from the source tree: it finds its library, and says its version."""

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from offline_support import BUILD, EXAMPLES, ROOT

PROGRAM = """
import megasynth, sys
patch = megasynth.Patch.load(sys.argv[1])
sound = patch.render(0.1, notes="C4")
assert abs(sound).max() > 0.01
print(megasynth.__version__, megasynth.__file__)
"""


class Installed(unittest.TestCase):
    @unittest.skipUnless(importlib.util.find_spec("pip") and importlib.util.find_spec("setuptools"), "no pip, no setuptools")
    def test_pip_installs_what_works_elsewhere(self):
        environment = {key: value for key, value in os.environ.items() if key not in ("MEGASYNTH_LIBRARY", "PYTHONPATH")}
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "source")  # pip writes beside what it builds
            subprocess.run(["cp", "-r", ROOT / "clients" / "python", source], check=True)
            done = subprocess.run(
                [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
                 "--target", Path(folder, "site"), source], capture_output=True, text=True,
                env=environment | {"MEGASYNTH_LIBRARY": str(BUILD / "engine" / "libmegasynth.so")})
            self.assertEqual(done.returncode, 0, done.stderr)
            said = subprocess.run([sys.executable, "-c", PROGRAM, EXAMPLES / "keys.json"], cwd=folder, check=True,
                                  capture_output=True, text=True, env=environment | {"PYTHONPATH": f"{folder}/site"}).stdout
        version, file = said.split()
        self.assertTrue(file.startswith(folder), file)
        self.assertIn(f'version = "{version}"', (ROOT / "clients" / "python" / "pyproject.toml").read_text())


if __name__ == "__main__":
    unittest.main()
