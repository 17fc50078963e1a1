# SPDX-License-Identifier: MIT
"""Patch: a document, read and checked by the engine, changed by its edits."""

from __future__ import annotations

import ctypes
import json
import weakref
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import numpy as np

from . import header
from .edits import Editable, End, Json, Operation, to_json
from .errors import BadValueError, Diagnostic, NotFoundError
from .library import Report, lib, nearest, take_text
from .registry import ModuleInfo, ParamInfo, modules

if TYPE_CHECKING:
    from .score import Notes
    from .sound import Sound

PathLike = Union[str, Path]


class _Known(NamedTuple):
    """Rows of a document by id, and the order of its nodes."""

    nodes: dict[str, dict[str, Json]]
    knobs: dict[str, dict[str, Json]]
    places: dict[str, int]


def format_of(file: PathLike) -> str:
    """"json", "sexp" or "msgpack", by a file's name."""
    number = ctypes.c_int()
    if not lib().mega_format_of_file(str(file).encode(), ctypes.byref(number)):
        raise BadValueError("unsupported", f"{file}: the name says no format that is known",
                            hint="call it *.json, *.sexp or *.msgpack")
    return list(header.FORMATS)[number.value]


def _read(text: bytes, format: str) -> tuple[int, list[Diagnostic]]:
    if format not in header.FORMATS:
        raise BadValueError("bad-value", f"no such format: `{format}`", hint="json, sexp, msgpack")
    with Report() as report:
        made = lib().mega_patch_read(text, len(text), header.FORMATS[format], report.pointer)
        if not made:
            report.fail()
        return made, report.warnings()


