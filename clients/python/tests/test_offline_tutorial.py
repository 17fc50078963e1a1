# SPDX-License-Identifier: MIT
"""The tutorial's offline part, typed in as it stands, in a folder where `examples/` is."""

import doctest
import os
import re
import tempfile
import unittest

from offline_support import EXAMPLES, ROOT

FILES = [f for f in ("TUTORIAL.md", "TUTORIAL_OFFLINE.md") if (ROOT / "clients" / "python" / f).exists()]


class Tutorial(unittest.TestCase):
    def test_what_it_says_is_so(self):
        total = 0
        for file in FILES:
            text = (ROOT / "clients" / "python" / file).read_text()
            blocks = "\n".join(re.findall(r"```pycon\n(.*?)```", text, re.S))
            test = doctest.DocTestParser().get_doctest(blocks, {}, file, file, 0)
            here = os.getcwd()
            with tempfile.TemporaryDirectory() as folder:
                os.symlink(EXAMPLES, os.path.join(folder, "examples"))
                os.chdir(folder)
                try:
                    results = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test)
                finally:
                    os.chdir(here)
            self.assertEqual(results.failed, 0)
            total += results.attempted
        self.assertGreater(total, 50)
        print(f"{total} lines of the tutorial, as it says")


if __name__ == "__main__":
    unittest.main()
