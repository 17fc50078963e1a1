# SPDX-License-Identifier: MIT
"""terminal_test -- `megasynth top` and the keys of `megasynth play` on a real terminal (a pty): what they show, and that
the terminal is as it was on every way out.

usage: terminal_test.py MEGASYNTH MEGASYNTHD
"""
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from shell import KEYS, LOST, OK, PROGRAM, Shell, kill, live_server, run, until

LINES, COLUMNS = 20, 70


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, shell, *words):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.before, self.out = termios.tcgetattr(self.slave), b""
        self.process = subprocess.Popen([PROGRAM, *words], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env=dict(shell.environment, TERM="xterm"), start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def read(self, seconds=0.02):
        while select.select([self.master], [], [], seconds)[0]: self.out += os.read(self.master, 65536)
        return self.out

    def shows(self, text): until(lambda: text in self.read(), text=f"{text} is not shown: {self.out[-2000:]}")
    def type(self, keys): os.write(self.master, keys)

    def ends(self, code):
        """It ends, and the terminal is as it was. What it showed."""
        until(lambda: self.read() is not None and self.process.poll() is not None)
        self.read(0.05)
        assert self.process.returncode == code, (self.process.returncode, self.out[-500:])
        assert termios.tcgetattr(self.slave) == self.before, "the terminal is not as it was"
        if b"\x1b[?1049h" in self.out:
            assert self.out.rindex(b"\x1b[?1049l") > self.out.rindex(b"\x1b[?1049h"), "the page stays"
            assert self.out.rindex(b"\x1b[?25h") > self.out.rindex(b"\x1b[?25l"), "the cursor stays away"
        with contextlib.suppress(OSError):
            os.close(self.master)
            os.close(self.slave)
        return self.out


def top():
    shell.good("note", "C4", "--hold")
    terminal = Terminal(shell, "top", "-i", "0.2")
    for text in (b"megasynthd at", b"voices 1", b"of core", b"reverb"): terminal.shows(text)
    assert terminal.out.count(b"\x1b[H") >= 2, "it is one page"
    terminal.type(b"q")
    out = terminal.ends(OK)
    pages = out.split(b"\x1b[H")[1:]
    for page in pages:
        rows = page.split(b"\x1b[J")[0].split(b"\r\n")
        assert len(rows) <= LINES and max(len(row.replace(b"\x1b[K", b"")) for row in rows) <= COLUMNS, rows
    until(lambda: shell.json("send", "/patch/profile")["on"] is False)
    shell.good("panic")
    return f"{len(pages)} pages"


def ways_out():
    for send, code in ((signal.SIGINT, OK), (signal.SIGTERM, OK), (signal.SIGHUP, OK), (signal.SIGQUIT, OK),
                       (signal.SIGSEGV, -signal.SIGSEGV), (signal.SIGABRT, -signal.SIGABRT)):
        terminal = Terminal(shell, "top", "-i", "0.1")
        terminal.shows(b"megasynthd at")
        os.kill(terminal.process.pid, send)
        if code < 0 and os.environ.get("ASAN_OPTIONS"): continue
        terminal.ends(code)
    terminal = Terminal(shell, "top")
    terminal.shows(b"megasynthd at")
    terminal.type(b"\x03")  # Ctrl-C
    terminal.ends(OK)


def stopped():
    """Ctrl-Z gives the terminal back; `fg` takes it again."""
    terminal = Terminal(shell, "top", "-i", "0.1")
    terminal.shows(b"megasynthd at")
    terminal.process.send_signal(signal.SIGTSTP)
    until(lambda: terminal.read().endswith(b"\x1b[?1049l"))
    until(lambda: termios.tcgetattr(terminal.slave) == terminal.before)
    seen = len(terminal.out)
    terminal.process.send_signal(signal.SIGCONT)
    until(lambda: b"\x1b[?1049h" in terminal.read()[seen:] and b"megasynthd at" in terminal.out[seen:])
    terminal.type(b"q")
    terminal.ends(OK)


def piano():
    terminal = Terminal(shell, "play", KEYS, "--name", "main")
    terminal.shows(b"octave C4")
    synth, = [name for name in shell.json("synth")["synths"] if name != "main"]
    notes = lambda: shell.json("status")["synths"][synth]["notes"]
    before = notes()
    terminal.type(b"adgk")
    until(lambda: notes() == before + 4)
    keys = sorted(n["key"] for n in shell.json("send", f"/synth/{synth}/voice/list")["notes"])
    terminal.type(b"xs")
    terminal.shows(b"octave C5")
    until(lambda: notes() == before + 5)
    terminal.type(b"cc")
    terminal.shows(b"velocity 0.6")
    until(lambda: shell.json("status")["synths"][synth]["held"] == 0)  # by themselves
    terminal.type(b"sss")
    terminal.type(b"q")
    terminal.ends(OK)
    until(lambda: list(shell.json("synth")["synths"]) == ["main"])
    return f"keys {keys}"


def server_dies():
    terminals = [Terminal(shell, "top", "-i", "0.1"), Terminal(shell, "play", KEYS, "--name", "main")]
    terminals[0].shows(b"megasynthd at")
    terminals[1].shows(b"octave C4")
    kill(server)
    began = time.monotonic()
    for terminal in terminals:
        out = terminal.ends(LOST)
        assert b"lost the connection" in out[-200:], out[-500:]
    return f"noticed after {(time.monotonic() - began) * 1e3:.0f} ms"


with live_server("--patch", KEYS) as server:
    shell = Shell(server)
    run([top, ways_out, stopped, piano, server_dies], "terminals")
