# SPDX-License-Identifier: MIT
"""Puts the engine's library into the package that is installed, where it has been built; the rest is in pyproject.toml.

`pip install clients/python` then gives the offline half too, wherever the package ends up.
"""

import os
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

NAMES = ("libmegasynth.so", "libmegasynth.dylib", "megasynth.dll")


def built_library() -> "Path | None":
    """The file that MEGASYNTH_LIBRARY names, or the one in the source tree's build folder."""
    named = os.environ.get("MEGASYNTH_LIBRARY")
    folder = Path(__file__).resolve().parents[2] / "build" / "engine"
    candidates = [Path(named)] if named else [folder / name for name in NAMES]
    return next((file for file in candidates if file.exists()), None)


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        library = built_library()
        if library:
            shutil.copy(library, Path(self.build_lib) / "megasynth" / library.name)
        else:
            print("megasynth: the engine's library is not built: Patch, Engine and AudioGraph will look for it when used")


setup(cmdclass={"build_py": BuildWithLibrary})