class Patch(Editable):
    """A patch: nodes, cables, knobs, presets; pure data, of which the engine makes sound.

        patch = Patch.load("examples/keys.json")
        patch["filt"]["res"] = 0.4
        patch.knobs["cutoff"] = 0.7
        sound = patch.render(2.0, notes="C4 E4 G4")

    Every change goes through the engine's own edits: it is checked at once, and what cannot be raises and has
    changed nothing. Whether the whole would play, `check` says.
    """

    def __init__(self, document: Mapping[str, Json] | None = None, *, _handle: int = 0) -> None:
        self._warnings: list[Diagnostic] = []
        if not _handle:
            text = to_json({"nodes": {}} if document is None else document)
            _handle, self._warnings = _read(text, "json")
        self._handle = _handle
        self._finalizer = weakref.finalize(self, lib().mega_patch_destroy, _handle)
        self._known: _Known | None = None

    @property
    def _as_parameter_(self) -> int:
        """What the engine's functions get when they are given the patch itself: ctypes keeps an argument alive
        for the length of a call, which it would not do for the patch behind a bare handle."""
        return self._handle

    def _replace(self, handle: int) -> None:
        """Another patch of the engine's in the place of this one."""
        self._finalizer()
        self._handle = handle
        self._finalizer = weakref.finalize(self, lib().mega_patch_destroy, handle)
        self._known = None

    # ---- reading and writing -------------------------------------------------------------------

    @classmethod
    def load(cls, path: PathLike) -> Patch:
        """Reads a file; its name says the format: .json, .sexp, .msgpack.

        Raises OSError, or OfflineError with every error of the document, its line and column.
        """
        format = format_of(path)
        return cls.parse(Path(path).read_bytes(), format)

    @classmethod
    def parse(cls, text: str | bytes, format: str = "json") -> Patch:
        """Reads a text: "json", "sexp" or "msgpack" (bytes)."""
        handle, warnings = _read(text.encode() if isinstance(text, str) else text, format)
        made = cls(_handle=handle)
        made._warnings = warnings
        return made

    def write(self, format: str = "json") -> bytes:
        """The document as a file holds it."""
        if format not in header.FORMATS:
            raise BadValueError("bad-value", f"no such format: `{format}`",
                                hint="json, sexp, msgpack")
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        status = lib().mega_patch_write(self, header.FORMATS[format], ctypes.byref(text),
                                        ctypes.byref(size))
        if status != header.OK or not text.value:
            raise MemoryError("the engine got no memory")
        written = ctypes.string_at(text.value, size.value)
        lib().mega_free(text)
        return written

    def save(self, path: PathLike) -> None:
        """Writes a file in the format that its name says."""
        Path(path).write_bytes(self.write(format_of(path)))

    @property
    def document(self) -> dict[str, Json]:
        """The document as dicts and lists: a copy, to be looked at or made into another Patch."""
        made: dict[str, Json] = json.loads(self.write())
        return made

    def _look(self) -> _Known:
        """What views read again and again, read once."""
        if self._known is None:
            document = self.document
            rows = {key: row if isinstance(row, dict) else {r["id"]: r for r in row}
                    for key, row in document.items() if key in ("nodes", "knobs")}
            ids = [lib().mega_patch_node(self, i).id.decode()
                   for i in range(lib().mega_patch_node_count(self))]
            self._known = _Known(rows.get("nodes", {}), rows.get("knobs", {}),
                                 {id: i for i, id in enumerate(ids)})
        return self._known

    def copy(self) -> Patch:
        """Another patch of the same document."""
        return Patch.parse(self.write())

    def __copy__(self) -> Patch:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Patch:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return Patch.parse, (self.write(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patch) and self.document == other.document

    __hash__ = None  # type: ignore[assignment]

    # ---- looking -------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The document's name, or ""."""
        name: bytes = lib().mega_patch_name(self)
        return name.decode()

    @property
    def voices(self) -> int:
        """How many notes can sound at once, 1..4096. It can be set."""
        return int(lib().mega_patch_voices(self))

    @voices.setter
    def voices(self, count: int) -> None:
        self.edit([{"op": "voices", "count": count}])

    @property
    def nodes(self) -> Nodes:
        """The nodes by id: a mapping of what `patch[id]` gives."""
        return Nodes(self)

    @property
    def knobs(self) -> Knobs:
        """The knobs' values, 0..1, by name: a mapping that can be written to."""
        return Knobs(self)

    @property
    def cables(self) -> list[dict[str, Json]]:
        """The cables, in order: dicts of "from" (node, port; None, knob), "to", "amount", "as", "nodes"."""
        found = []
        for i in range(lib().mega_patch_cable_count(self)):
            c = lib().mega_patch_cable(self, i)
            found.append({
                "from": (c.from_node.decode() if c.from_node else None, c.from_port.decode()),
                "to": (c.to_node.decode(), c.to_port.decode()),
                "amount": float(str(np.float32(c.amount))), "as": getattr(c, "as").decode()})
        return found

    def __getitem__(self, id: str) -> Node:
        return self.nodes[id]

    def __contains__(self, id: object) -> bool:
        return id in self.nodes

    def check(self) -> list[Diagnostic]:
        """Raises OfflineError with everything that keeps the patch from playing; else gives the warnings."""
        with Report() as report:
            if lib().mega_patch_check(self, report.pointer) != header.OK:
                report.fail()
            return self._warnings + report.warnings()

    def disassemble(self) -> str:
        """The program that the patch compiles to, as text."""
        with Report() as report:
            text = ctypes.c_void_p()
            status = lib().mega_patch_disassemble(self, report.pointer, ctypes.byref(text))
            if status != header.OK:
                report.fail()
        return take_text(lib(), text.value)

    # ---- changing ------------------------------------------------------------------------------

    def edit(self, operations: Iterable[Operation]) -> list[dict[str, Json]]:
        """Makes a list of operations (or a whole document's worth), all or nothing.

        Gives the list that takes it back. Raises OfflineError with paths like "ops[3].param".
        """
        text = to_json(list(operations))
        inverse = ctypes.c_void_p()
        with Report() as report:
            made = lib().mega_patch_edit(self, text, len(text), header.FORMATS["json"],
                                         report.pointer, ctypes.byref(inverse))
            if not made:
                report.fail()
        self._replace(made)
        back: list[dict[str, Json]] = json.loads(take_text(lib(), inverse.value))
        return back

    def diff(self, other: Patch) -> list[dict[str, Json]]:
        """The operations that lead from this patch to another."""
        text = ctypes.c_void_p()
        if lib().mega_patch_diff(self, other, ctypes.byref(text)) != header.OK:
            raise MemoryError("the engine got no memory")
        operations: list[dict[str, Json]] = json.loads(take_text(lib(), text.value))
        return operations

    # ---- sound and pictures --------------------------------------------------------------------

    def render(self, seconds: float | None = None, notes: Notes | None = None, *, rate: int = 48000, block: int = 8192,
               voices: int | None = None, seed: int = 0, beat: float = 0.5, knobs: Mapping[str, float] | None = None,
               capture: Iterable[End] = (), folder: PathLike = ".", isa: str | None = None) -> Sound:
        """Plays the patch and what it is given, as `megasynth render` does, bit for bit.

        seconds: how long; None: until the last tail has died (drones: 5 s).
        notes: "C4 E4 G4", a word each `beat` seconds; or a list as in a score; or the Path of one. See `render.render`.
        knobs: values to begin with, 0..1.  voices, seed, rate, block, isa: see Engine.
        capture: output ports to keep, as in ["filt.out"]; `sound.captured["filt.out"]` then has each.
        """
        from .render import render
        return render(self, seconds, notes, rate=rate, block=block, voices=voices, seed=seed, beat=beat, knobs=knobs,
                      capture=capture, folder=folder, isa=isa)

    def svg(self) -> str:
        """A picture of the graph: nodes with their ports, knobs, cables with their amounts."""
        from .drawing import draw
        return draw(self)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg()}</div>'

    def __repr__(self) -> str:
        return (f"<Patch {self.name or '(no name)'}: {len(self.nodes)} nodes, {len(self.cables)} cables,"
                f" {len(self.knobs)} knobs, {self.voices} voices>")


