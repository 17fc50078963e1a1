# SPDX-License-Identifier: MIT
"""TUTORIAL_OFFLINE.md, typed in as it stands, in a folder where `examples/` is."""

import doctest
import os
import re
import tempfile
import unittest

from offline_support import EXAMPLES, ROOT

FILE = "TUTORIAL_OFFLINE.md"


class Tutorial(unittest.TestCase):
    def test_what_it_says_is_so(self):
        text = (ROOT / "clients" / "python" / FILE).read_text()
        blocks = "\n".join(re.findall(r"```pycon\n(.*?)```", text, re.S))
        test = doctest.DocTestParser().get_doctest(blocks, {}, FILE, FILE, 0)
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(EXAMPLES, os.path.join(folder, "examples"))
            os.chdir(folder)
            try:
                results = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test)
            finally:
                os.chdir(here)
        self.assertEqual(results.failed, 0)
        self.assertGreater(results.attempted, 50)
        print(f"{results.attempted} lines of the tutorial, as it says")


if __name__ == "__main__":
    unittest.main()
