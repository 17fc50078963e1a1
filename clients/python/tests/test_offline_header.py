# SPDX-License-Identifier: MIT
"""The ctypes mirror against engine/megasynth.h and engine/core/module.h: words of declarations, sizes, offsets, enums."""

import ctypes
import ctypes.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from offline_support import ROOT

from megasynth.offline import header, library

HEADER = (ROOT / "engine" / "megasynth.h").read_text()
MODULE_HEADER = (ROOT / "engine" / "core" / "module.h").read_text()


def plain(text):
    """C without comments, preprocessor and role macros; spaces as one."""
    text = re.sub(r"//.*|/\*.*?\*/|^#.*$", "", text, flags=re.M)
    return " ".join(re.sub(r"\bMEGA_(CONTROL|EVENT|AUDIO|API)\b", "", text).split())


class Declarations(unittest.TestCase):
    def test_every_function_is_declared_as_in_the_header(self):
        theirs = {name: (result, types) for name, result, types in header.declarations(plain(HEADER))}
        ours = {name: (result, types) for name, result, types in header.declarations()}
        self.assertGreater(len(theirs), 70)
        differ = {name: f"here {ours.get(name)}, in the header {theirs.get(name)}"
                  for name in ours if ours.get(name) != theirs.get(name)}
        self.assertEqual(differ, {}, "megasynth/offline/header.py is to say what megasynth.h says")
        new = ", ".join(sorted(theirs.keys() - ours.keys()))
        print(f"{len(ours)} functions as in megasynth.h" + (f"; not here: {new}" if new else ""))

    def test_the_library_takes_as_many_arguments(self):
        for name, _, types in header.declarations():
            self.assertEqual(len(getattr(library.lib(), name).argtypes), len(types), name)

    def test_version(self):
        self.assertIn(f'#define MEGA_VERSION "{header.VERSION}"', HEADER)


def c_facts():
    """A C program that prints what the compiler knows of structs, enums and constants."""
    lines = []
    for struct in header.STRUCTS:
        name = struct.__name__
        lines.append(f'printf("%zu %s\\n", sizeof({name}), "{name}");')
        lines += [f'printf("%zu %zu %s\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}),'
                  f' "{name}.{field}");' for field, _ in struct._fields_]
    for prefix, words in (("MEGA_NOTE_", header.EXPRESSIONS), ("MEGA_CONTROL_", header.CONTROLLERS),
                          ("MEGA_FORMAT_", header.FORMATS)):
        for word in words:
            special = {"MEGA_NOTE_key": "SET_KEY", "MEGA_NOTE_velocity": "SET_VELOCITY", "MEGA_NOTE_gate": "SET_GATE"}
            constant = prefix + special.get(prefix + word, word.upper())
            lines.append(f'printf("%d {prefix}{word}\\n", (int){constant});')
    lines.append('printf("%d fields\\n", (int)MEGA_NOTE_FIELDS);')
    lines += [f'printf("%d field.{word}\\n", (int)MEGA_NOTE_{word.upper()});' for word in header.NOTE_FIELDS]
    lines += [f'printf("%s status.%d\\n", mega_status_name((mega_status){i}), {i});' for i in range(7)]
    lines += [f'printf("%d {word}\\n", (int){word});'
              for word in ("MEGA_BLOCK_FRAMES", "MEGA_ERROR_FULL", "MEGA_ERROR_NAME")]
    return ("#include <stdio.h>\n#include \"megasynth.h\"\n#include \"core/module.h\"\nint main(void) {\n"
            + "\n".join(lines) + "\nreturn 0; }\n")


