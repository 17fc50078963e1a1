#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""package_test -- Makefile.pdlibbuilder: what users install needs no library that a Pd user may lack, shows nothing but its
setup functions, loads one by one and as a library; the package for Deken; double precision; Pd with instances.
usage: package_test.py EXTERNALS ENGINE_LIBRARY SOURCES
"""
import glob
import os
import shutil
import subprocess
import sys
import zipfile

import pd

SETUPS = {"megasynth~.pd_linux": {"megasynth_tilde_setup"}, "megasynth.tap~.pd_linux": {"setup_megasynth0x2etap_tilde"},
          "megasynth.get.pd_linux": {"setup_megasynth0x2eget"}}
NEEDED = {"libc.so.6", "libm.so.6"}


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    assert result.returncode == 0, f"{' '.join(command)}:\n{(result.stdout + result.stderr)[-3000:]}"
    return result.stdout


def make(folder, library, *arguments):
    return run("make", "-f", "Makefile.pdlibbuilder", "-j2", f"engine.library={library}", *arguments, cwd=folder)


def check_external(path, setups=None):
    dynamic = run("readelf", "-d", path)
    needed = {line.split("[")[1].split("]")[0] for line in dynamic.splitlines() if "(NEEDED)" in line}
    assert needed <= NEEDED, f"{path} needs {needed}"
    shown = {line.split()[-1] for line in run("nm", "-D", "--defined-only", path).splitlines()}
    assert not setups or shown == setups, f"{path} shows {shown}"
    assert all("setup" in symbol for symbol in shown), f"{path} shows {shown}"


def check_loads(folder, declared, objects):
    """A patch beside the folder `megasynth`."""
    patch = pd.Patch()
    patch.lines.append(f"#X declare {declared};")  # as Pd saves it, before all objects
    patch.add(f"declare {declared}")
    for text in objects:
        patch.add(text)
    patch.connect(patch.add("loadbang"), patch.message("; pd quit"))
    with open(os.path.join(folder, "main.pd"), "w") as file:
        file.write(patch.text())
    said = pd.pd(folder, folder, "main.pd")
    assert "error" not in said, said


def main():
    _, library, sources = (os.path.abspath(argument) for argument in sys.argv[1:4])
    objects = ["megasynth~ 2 keys.json -name syn", "megasynth.tap~ syn vca.out", "megasynth.get syn", "megasynth.knob syn cutoff",
               "megasynth.meter", "megasynth.scope", "megasynth.midi syn", "megasynth.keyboard syn", "megasynth.output~"]
    with pd.folder() as folder:
        tree = os.path.join(folder, "tree")
        os.mkdir(tree)
        for name in ("pd-externals", "help-patches", "examples", "engine"):
            shutil.copytree(os.path.join(sources, name), os.path.join(tree, name), ignore=shutil.ignore_patterns("*.o", "max"))
        for name in ("Makefile.pdlibbuilder", "LICENSE", "NOTICE"):
            shutil.copy(os.path.join(sources, name), tree)
        make(tree, library, "install", f"PDLIBDIR={folder}/installed")
        installed = os.path.join(folder, "installed", "megasynth")
        for name, setups in SETUPS.items():
            check_external(os.path.join(installed, name), setups)
        check_external(os.path.join(installed, "megasynth.pd_linux"))
        files = set(os.listdir(installed))
        assert {"LICENSE", "NOTICE", "README.txt", "megasynth-meta.pd", "megasynth~-help.pd", "keys.json"} <= files, files
        # What is linked statically wants its notice to go with it.
        with open(os.path.join(installed, "NOTICE")) as file: notice = file.read()
        for owner in ("Petri Lehtinen", "FURUHASHI Sadayuki", "Boost Software License"): assert owner in notice, owner
        check_loads(os.path.join(folder, "installed"), "-path megasynth", objects)
        check_loads(os.path.join(folder, "installed"), "-path megasynth -lib megasynth", objects)
        make(tree, library, "dek")
        package, = glob.glob(os.path.join(tree, "*.dek"))
        names = set(zipfile.ZipFile(package).namelist())
        assert {f"megasynth/{name}" for name in files} <= names, names
        make(tree, library, "extension=linux-amd64-64.so", "CPPFLAGS=-DPD_FLOATSIZE=64", "megasynth~")
        check_external(os.path.join(tree, "megasynth~.linux-amd64-64.so"), SETUPS["megasynth~.pd_linux"])
        for source in glob.glob(os.path.join(tree, "pd-externals", "*.c")):
            run("cc", "-std=gnu17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wno-cast-function-type", "-DPDINSTANCE",
                "-I", "/usr/include/pd", "-I", f"{tree}/engine", source)
        print(f"{len(files)} files installed; {os.path.basename(package)}: {os.path.getsize(package)} bytes; externals need "
              f"{', '.join(sorted(NEEDED))} at most")


main()
