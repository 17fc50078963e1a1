#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the help patches and examples of this folder, and those of the package for Max. What they say of messages comes from the externals' own table,
what they say of modules from the modules' tables.

    help-patches/make.py MEGASYNTH [FOLDER [MAX_FOLDER]]      MEGASYNTH is the command-line program
"""
import json
import os
import re
import subprocess
import sys

from examples import examples
from max import package
from objects import helps
from reference import module_sheets

HERE = os.path.dirname(os.path.abspath(__file__))


def messages():
    """Of pd-externals/adapter/commands.def: headings, and (name, arguments, what it does)."""
    with open(os.path.join(HERE, "..", "pd-externals", "adapter", "commands.def"), encoding="utf-8") as file:
        table = file.read()
    found = []
    pattern = r'// ---- ([a-z ]+)\n|^COMMAND\((\w+), "([^"]*)", "([^"]*)",'
    for heading, name, arguments, doc in re.findall(pattern, table, re.M):
        if heading:
            found.append((heading, []))
        else:
            found[-1][1].append((f"{name} {arguments}".strip(), doc))
    return found


def main():
    modules = json.loads(subprocess.run([sys.argv[1], "modules", "--json"], check=True, capture_output=True).stdout)
    folder = sys.argv[2] if len(sys.argv) > 2 else HERE
    modules = modules if isinstance(modules, list) else modules["modules"]
    for name, sheet in {**helps(messages()), **examples(), **module_sheets(modules)}.items():
        sheet.write(os.path.join(folder, name + ".pd"))
    max_folder = sys.argv[3] if len(sys.argv) > 3 else os.path.join(HERE, "..", "pd-externals", "max", "package")
    if len(sys.argv) == 3:
        return
    for name, text in package(messages()).items():
        path = os.path.join(max_folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
