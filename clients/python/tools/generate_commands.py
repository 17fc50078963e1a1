#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""generate_commands -- writes megasynth/_commands.py from a server's own table.

usage: generate_commands.py MEGASYNTHD [--check]      (--check: tells whether it is up to date, and writes nothing)
"""

from __future__ import annotations

import json
import keyword
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
OUT = HERE / "megasynth" / "_commands.py"
TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "map": "dict[str, Any]",
         "list": "list[Any]", "any": "Any"}

HEAD = '''# SPDX-License-Identifier: MIT
"""Made by tools/generate_commands.py from the server's table of commands: every command, typed; every code, an exception."""

# flake8: noqa: E501
from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, TypedDict, cast

from .errors import ServerError


class At(TypedDict, total=False):
    """When a command takes effect: at a `frame`, `frames` `after` what another request affected, or at a monotonic time."""

    frame: int
    after: int
    frames: int
    mono_ns: int


'''


def camel(words: str) -> str:
    return "".join(w.capitalize() for w in words.replace("/", " ").replace("_", " ").replace("-", " ").split())


def method(row: dict[str, Any]) -> str:
    name: str = row["address"][1:].replace("/", "_")
    return name + "_" if keyword.iskeyword(name) else name


def argument(key: str) -> str:
    return key + "_" if keyword.iskeyword(key) else key


def answer_name(row: dict[str, Any]) -> str:
    return camel(row["address"]) + "Answer" if row["answer"] else "Nothing"


#: what Python's own code expects where a mapping lacks a key, or an argument is wrong
ALSO = {"not-found": "KeyError", "bad-value": "ValueError", "bad-type": "TypeError"}


def errors(codes: dict[str, str]) -> str:
    text = "__all__ = [\n" + "".join(f'    "{camel(code)}Error",\n' for code in sorted(codes)) + "]\n\n\n"
    table = []
    for code, doc in sorted(codes.items()):
        name = camel(code) + "Error"
        bases = ", ".join(["ServerError", *filter(None, [ALSO.get(code)])])
        text += f'class {name}({bases}):\n    """{doc[0].upper()}{doc[1:]}."""\n\n    code = "{code}"\n\n\n'
        table.append(f'    "{code}": {name},\n')
    return text + "ERRORS: dict[str, type[ServerError]] = {\n" + "".join(table) + "}\n\n\n"


def answers(rows: list[dict[str, Any]]) -> str:
    text = "class Nothing(TypedDict):\n    \"\"\"Done, and no more to say.\"\"\"\n\n\n"
    for row in rows:
        needed = [a for a in row["answer"] if not a["optional"]]
        maybe = [a for a in row["answer"] if a["optional"]]
        name = answer_name(row)
        def fields(some: list[dict[str, Any]]) -> str:
            return "".join(f"    {a['key']}: {TYPES[a['type']]}\n" for a in some)
        if needed and maybe:
            text += f"class _{name}(TypedDict):\n{fields(needed)}\n\n"
            text += f"class {name}(_{name}, total=False):\n    \"\"\"Of `{row['address']}`.\"\"\"\n\n{fields(maybe)}\n\n"
        elif row["answer"]:
            total = ", total=False" if maybe else ""
            text += f"class {name}(TypedDict{total}):\n    \"\"\"Of `{row['address']}`.\"\"\"\n\n{fields(needed + maybe)}\n\n"
    return text


def signature(row: dict[str, Any]) -> str:
    plain, named = ["self"], list[str]()
    for a in row["arguments"]:
        kind = TYPES[a["type"]]
        if a["rest"]:
            plain.append(f"{argument(a['key'])}: Sequence[{kind}] = ()")
        elif a["optional"]:
            (named if a["named"] else plain).append(f"{argument(a['key'])}: {kind} | None = None")
        else:
            plain.append(f"{argument(a['key'])}: {kind}")
    if row["timed"]:
        named.append("at: At | None = None")
    return ", ".join(plain + (["*"] + named if named else []))


def methods(rows: list[dict[str, Any]], is_async: bool) -> str:
    doc = "Each command once, with typed arguments and answers; arguments that are None are not sent."
    text = f"class {'Async' if is_async else ''}Commands:\n    \"\"\"{doc}\"\"\"\n\n"
    text += "    def _call(self, address: str, arguments: dict[str, Any]) -> Any:\n        raise NotImplementedError\n"
    for row in rows:
        keys = [a["key"] for a in row["arguments"]] + (["at"] if row["timed"] else [])
        sent = ", ".join(f'"{k}": {"list(" + argument(k) + ")" if k == "topics" else argument(k)}' for k in keys)
        answer = f"Awaitable[{answer_name(row)}]" if is_async else answer_name(row)
        text += (f"\n    def {method(row)}({signature(row)}) -> {answer}:\n"
                 f"        \"\"\"{row['doc']}.\"\"\"\n"
                 f"        return cast(\"{answer}\", self._call(\"{row['address']}\", {{{sent}}}))\n")
    return text


def table(rows: list[dict[str, Any]]) -> str:
    def some(flag: str) -> str:
        return "".join(f'    "{row["address"]}",\n' for row in rows if row[flag])
    return ("ADDRESSES = (\n" + "".join(f'    "{row["address"]}",\n' for row in rows) + ")\n\n"
            "#: those that may stand in a bundle\nIN_BUNDLES = frozenset((\n" + some("bundle") + "))\n\n"
            "#: those that take `at`\nTIMED = frozenset((\n" + some("timed") + "))\n\n"
            "#: those that take `/synth/<name>` in front\nOF_A_SYNTH = frozenset((\n" + some("synth") + "))\n\n\n")


def generate(told: dict[str, Any]) -> str:
    rows = told["commands"]
    return (HEAD + errors(told["codes"]) + table(rows) + answers(rows) + methods(rows, False) + "\n\n" + methods(rows, True))


def ask(program: str) -> dict[str, Any]:
    """The table of a server that is booted for that."""
    sys.path.insert(0, str(HERE.parent.parent / "tests" / "server"))
    import wire  # type: ignore[import]
    with wire.Server(program, "--state", "none") as server:
        return dict(server.client().call("/command/list"))


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    text = generate(ask(sys.argv[1]))
    if "--check" in sys.argv:
        if OUT.read_text() == text:
            return 0
        print(f"{OUT}: not what the server's table says: run {sys.argv[0]}", file=sys.stderr)
        return 1
    OUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
