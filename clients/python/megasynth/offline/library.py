# SPDX-License-Identifier: MIT
"""Finds libmegasynth and loads it, once, when it is first needed.

Looked for in this order: the file that the environment's MEGASYNTH_LIBRARY names; in this package (an installed
package brings the library that was built when it was installed); in the build folder of the source tree that it is
in; where the system keeps libraries, and where `cmake --install` puts it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import json
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from . import header
from .errors import Diagnostic, LibraryError, of_diagnostics

_NAMES = {"darwin": ("libmegasynth.dylib",), "win32": ("megasynth.dll", "libmegasynth.dll")}.get(
    sys.platform, ("libmegasynth.so", "libmegasynth.so.0"))
_HINT = ("build it (`cmake -S . -B build && cmake --build build --target megasynth_shared`), install it"
         " (`sudo cmake --install build`), or name it: MEGASYNTH_LIBRARY=/path/to/libmegasynth.so")


def _candidates() -> Iterator[str]:
    package = Path(__file__).resolve().parent.parent
    folders = [package]
    for parent in package.parents:
        if (parent / "engine" / "megasynth.h").exists():
            folders += [parent / "build" / "engine", parent / "build" / "lib"]
            break
    for folder in folders:
        yield from (str(folder / name) for name in _NAMES if (folder / name).exists())
    installed = ctypes.util.find_library("megasynth")
    if installed:
        yield installed
    for prefix in (Path(sys.prefix), Path("/usr/local")):  # where ldconfig does not look, or has not looked yet
        for folder in (prefix / "lib", *sorted(prefix.glob("lib/*-linux-gnu")), prefix / "lib64"):
            yield from (str(folder / name) for name in _NAMES if (folder / name).exists())


def find() -> str:
    """The library's file, or its name where the system finds it.

    Raises LibraryError if there is none.
    """
    named = os.environ.get("MEGASYNTH_LIBRARY")
    if named:
        if not Path(named).exists():
            raise LibraryError("not-found", f"MEGASYNTH_LIBRARY is {named}, which is not there",
                               hint="it is the path of libmegasynth.so")
        return named
    for candidate in _candidates():
        return candidate
    raise LibraryError("not-found", "libmegasynth is not there", hint=_HINT)


def _version(library: ctypes.CDLL) -> str:
    text = take_text(library, library.mega_module_describe_json(None))
    return str(json.loads(text)["version"])


@lru_cache(maxsize=1)
def lib() -> ctypes.CDLL:
    """The library, its functions declared.

    Raises LibraryError if there is none, or not of this package's version.
    """
    file = find()
    try:
        library = ctypes.CDLL(file)
        header.declare(library)
    except (OSError, AttributeError) as error:
        raise LibraryError("unsupported", f"{file} cannot be used: {error}", hint=_HINT) from None
    version = _version(library)
    if version != header.VERSION:
        raise LibraryError("unsupported", f"{file} is version {version}, not {header.VERSION}",
                           hint=_HINT)
    return library


def take_text(library: ctypes.CDLL, pointer: int | None) -> str:
    """A text that the engine has made for us, which is freed."""
    if not pointer:
        raise MemoryError("the engine got no memory")
    text = ctypes.string_at(pointer).decode()
    library.mega_free(pointer)
    return text


class Report:
    """What the engine says of a document: `with Report() as report: ...` frees it."""

    def __init__(self) -> None:
        self.pointer: int = lib().mega_report_create() or 0
        if not self.pointer:
            raise MemoryError("the engine got no memory")

    def __enter__(self) -> Report:
        return self

    def __exit__(self, *_: object) -> None:
        lib().mega_report_destroy(self.pointer)
        self.pointer = 0

    def diagnostics(self) -> list[Diagnostic]:
        """All entries, in order."""
        found = []
        for i in range(lib().mega_report_count(self.pointer)):
            d = lib().mega_report_get(self.pointer, i).contents
            found.append(Diagnostic(header.SEVERITY[d.severity], d.code.decode(), d.path.decode(),
                                    d.line, d.column, d.message.decode("utf-8", "replace"),
                                    d.hint.decode("utf-8", "replace")))
        return found

    def warnings(self) -> list[Diagnostic]:
        """The entries that are no errors."""
        return [d for d in self.diagnostics() if d.severity == "warning"]

    def fail(self) -> None:
        """Raises what the report says, or MemoryError where it says nothing."""
        found = self.diagnostics()
        if any(d.severity == "error" for d in found):
            raise of_diagnostics(found)
        raise MemoryError("the engine got no memory")


def nearest(wrong: str, names: list[str]) -> str:
    """"did you mean `x`?", or ""."""
    array = (ctypes.c_char_p * len(names))(*(n.encode() for n in names))
    near = lib().mega_nearest(wrong.encode(), array, len(names)) if names else None
    return f"did you mean `{near.decode()}`?" if near else ""
