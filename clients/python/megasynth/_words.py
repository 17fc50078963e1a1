# SPDX-License-Identifier: MIT
"""What `Server` and `AsyncServer` both turn into arguments: pitches, patches, edits."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol, Union

from ._session import Json
from .offline.edits import Editable, Operation
from .offline.score import key_of

#: of notices; docs/protocol.md says what each tells
TOPICS = ("note", "voice", "patch", "knob", "xrun", "late", "nan", "device", "log", "meter", "client")
Pitch = Union[int, float, str]  #: a MIDI key 0..127, fractions allowed, or a name: "C4" is 60


class HasDocument(Protocol):
    """`megasynth.Patch`, for one."""

    @property
    def document(self) -> Mapping[str, Json]: ...


Document = Union[Mapping[str, Json], HasDocument, str, "os.PathLike[str]"]


def given(**arguments: Json) -> dict[str, Json]:
    """Those that are not None."""
    return {key: value for key, value in arguments.items() if value is not None}


def document_arguments(patch: Document) -> dict[str, Json]:
    """A patch as the server takes it: a map as it is, a text or a file as text with its format.

    A str is a file's path, or a document if it begins with `{` or `(`.
    """
    if isinstance(patch, Mapping):
        return {"patch": dict(patch)}
    if isinstance(patch, (str, os.PathLike)):
        text = str(patch)
        if text.lstrip().startswith(("{", "(", ";")):
            return {"text": text, "format": "json" if text.lstrip().startswith("{") else "sexp"}
        path = Path(patch)
        if path.suffix == ".msgpack":
            from ._wire import unpack
            return {"patch": unpack(path.read_bytes())}
        return {"text": path.read_text(), "format": "sexp" if path.suffix == ".sexp" else "json"}
    return {"patch": dict(patch.document)}


class EditList(Editable):
    """Operations of one edit, gathered: the words are those of `Patch`. The server checks them, all at once."""

    def __init__(self) -> None:
        self.ops: list[Operation] = []

    def edit(self, operations: Iterable[Operation]) -> None:
        self.ops += operations


def note_number(note: Pitch) -> float:
    """@raise ValueError for what is no pitch"""
    return key_of(note)
