# SPDX-License-Identifier: MIT
"""shell -- runs `megasynth` beside a server of its own, in a folder of their own."""
import json
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, ROOT + "/tests/server")
from wire import PATCH, Server, run  # noqa: E402, F401: what tests here use

PROGRAM, SERVER = sys.argv[1], sys.argv[2]
KEYS, TOY, SCORE = (ROOT + "/examples/" + name for name in ("keys.json", "toy.json", "demo_score.json"))
# What it ends with, as `megasynth --help` says.
OK, WRONG, USAGE, FILE, NO_SERVER, REFUSED, LOST, TIMEOUT, UNSOUND, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 8, 130


class Shell:
    """Commands in the environment of a server; `server` may be None."""

    def __init__(self, server, folder=None, **environment):
        self.server = server
        self.folder = folder or server.folder
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": self.folder, "XDG_STATE_HOME": self.folder + "/state",
                            "XDG_DATA_HOME": self.folder + "/data",
                            "MEGASYNTHD": SERVER, **environment}
        for name in ("MEGASYNTH_URL", "MEGASYNTH_TOKEN_FILE"):
            if name not in environment: self.environment.pop(name, None)

    def run(self, *words, stdin="", seconds=120):
        """Exit code, standard output, standard error."""
        done = subprocess.run([PROGRAM, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=seconds,
                              env=self.environment)
        return done.returncode, done.stdout, done.stderr

    def good(self, *words, stdin=""):
        """What it prints."""
        code, out, errors = self.run(*words, stdin=stdin)
        assert (code, errors) == (OK, ""), (words, code, out, errors)
        return out

    def json(self, *words, stdin=""):
        """What it prints with --json: one line."""
        out = self.good(*words, "--json", stdin=stdin)
        assert out.count("\n") == 1, (words, out)
        return json.loads(out)

    def bad(self, code, *words, say=(), stdin=""):
        """One line of cause, in which all of `say` stands."""
        got, out, errors = self.run(*words, stdin=stdin)
        assert got == code, (words, got, out, errors)
        assert errors.count("\n") == 1 and errors.startswith("megasynth: "), (words, errors)
        for text in [say] if isinstance(say, str) else say: assert text in errors, (words, text, errors)
        return out

    def start(self, *words, **how):
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "bufsize": 0, **how}
        return subprocess.Popen([PROGRAM, *map(str, words)], env=self.environment, **how)

    def file(self, name, content):
        path = self.folder + "/" + name
        with open(path, "w") as out: out.write(content if isinstance(content, str) else json.dumps(content))
        return path


def ends(process, code, seconds=60):
    """Waits, long enough for a machine that has much to do; what it printed on standard error."""
    out, errors = process.communicate(timeout=seconds)
    assert process.returncode == code, (process.args, process.returncode, out, errors)
    return (errors or b"").decode()


def until(what, seconds=60, text="it does not come"):
    """Waits until a function returns something, and returns that."""
    began = time.monotonic()
    while True:
        got = what()
        if got: return got
        assert time.monotonic() - began < seconds, text
        time.sleep(0.01)


def kill(server):
    """kill -9; `with` of the server is content with it."""
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server.log.close()
    server.stop = lambda *_: 0


def live_server(*options, **how): return Server(SERVER, *options, **how)