def as_patch(given: Patch | Mapping[str, Json] | PathLike) -> Patch:
    """A patch of what stands for one: itself, a document, a file's name."""
    if isinstance(given, Patch):
        return given
    return Patch(given) if isinstance(given, Mapping) else Patch.load(given)


class Node(MutableMapping[str, Union[float, str]]):
    """A node of a patch: its parameters by name.

    Reading gives what is written, else the default, in the parameter's unit (or a choice's name). Writing edits
    the patch; `del` takes what is written away. It is a view: it reads the patch each time.
    """

    def __init__(self, patch: Patch, index: int) -> None:
        info = lib().mega_patch_node(patch, index)
        self._patch = patch
        self.id: str = info.id.decode()
        self.type: str = info.type.decode()
        self.per_voice: bool = info.per_voice  #: exists once for each voice, else once

    @property
    def module(self) -> ModuleInfo:
        """What is known of its type: ports, parameters, units, ranges."""
        return modules[self.type]

    @property
    def written(self) -> dict[str, float | str]:
        """The parameters that the document writes."""
        row = self._patch._look().nodes.get(self.id, {})
        return dict(row.get("params", {}))

    def _default(self, p: ParamInfo) -> float | str:
        return p.choices[int(p.default)] if p.choices else p.default

    def __getitem__(self, param: str) -> float | str:
        info = self.module.param(param)
        return self.written.get(param, self._default(info))

    def __setitem__(self, param: str, value: float | str) -> None:
        self._patch.set((self.id, param), value)

    def __delitem__(self, param: str) -> None:
        self._patch.set((self.id, param), None)

    def __iter__(self) -> Iterator[str]:
        return iter(self.module.params)

    def __len__(self) -> int:
        return len(self.module.params)

    def __repr__(self) -> str:
        return f"<{self.id}: {self.type} {dict(self)}>"


class Nodes(Mapping[str, Node]):
    """The nodes of a patch, in its order."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch

    def __getitem__(self, id: str) -> Node:
        places = self._patch._look().places
        if id not in places:
            raise NotFoundError("not-found", f"no such node: `{id}`", path=f"nodes.{id}",
                                hint=nearest(str(id), list(places)))
        return Node(self._patch, places[id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._patch._look().places)

    def __len__(self) -> int:
        return int(lib().mega_patch_node_count(self._patch))

    def __repr__(self) -> str:
        return repr({id: node.type for id, node in self.items()})


class Knobs(Mapping[str, float]):
    """The knobs of a patch; what is assigned is an edit. New ones are made by `add_knob`."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch

    def _names(self) -> list[str]:
        p = self._patch
        return [lib().mega_patch_knob(p, i).decode()
                for i in range(lib().mega_patch_knob_count(p))]

    def _require(self, name: str) -> None:
        names = self._names()
        if name not in names:
            raise NotFoundError("not-found", f"no such knob: `{name}`", path=f"knobs.{name}",
                                hint=nearest(str(name), names) or "`add_knob` makes one")

    def __getitem__(self, name: str) -> float:
        self._require(name)
        return float(self._patch._look().knobs[name].get("value", 0))

    def __setitem__(self, name: str, value: float) -> None:
        self._require(name)
        self._patch.edit([{"op": "knob", "id": name, "value": value}])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return int(lib().mega_patch_knob_count(self._patch))

    def __repr__(self) -> str:
        return repr(dict(self))
