# SPDX-License-Identifier: MIT
"""What the tests of the offline half share: where the build is, and the program `megasynth` to be equal to.

MEGASYNTH_BUILD names the build folder (else: build/ of the source tree); its library is used unless
MEGASYNTH_LIBRARY names another.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("MEGASYNTH_BUILD", ROOT / "build")).resolve()
EXAMPLES = ROOT / "examples"
PROGRAM = BUILD / "bin" / "megasynth"

os.environ.setdefault("MEGASYNTH_LIBRARY", str(BUILD / "engine" / "libmegasynth.so"))
sys.path.insert(0, str(ROOT / "clients" / "python"))


def program_renders(patch, *arguments):
    """What `megasynth render` writes for a patch's file: (channels, frames), and the seconds that it took."""
    from megasynth.offline import Sound
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.wav")
        begin = time.perf_counter()
        subprocess.run([PROGRAM, "render", patch, "-o", out, "--quiet", *map(str, arguments)], check=True,
                       timeout=120)
        return Sound.load(out), time.perf_counter() - begin
