# SPDX-License-Identifier: MIT
"""Operations on a patch, as Python calls: what a Patch does to itself and an Engine to what sounds."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Union

from .errors import BadValueError

Json = Any  #: what json.dumps takes
#: "filt.freq", ("filt", "freq"); as a source also a knob: "cutoff"
End = Union[str, tuple[str, str], list[str]]
Operation = Mapping[str, Json]


def _plain(value: object) -> Json:
    """numpy's numbers and arrays, as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise BadValueError("bad-type", f"{type(value).__name__} is nothing that a document can hold",
                        hint="dict, list, str, bool, None, finite numbers")


def to_json(document: Json) -> bytes:
    """JSON for the engine. Raises BadValueError for what has none."""
    try:
        return json.dumps(document, default=_plain, allow_nan=False).encode()
    except BadValueError:
        raise
    except (TypeError, ValueError) as error:
        raise BadValueError("bad-type", str(error),
                            hint="dict, list, str, bool, None, finite numbers") from None


def port(end: End) -> tuple[str, str]:
    """("filt", "freq") of "filt.freq": the node and one of its ports."""
    parts = end.rsplit(".", 1) if isinstance(end, str) else list(end)
    if len(parts) != 2 or not all(isinstance(p, str) and p for p in parts):
        raise BadValueError("bad-value", f"{end!r} is no port of a node",
                            hint='write "filt.freq", or ("filt", "freq")')
    return parts[0], parts[1]


def source(end: End) -> str | list[str]:
    """A cable's source as documents have it: a port, or the name of a knob."""
    if isinstance(end, str) and "." not in end:
        return end
    return list(port(end))


class Editable(ABC):
    """Changes by name. Each is one edit: it happens, or raises and has changed nothing."""

    @abstractmethod
    def edit(self, operations: Iterable[Operation]) -> Any:
        """Makes a list of operations, all or nothing; see engine/document/edit.h for what there is."""

    @contextmanager
    def edits(self, **options: Any) -> Iterator[Operations]:
        """Several changes as one edit: `with patch.edits() as e: e.add(...); e.connect(...)`.

        Nothing happens before the end, and nothing if that is by an exception. `options` are those of `edit`;
        `e.done` is then what that gave.
        """
        gathered = Operations()
        yield gathered
        gathered.done = self.edit(gathered.list, **options)

    def add(self, node: str, type: str, /, *, scope: str | None = None,
            at: int | None = None, **params: float | str) -> Any:
        """A new node: `add("filt", "svf", freq=800, slope="24")`."""
        operation: dict[str, Json] = {"op": "add", "id": node, "type": type, "params": params}
        if scope is not None:
            operation["scope"] = scope
        if at is not None:
            operation["at"] = at
        return self.edit([operation])

    def remove(self, node: str) -> Any:
        """Takes a node out, and its cables."""
        return self.edit([{"op": "remove", "id": node}])

    def replace(self, node: str, type: str, /, **params: float | str) -> Any:
        """Another type of node in its place. Cables of ports that both types have stay."""
        operation: dict[str, Json] = {"op": "replace", "id": node, "type": type}
        if params:
            operation["params"] = params
        return self.edit([operation])

    def rename(self, node: str, to: str) -> Any:
        """Another id for a node; cables and presets follow."""
        return self.edit([{"op": "rename", "id": node, "to": to}])

    def connect(self, source_: End, to: End, *, amount: float = 1.0, as_: str = "add") -> Any:
        """A cable: `connect("lfo.out", "filt.freq", amount=2, as_="octaves")`; a knob is a source by its name.

        Into a parameter it takes the place of the default and adds to what is written; as "octaves" or
        "semitones" it bends that by `amount` times the signal.
        """
        operation: dict[str, Json] = {"op": "connect", "from": source(source_), "to": list(port(to))}
        if amount != 1:
            operation["amount"] = amount
        if as_ != "add":
            operation["as"] = as_
        return self.edit([operation])

    def disconnect(self, source_: End, to: End, *, nth: int | None = None) -> Any:
        """Takes a cable out; `nth` says which, from 0, where several join the same ports."""
        operation: dict[str, Json] = {
            "op": "disconnect", "from": source(source_), "to": list(port(to))}
        if nth is not None:
            operation["nth"] = nth
        return self.edit([operation])

    def set(self, end: End, value: float | str | None) -> Any:
        """Writes a parameter, in its unit or by a choice's name; None: not written any more."""
        node, param = port(end)
        return self.edit([{"op": "set", "id": node, "param": param, "value": value}])

    def add_knob(self, knob: str, value: float = 0.5, *, range: tuple[float, float] | None = None,
                 scale: str | None = None, unit: str | None = None) -> Any:
        """A new knob, 0..1, or changes to one. With a `range` it gives values in that, else in its target's."""
        given = {"value": value, "range": range, "scale": scale, "unit": unit}
        return self.edit([{"op": "knob", "id": knob}
                          | {k: v for k, v in given.items() if v is not None}])

    def remove_knob(self, knob: str) -> Any:
        """Takes a knob out, and its cables."""
        return self.edit([{"op": "unknob", "id": knob}])


class Operations(Editable):
    """Operations that are gathered, to be one edit."""

    def __init__(self) -> None:
        self.list: list[Operation] = []
        self.done: Any = None  #: what the edit gave, once it was made

    def edit(self, operations: Iterable[Operation]) -> None:
        """Adds operations as they stand in a list."""
        self.list += operations
