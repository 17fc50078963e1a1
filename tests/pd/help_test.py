#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""help_test -- help and examples: as the generator makes them today, each opens without an error, and what the examples
tell to click does what it says.
usage: help_test.py EXTERNALS MEGASYNTH SOURCES
"""
import glob
import os
import re
import shutil
import subprocess
import sys

import pd

MISTAKES = {"connect vca.out filt.in"}  # made on purpose


def check_fresh(megasynth, sources):
    """The committed patches are what make.py writes: messages and modules have their words from the tables."""
    with pd.folder() as folder:
        subprocess.run([sys.executable, os.path.join(sources, "help-patches", "make.py"), megasynth, folder,
                        os.path.join(folder, "max")], check=True,
                       env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1"))
        package = os.path.join(sources, "pd-externals", "max", "package")
        for name in (os.path.relpath(path, package) for path in glob.glob(package + "/**/*.*", recursive=True)):
            with open(os.path.join(folder, "max", name)) as new, open(os.path.join(package, name)) as old:
                assert new.read() == old.read(), f"{name} is old: help-patches/make.py build/bin/megasynth"
        shutil.rmtree(os.path.join(folder, "max"))
        made = sorted(os.listdir(folder))
        assert made == sorted(name for name in os.listdir(os.path.join(sources, "help-patches")) if name.endswith(".pd"))
        for name in made:
            with open(os.path.join(folder, name)) as new, open(os.path.join(sources, "help-patches", name)) as old:
                assert new.read() == old.read(), f"{name} is old: help-patches/make.py build/bin/megasynth"


def installed(externals, sources, folder):
    """All in one folder, as users have it."""
    for pattern in ("help-patches/*.pd", "examples/*.json", "examples/*.sexp"):
        for path in glob.glob(os.path.join(sources, pattern)):
            shutil.copy(path, folder)


def check_opening(externals, folder):
    """Nothing is said on opening but what is no error."""
    for path in sorted(glob.glob(os.path.join(folder, "*.pd"))):
        with open(os.path.join(folder, "open.pd"), "w") as file:
            file.write("#N canvas 0 0 400 300 12;\n#X obj 10 10 loadbang;\n#X obj 10 40 delay 100;\n"
                       "#X msg 10 70 \\; pd quit;\n#X connect 0 0 1 0;\n#X connect 1 0 2 0;\n")
        said = pd.pd(externals, folder, "open.pd", also=[os.path.basename(path)])
        errors = [line for line in said.splitlines() if "error" in line or "no such" in line or "..." in line]
        assert not errors, f"{os.path.basename(path)}: {errors}"


def boxes(path):
    """The synth's arguments, and the messages connected to it, of a patch's own canvas."""
    with open(path) as file:
        records = re.findall(r"#(.*?)(?<!\\);", file.read(), re.S)
    depth, numbered, cables = 0, [], []
    for record in (r.replace("\n", " ") for r in records):
        if record.startswith("N canvas"):
            depth += 1
        elif record.startswith("X restore"):
            depth -= 1
            numbered += [record] if depth == 1 else []
        elif depth == 1 and record.startswith("X connect"):
            cables.append([int(n) for n in record.split()[2:]])
        elif depth == 1 and re.match("X (obj|msg|text|floatatom)", record):
            numbered.append(record)
    synth = next(i for i, record in enumerate(numbered) if re.match(r"X obj \d+ \d+ megasynth~ ", record))
    clicked = [re.sub(r"^X msg \d+ \d+ |, f \d+$", "", numbered[c[0]]) for c in cables
               if c[2] == synth and numbered[c[0]].startswith("X msg")]
    arguments = re.sub(r"^X obj \d+ \d+ megasynth~ 2 ?", "", numbered[synth]).replace("\\$", "$")
    return arguments, [[part.strip() for part in text.split("\\,")] for text in clicked]


def check_clicking(externals, folder, name):
    """Each message box in its order: no errors but the ones made on purpose, and something is heard."""
    arguments, clicks = boxes(os.path.join(folder, name))
    script, at, wrong = [(0, "synth sync")], 20, 0
    for click in clicks:
        for part in click:
            script.append((at, f"synth {'list ' if part[0].isdigit() else ''}{part}"))
            wrong += part in MISTAKES
        script.append((at + 1, "synth sync"))
        at += 150
    waves, said = pd.session(externals, folder, arguments, script, milliseconds=at)
    errors = pd.messages(said, "error")
    assert len(errors) == wrong, f"{name}: {errors}"
    peak = max(max(abs(sample) for sample in channel) for channel in waves)
    assert 0.05 < peak < 4, f"{name}: peak {peak}"
    print(f"{name}: {len(clicks)} messages, peak {peak:.2f}")


def check_boxes_open(externals, folder):
    """A click on the name of an example opens it: the help's own boxes, with their subpatch, in a patch of their own."""
    with open(os.path.join(folder, "megasynth~-help.pd")) as file:
        text = file.read()
    names = re.findall(r"#X msg \d+ \d+ open (megasynth-[\w-]+\.pd);", text)
    inner = re.search(r"#N canvas [^;]* open 0;\n.*?#X restore \d+ \d+ pd open;", text, re.S)[0].split("#N canvas")[-1]
    clicks = " \\, ".join(f"open {name}" for name in names)
    with open(os.path.join(folder, "click.pd"), "w") as file:
        file.write(f"#N canvas 0 0 400 300 12;\n#N canvas{inner}\n#X obj 10 10 loadbang;\n"
                   f"#X msg 10 40 {clicks};\n#X obj 10 70 delay 100;\n"
                   "#X msg 10 100 \\; pd quit;\n#X connect 1 0 2 0;\n#X connect 2 0 0 0;\n#X connect 1 0 3 0;\n#X connect 3 0 4 0;\n")
    said = pd.pd(externals, folder, "click.pd")
    assert len(names) == 6 and said.count("megasynth: ready") == 6 and "error" not in said, said
    os.remove(os.path.join(folder, "click.pd"))
    print(f"{len(names)} boxes open their examples")


def main():
    externals, megasynth, sources = sys.argv[1:]
    check_fresh(megasynth, sources)
    with pd.folder() as folder:
        installed(externals, sources, folder)
        names = sorted(os.path.basename(path) for path in glob.glob(os.path.join(folder, "megasynth-[0-9]*.pd")))
        assert len(names) == 6
        check_boxes_open(externals, folder)
        check_opening(externals, folder)
        for name in ["megasynth~-help.pd", *names]:
            check_clicking(externals, folder, name)


if __name__ == "__main__":
    main()
