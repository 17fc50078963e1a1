# SPDX-License-Identifier: MIT
"""What is wrong, as exceptions: a stable code, the place, and a hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..errors import MegasynthError


@dataclass(frozen=True)
class Diagnostic:
    """One thing that is wrong with a document. Lines and columns count from 1; 0 is unknown."""

    severity: str  #: "error" or "warning"
    code: str  #: "not-found", "bad-value", "cycle", ...: see engine/megasynth.h
    path: str  #: "nodes.filt.params.cutof", or ""
    line: int
    column: int
    message: str
    hint: str  #: "did you mean `cutoff`?", or ""

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.message}{hint}"


class OfflineError(MegasynthError):
    """Anything that the engine, or this package on its behalf, refuses.

    `code` is a stable word, `path` the place in the document (or ""), `hint` what might help (or "").
    `diagnostics` has everything that is wrong, where that is more than one thing.
    """

    def __init__(self, code: str, message: str, *, path: str = "", hint: str = "",
                 diagnostics: Iterable[Diagnostic] = ()) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint
        self.diagnostics = list(diagnostics) or [
            Diagnostic("error", code, path, 0, 0, message, hint)]

    def __str__(self) -> str:
        return "\n".join(f"{d.code}: {d}" for d in self.diagnostics)

    def within(self, place: str) -> OfflineError:
        """The same, with its paths inside of `place`."""
        self.diagnostics = [replace(d, path=".".join(filter(None, (place, d.path))))
                            for d in self.diagnostics]
        self.path = self.diagnostics[0].path
        return self


class NotFoundError(OfflineError, KeyError):
    """No such node, port, knob, preset, module, file: `hint` names the nearest."""


class BadValueError(OfflineError, ValueError):
    """A value, type or shape that cannot be: of a parameter, a signal, a note."""


class LibraryError(OfflineError):
    """The engine's library is not there, or is another version's."""


_CLASSES = {"not-found": NotFoundError, "bad-value": BadValueError, "bad-type": BadValueError}


def of_diagnostics(diagnostics: list[Diagnostic]) -> OfflineError:
    """The exception for a report with errors in it: named after the first."""
    errors = [d for d in diagnostics if d.severity == "error"]
    first = errors[0]
    made = _CLASSES.get(first.code, OfflineError)
    return made(first.code, first.message, path=first.path, hint=first.hint, diagnostics=errors)
