# SPDX-License-Identifier: MIT
"""mypy --strict, flake8, and that _commands.py is what the server's table says."""

import shutil
import subprocess
import sys
import unittest

from live_support import FOLDER, PROGRAM, PYTHON

CACHE = f"--cache-dir={FOLDER}/mypy"


def outcome(*command):
    done = subprocess.run(command, cwd=PYTHON, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Clean(unittest.TestCase):
    @unittest.skipUnless(shutil.which("mypy"), "no mypy")
    def test_types(self):
        code, said = outcome("mypy", "--strict", CACHE, "megasynth", "tools")
        self.assertEqual(code, 0, said)
        print(said.strip())

    @unittest.skipUnless(shutil.which("flake8"), "no flake8")
    def test_style(self):
        self.assertEqual(outcome("flake8"), (0, ""))

    def test_commands_are_what_the_server_says(self):
        self.assertEqual(outcome(sys.executable, "tools/generate_commands.py", PROGRAM, "--check"), (0, ""))

    def test_a_program_that_uses_it_is_checked(self):
        """py.typed: what is wrong in a caller's code is told to him."""
        if not shutil.which("mypy"):
            self.skipTest("no mypy")
        code, said = outcome("mypy", "--strict", CACHE, "-c", "\n".join((
            "from megasynth import AsyncServer, NotFoundError, Patch, Server, ServerGone",
            "s = Server.connect()", "s.knobs['cutoff'] = 0.5", "note = s.note('C4')", "note.bend(2)",
            "frame: int = s.clock()['frame']", "s.load(Patch({}))", "s.knobs['cutoff'] = 'high'", "note.bent(2)",
            "s.commands.note_on('C4', 0.5)", "code: str = NotFoundError.code")))
        wrong = [line.split(":")[1] for line in said.splitlines() if "error" in line and "Found" not in line]
        self.assertEqual(wrong, ["8", "9", "10"], said)


if __name__ == "__main__":
    unittest.main()
