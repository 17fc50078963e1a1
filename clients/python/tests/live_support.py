# SPDX-License-Identifier: MIT
"""What the tests of the live half share: a real server on no device, in a runtime folder of its own.

MEGASYNTH_BUILD names the build folder (else: build/ of the source tree).
"""

import atexit
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PYTHON = ROOT / "clients" / "python"
BUILD = Path(os.environ.get("MEGASYNTH_BUILD", ROOT / "build")).resolve()
PROGRAM = BUILD / "bin" / "megasynthd"
CLI = BUILD / "bin" / "megasynth"
KEYS = ROOT / "examples" / "keys.json"
FOLDER = tempfile.mkdtemp(prefix="megasynth-python-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

os.environ.update(MEGASYNTHD=str(PROGRAM), XDG_RUNTIME_DIR=FOLDER, XDG_STATE_HOME=FOLDER + "/state",
                  XDG_DATA_HOME=FOLDER + "/data")
os.environ.pop("MEGASYNTH_URL", None)
sys.path.insert(0, str(PYTHON))

QUIET = {"backend": "dummy", "options": ["--root", FOLDER, "--log-level", "warning"], "timeout": 30}


def boot(**how):
    """A server that makes no sound, and reads and writes files in FOLDER only."""
    from megasynth import Server
    return Server.boot(**{**QUIET, **how})


def url_of(server, kind):
    """The address of another kind of a server that was booted here."""
    return next(url for url in server._process.told if url.startswith(kind + ":"))


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(what, seconds=20):
    """Whether it becomes so in time."""
    until = time.monotonic() + seconds
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def percentiles(seconds):
    """p50 and p99 in ms, as text."""
    ordered = sorted(seconds)
    return f"p50 {ordered[len(ordered) // 2] * 1e3:.2f} ms, p99 {ordered[len(ordered) * 99 // 100] * 1e3:.2f} ms"
