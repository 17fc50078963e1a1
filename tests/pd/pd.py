# SPDX-License-Identifier: MIT
"""pd -- runs the real Pd without a screen or a sound card: patches from Python, scripts for [qlist], recordings back.

`session` makes a patch with one [megasynth~] in a subpatch of its own block size, whose output goes to tables; a
script is a list of (milliseconds, "receiver message") at logical times. Pd's clock is exact there, so is what it records.
"""
import array
import os
import shutil
import struct
import subprocess
import tempfile

RATE = 48000


def find(name):
    path = shutil.which(name)
    if not path:
        raise SystemExit(f"{name} is not installed: scripts/bootstrap --tests")
    return path


class Patch:
    """A .pd file: objects are numbered as they are added."""

    def __init__(self):
        self.lines, self.count = [], 0

    def add(self, text, kind="obj"):
        self.lines.append(f"#X {kind} {20 + 20 * (self.count % 20)} {20 + 25 * self.count} {escape(text)};")
        self.count += 1
        return self.count - 1

    def message(self, text):
        return self.add(text, "msg")

    def connect(self, source, sink, outlet=0, inlet=0):
        self.lines.append(f"#X connect {source} {outlet} {sink} {inlet};")

    def sub(self, patch, name="sub"):
        self.lines += ["#N canvas 0 0 450 300 %s 0;" % name, *patch.lines]
        return self.add(f"pd {name}", "restore")

    def text(self):
        return "#N canvas 0 0 700 500 12;\n" + "\n".join(self.lines) + "\n"


def escape(text):
    return text.replace(",", "\\,").replace(";", "\\;").replace("$", "\\$")


def pd(externals, folder, patch, *, rate=RATE, batch=True, timeout=60, env=None, also=()):
    """Runs a patch, under the command of PD_UNDER if there is one (valgrind, say); what it said on stderr and stdout.
    @raise AssertionError if it did not end well"""
    under = os.environ.get("PD_UNDER", "").split()
    timeout *= 20 if under else 1
    command = [*under, os.path.realpath(find("pd")), "-nogui", "-noaudio", "-noprefs", "-nrt", "-r", str(rate), "-stderr",
               *(["-batch"] if batch else []), "-path", externals,
               *(argument for name in also for argument in ("-open", name)), "-open", patch]
    environment = dict(os.environ, **(env or {}), **sanitizer_environment(externals))
    result = subprocess.run(command, cwd=folder, capture_output=True, timeout=timeout, env=environment)
    said = (result.stderr + result.stdout).decode(errors="replace")
    assert result.returncode == 0, f"pd ended with {result.returncode}:\n{said[-4000:]}"
    for bad in ("couldn't create", "can't load", "AddressSanitizer", "ThreadSanitizer", "runtime error:"):
        assert bad not in said, said[-8000:]
    return said


def sanitizer_environment(externals):
    """What the externals of a sanitized build need of a Pd that is not: the sanitizer's library before all others."""
    runtime = os.path.join(externals, "sanitizer-runtime")
    if not os.path.exists(runtime):
        return {}
    with open(runtime) as file:
        return {"LD_PRELOAD": file.read().strip(), "ASAN_OPTIONS": "detect_leaks=0:detect_odr_violation=0",
                "TSAN_OPTIONS": "halt_on_error=0:exitcode=66"}


def qlist(script):
    """A script for [qlist]: what follows each other at one time keeps its order."""
    now, lines = 0.0, []
    for at, message in script:
        lines.append(f"{at - now:.9g} {message};")
        now += float(f"{at - now:.9g}")
    return "\n".join(lines) + "\n"


def read_wave(path):
    """Channels of a WAV file of 32-bit floats."""
    with open(path, "rb") as file:
        data = file.read()
    channels, at = 0, 12
    while at + 8 <= len(data):
        name, size = data[at:at + 4], struct.unpack_from("<I", data, at + 4)[0]
        if name == b"fmt ":
            channels = struct.unpack_from("<H", data, at + 10)[0]
        if name == b"data":
            samples = array.array("f", data[at + 8:at + 8 + size])
            return [samples[c::channels] for c in range(channels)]
        at += 8 + size + size % 2
    raise AssertionError(f"{path}: no samples")


def session(externals, folder, arguments, script, *, milliseconds, block=64, upsample=1, rate=RATE, extra=None, **options):
    """Renders [megasynth~ arguments] for so long. @return (channels recorded in the subpatch, what Pd said)"""
    frames = round(milliseconds * rate * upsample / 1000)
    inner = Patch()
    inlet = inner.add("inlet")
    synth = inner.add(f"megasynth~ 2 {arguments}".strip())
    left, right, record = inner.add("tabwrite~ left"), inner.add("tabwrite~ right"), inner.add("r record")
    inner.add(f"block~ {block} 1 {upsample}")
    info = inner.add("print info")
    inner.connect(inlet, synth)
    inner.connect(synth, left, 0)
    inner.connect(synth, right, 1)
    inner.connect(synth, info, 2)
    inner.connect(record, left)
    inner.connect(record, right)
    outer = Patch()
    receive = outer.add("r synth")
    sub = outer.sub(inner)
    outer.connect(receive, sub)
    outer.add(f"table left {frames}")
    outer.add(f"table right {frames}")
    start, read, player = outer.add("loadbang"), outer.message("read script.txt , bang"), outer.add("qlist")
    outer.connect(start, read)
    outer.connect(read, player)
    write, file = outer.add("r write"), outer.add("soundfiler")
    outer.connect(write, file)
    if extra:
        extra(outer)
    whole = [(0, "record bang"), (0, "pd dsp 1"), *script,
             (milliseconds + 50, "write write -wave -bytes 4 out.wav left right"), (milliseconds + 50, "pd quit")]
    with open(os.path.join(folder, "script.txt"), "w") as out:
        out.write(qlist(whole))
    with open(os.path.join(folder, "main.pd"), "w") as out:
        out.write(outer.text())
    said = pd(externals, folder, "main.pd", rate=rate, **options)
    return read_wave(os.path.join(folder, "out.wav")), said


def folder():
    return tempfile.TemporaryDirectory(prefix="megasynth-pd-")


def messages(said, selector):
    """What the info outlet told under one word: lists of words."""
    start = f"info: {selector}"
    return [line[len(start):].split() for line in said.splitlines() if line == start or line.startswith(start + " ")]