@unittest.skipUnless(shutil.which("cc"), "no C compiler")
class Layout(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            source, program = os.path.join(folder, "facts.c"), os.path.join(folder, "facts")
            with open(source, "w") as f:
                f.write(c_facts())
            subprocess.run(["cc", "-I", ROOT / "engine", source, os.environ["MEGASYNTH_LIBRARY"],
                            f"-Wl,-rpath,{os.path.dirname(os.environ['MEGASYNTH_LIBRARY'])}", "-o", program],
                           check=True)
            out = subprocess.run([program], capture_output=True, check=True, text=True).stdout
        cls.facts = {line.rsplit(" ", 1)[1]: line.rsplit(" ", 1)[0] for line in out.splitlines()}

    def test_structs(self):
        fields = 0
        for struct in header.STRUCTS:
            self.assertEqual(self.facts[struct.__name__], str(ctypes.sizeof(struct)), struct.__name__)
            for name, *_ in struct._fields_:
                place = getattr(struct, name)
                self.assertEqual(self.facts[f"{struct.__name__}.{name}"], f"{place.offset} {place.size}",
                                 f"{struct.__name__}.{name}")
                fields += 1
        print(f"{len(header.STRUCTS)} structs, {fields} fields where the compiler puts them")

    def test_structs_have_every_field(self):
        both = plain(HEADER) + plain(MODULE_HEADER)
        for struct in header.STRUCTS:
            name = struct.__name__
            body = re.search(r"typedef struct(?: \w+)? \{([^}]*)\} " + name + ";", both).group(1)
            body = re.sub(r"\(\*(\w+)\)\([^)]*\)", r"\1", body)  # pointers to functions
            declared = re.findall(r"(\w+)\s*[,;]", re.sub(r"\[[^]]*\]", "", body))
            self.assertEqual([field for field, *_ in struct._fields_], declared, name)

    def test_enums(self):
        for prefix, words in (("MEGA_NOTE_", header.EXPRESSIONS), ("MEGA_CONTROL_", header.CONTROLLERS),
                              ("MEGA_FORMAT_", header.FORMATS)):
            for word, value in words.items():
                self.assertEqual(self.facts[prefix + word], str(value), word)
        self.assertEqual(self.facts["fields"], str(len(header.NOTE_FIELDS)), "a kernel would read past the end of them")
        for i, word in enumerate(header.NOTE_FIELDS):
            self.assertEqual(self.facts[f"field.{word}"], str(i))
        for i, word in enumerate(header.STATUS):
            self.assertEqual(self.facts[f"status.{i}"], word)
        self.assertEqual(self.facts["MEGA_BLOCK_FRAMES"], str(header.BLOCK_FRAMES))
        self.assertEqual(self.facts["MEGA_ERROR_FULL"], str(header.ERROR_FULL))
        self.assertEqual(self.facts["MEGA_ERROR_NAME"], str(header.ERROR_NAME))


class Finding(unittest.TestCase):
    """What is said where the library is not there, in a process of its own."""

    def outcome(self, **environment):
        code = ("from megasynth.offline import library\n"
                "try: print('found', library.lib())\n"
                "except Exception as e: print(type(e).__name__, e)")
        path = str(ROOT / "clients" / "python")
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_PRELOAD", "ASAN_OPTIONS")}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/",
                              env={**kept, "PYTHONPATH": path, **environment})
        return done.stdout + done.stderr

    def test_a_name_that_is_not_there(self):
        said = self.outcome(MEGASYNTH_LIBRARY="/nowhere/libmegasynth.so")
        self.assertIn("LibraryError", said)
        self.assertIn("/nowhere/libmegasynth.so", said)

    def test_something_else(self):
        said = self.outcome(MEGASYNTH_LIBRARY=ctypes.util.find_library("m") and sys.executable)
        self.assertIn("LibraryError", said)
        self.assertIn("cmake --build", said)

    def test_beside_the_package(self):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "clients" / "python" / "megasynth", folder + "/megasynth")
            if not ctypes.util.find_library("megasynth"):
                self.assertIn("libmegasynth is not there", self.outcome(PYTHONPATH=folder))
            shutil.copy(os.environ["MEGASYNTH_LIBRARY"], folder + "/megasynth/libmegasynth.so")
            self.assertIn(folder, self.outcome(PYTHONPATH=folder))


if __name__ == "__main__":
    unittest.main()
