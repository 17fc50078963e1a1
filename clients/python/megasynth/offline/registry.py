# SPDX-License-Identifier: MIT
"""What patches and graphs can be made of: the engine's modules, their ports, units and ranges."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .errors import BadValueError, NotFoundError
from .library import lib, nearest, take_text


@dataclass(frozen=True)
class PortInfo:
    """An input or output: one mono signal."""

    name: str
    doc: str


@dataclass(frozen=True)
class ParamInfo:
    """A parameter: a value in its unit, and a port that takes a signal.

    `scale` ("lin" or "exp") is how a knob spreads over min..max; `smoothing` ("none", "cosine", "exp", for
    `smooth_ms`) how an engine goes to a value that is written while it plays. A parameter with `choices` takes
    their names; its value is the number of one, from 0.
    """

    name: str
    doc: str
    unit: str
    min: float
    max: float
    default: float
    scale: str
    smoothing: str
    smooth_ms: float
    choices: tuple[str, ...] = ()
    fixed: bool = False  #: a whole number that no cable may change

    def value(self, value: float | str) -> float:
        """A number for what was written: itself, or that of a choice's name.

        Raises BadValueError if it is none, or outside min..max.
        """
        if isinstance(value, str):
            if value in self.choices:
                return float(self.choices.index(value))
            hint = nearest(value, list(self.choices)) or "it takes " + (
                "one of " + ", ".join(self.choices) if self.choices else "a number")
            raise BadValueError("bad-value", f"`{value}` is no value of `{self.name}`",
                                path=self.name, hint=hint)
        number = float(value)
        slack = 1e-6 * max(abs(self.min), abs(self.max))  # bounds are floats
        if not math.isfinite(number) or not self.min - slack <= number <= self.max + slack:
            raise BadValueError("bad-value", f"{number:g} is not within {self.range} of `{self.name}`",
                                path=self.name, hint=self.doc)
        return number

    @property
    def range(self) -> str:
        """"10..20000 Hz", or the choices."""
        return ", ".join(self.choices) or f"{self.min:g}..{self.max:g} {self.unit}".strip()


@dataclass(frozen=True, repr=False)
class ModuleInfo:
    """A module's row. `scope` says where its nodes live: "inferred", "after" (the voices) or "once"."""

    name: str
    category: str
    doc: str
    scope: str
    inputs: tuple[PortInfo, ...]
    params: Mapping[str, ParamInfo] = field(hash=False)
    outputs: tuple[PortInfo, ...] = field(hash=False)
    pure: bool
    delays: bool
    memory_seconds: float
    tail_seconds: float

    def param(self, name: str) -> ParamInfo:
        """The parameter of that name. Raises NotFoundError with the nearest."""
        if name not in self.params:
            names = list(self.params)
            hint = nearest(name, names) or "it has " + (", ".join(names) or "none")
            raise NotFoundError("not-found", f"`{self.name}` has no parameter `{name}`", path=name,
                                hint=hint)
        return self.params[name]

    @property
    def markdown(self) -> str:
        """The module's page of the reference; what a notebook shows."""
        library = lib()
        return take_text(library, library.mega_module_describe_markdown(
            library.mega_module_find(self.name.encode())))

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        ins, outs = (", ".join(p.name for p in ports) or "nothing" for ports in (self.inputs, self.outputs))
        return f"<{self.name}: {self.doc}; {ins} -> {outs}; {', '.join(self.params) or 'no parameters'}>"


def _ports(rows: list[dict[str, str]]) -> tuple[PortInfo, ...]:
    return tuple(PortInfo(**row) for row in rows)


def _param(row: dict[str, Any]) -> ParamInfo:
    fields: dict[str, Any] = {**row, "choices": tuple(row.get("choices", ()))}
    return ParamInfo(**fields)


def _module(row: dict[str, Any]) -> ModuleInfo:
    known = {name: row[name] for name in ModuleInfo.__dataclass_fields__}
    known["params"] = {p["name"]: _param(p) for p in row["params"]}
    known["inputs"], known["outputs"] = _ports(row["inputs"]), _ports(row["outputs"])
    return ModuleInfo(**known)


class Registry(Mapping[str, ModuleInfo]):
    """All modules by name, in the order of the book: `modules["svf"].params["freq"].max`."""

    @property
    def _rows(self) -> dict[str, ModuleInfo]:
        return _read()

    def __getitem__(self, name: str) -> ModuleInfo:
        if name not in self._rows:
            hint = nearest(str(name), list(self._rows)) or "`print(list(megasynth.modules))`"
            raise NotFoundError("not-found", f"no such module: `{name}`", path=str(name), hint=hint)
        return self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self)} modules: {', '.join(self)}>"


@lru_cache(maxsize=1)
def _read() -> dict[str, ModuleInfo]:
    rows = json.loads(take_text(lib(), lib().mega_module_describe_json(None)))["modules"]
    return {row["name"]: _module(row) for row in rows}


modules = Registry()
