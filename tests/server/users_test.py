#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""users_test -- a second user of the machine, who can command, read and write nothing: by TCP, UDP, the unix socket, the runtime folder.
The first user's programs need no token. Once with a server that runs as an ordinary user, once as root.

usage: users_test.py MEGASYNTHD      (other users want root: skipped, and said so, without)
"""
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from wire import Client, Failed, PATCH, message, run

PROGRAM = os.path.abspath(sys.argv[1])
FIRST, SECOND = 54301, 54302  # users that no machine has
FOLDER = tempfile.mkdtemp(prefix="megasynth-users-")
"localhost".encode("idna")  # loaded now: another user may not be able to read this Python's library


def as_user(user, command, **how):
    return subprocess.Popen(command, user=user, group=user, extra_groups=[], cwd="/", **how)


class Server:
    """Started by a user, in folders of that user."""

    def __init__(self, user, *options):
        self.user, self.folder = user, tempfile.mkdtemp(dir=FOLDER)
        os.chown(self.folder, user, user)
        os.chmod(self.folder, 0o755)  # what protects is the server's doing
        self.log = open(self.folder + "/log", "wb")
        environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder, XDG_STATE_HOME=self.folder + "/state", XDG_DATA_HOME=self.folder + "/data",
                           HOME=self.folder)
        self.process = as_user(user, [FOLDER + "/megasynthd", "--backend", "dummy", "--port", "0", *options], env=environment,
                               stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        assert line.startswith("ready "), self.log_text()
        self.urls = {url.partition(":")[0]: url for url in line.split()[1:]}
        self.port = int(self.urls["tcp"].rsplit(":", 1)[1])

    def log_text(self):
        with open(self.folder + "/log", errors="replace") as f: return f.read()

    def __enter__(self): return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        code = self.process.wait(20)
        self.process.stdout.close()
        self.log.close()
        if kind: print(self.log_text()[-3000:])
        assert kind or code == 0, code


def done_as(user, act, *arguments):
    """What a function returns, or why it fails, in a process of that user's."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        said = "it ended"
        try:
            os.setgroups([])
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            said = act(*arguments)
        except BaseException as error: said = repr(error)
        finally:
            os.write(write, json.dumps(said).encode())
            os._exit(0)
    os.close(write)
    got = b""
    while more := os.read(read, 65536): got += more
    os.close(read)
    os.waitpid(child, 0)
    return json.loads(got)


ASK = [("/status", {}), ("/patch/get", {}), ("/synth/new", {"name": "evil"}), ("/state/get", {}), ("/state/save", {"file": "evil.json"}),
       ("/record/start", {"file": "evil.wav"}), ("/patch/load", {"patch": PATCH}), ("/note/on", {"key": 60, "velocity": 1}), ("/panic", {}),
       ("/quit", {}), ("/subscribe", {"topics": []}), ("/hello", {}), ("/hello", {"token": "0" * 32}), ("/module/list", {})]


def attack(urls, runtime, port):
    said = {}
    for kind in ("tcp", "udp"):
        for address, arguments in ASK:
            c = Client(urls[kind])
            try: said[f"{kind} {address} {arguments}"] = ["done", c.call(address, **arguments)]
            except Failed as failed: said[f"{kind} {address} {arguments}"] = failed.code
            except (TimeoutError, ConnectionError) as error: said[f"{kind} {address} {arguments}"] = type(error).__name__
            c.close()
    packets = message("/note/on", 60, 0.5), message("/synth/new", "evil")
    for _ in range(400):  # sent, and gone at once: before anybody can look
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.connect(("127.0.0.1", port))
        for packet in packets: s.send(packet)
        s.close()
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"".join(len(packet).to_bytes(4, "big") + packet for packet in packets))
        s.close()
    for what, act in (("unix", lambda: Client(urls["unix"]).call("/ping")), ("folder", lambda: os.listdir(runtime)),
                      ("token", lambda: open(runtime + "/main.json").read()), ("make", lambda: open(runtime + "/x", "w").close())):
        try: said[what] = ["done", str(act())]
        except OSError as error: said[what] = type(error).__name__
    return said


def clients_counted(url, token=None):
    c = Client(url)
    if token: c.call("/hello", token=token)
    return c.call("/status")["clients"]


def is_untouched(s, c):
    time.sleep(0.2)
    status = c.call("/status")
    assert status["synths"]["main"]["notes"] == 0 and list(status["synths"]) == ["main"], status["synths"]
    files = [name for _, _, names in os.walk(s.folder) for name in names if "evil" in name]
    assert not files, files


def second_user(user):
    with Server(user, "--state", "none") as s:
        own = client_of_first(s)
        own.call("/patch/load", patch=PATCH)
        said = done_as(SECOND, attack, s.urls, s.folder + "/megasynth", s.port)
        assert isinstance(said, dict), said
        for what, got in said.items():
            wanted = "PermissionError" if what in ("unix", "folder", "token", "make") else "denied"
            assert got == wanted, (what, got)
        is_untouched(s, own)
        assert s.log_text().count("token.wrong") == 2
        with open(s.folder + "/megasynth/main.json") as f: token = json.load(f)["token"]
        for kind in ("tcp", "udp"):  # who was given the token
            counted = done_as(SECOND, clients_counted, s.urls[kind], token)
            assert isinstance(counted, int), counted
        return f"{len(said)} attempts, and 800 hit and run"


@contextlib.contextmanager
def acting_as(user):
    os.seteuid(user)
    try: yield
    finally: os.seteuid(0)


def client_of_first(s, kind="unix", **how):
    """Sockets belong to who makes them."""
    with acting_as(s.user): return Client(s.urls[kind], **how)


def first_user(user):
    """TCP, UDP, oscsend: no token, and all is done. What a program that ends at once loses on a busy machine is logged."""
    with Server(user, "--state", "none") as s:
        for kind in ("unix", "tcp", "udp"): client_of_first(s, kind).call("/status")
        c = client_of_first(s, "tcp")
        c.call("/patch/load", patch=PATCH)
        if not shutil.which("oscsend"): return "no oscsend"
        sent, notes, until = 0, 0, time.monotonic() + 60
        while (sent < 100 or notes < 10) and time.monotonic() < until:
            sent += 1
            assert as_user(user, ["oscsend", "127.0.0.1", str(s.port), "/note/on", "if", "60", "0.5"]).wait(20) == 0
            c.call("/sync")
            notes = c.call("/status")["synths"]["main"]["notes"]
        assert notes >= 10 and (notes == sent or "udp.unknown" in s.log_text()), notes
        return f"{notes} of {sent} notes of oscsend"


def ports_change_hands(user):
    """A port that the first user's program had, taken by the second user's, and one that both have."""
    with Server(user, "--state", "none") as s:
        watch = client_of_first(s)
        watch.call("/patch/load", patch=PATCH)
        u = client_of_first(s, "udp")
        u.call("/ping")
        port = u.socket.getsockname()[1]
        u.close()
        with acting_as(SECOND): thief = Client(s.urls["udp"], bind=("127.0.0.1", port))
        thief.plain("/note/on", 60, 0.5)
        thief.fails("denied", "/status")
        thief.close()
        for first in (user, SECOND):  # whoever has it first
            made = []
            for who in (first, SECOND if first == user else user):
                with acting_as(who):
                    each = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    each.bind(("127.0.0.1", port + 1 if port < 65000 else port - 1))
                    made.append(each)
            for each in made: each.sendto(message("/note/on", 60, 0.5), ("127.0.0.1", s.port))
            time.sleep(0.5)  # who shares a port is seen while both have it, as docs/security.md says
            for each in made: each.close()
        is_untouched(s, watch)


def trusted():
    """--trust-local: everybody of this machine, as the help says; the unix socket stays its owner's."""
    with Server(FIRST, "--state", "none", "--trust-local") as s:
        for kind in ("tcp", "udp"):
            counted = done_as(SECOND, clients_counted, s.urls[kind])
            assert isinstance(counted, int), counted
        with acting_as(SECOND), contextlib.suppress(PermissionError):
            Client(s.urls["unix"])
            raise AssertionError("the unix socket is open to others")
    help_text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    assert "every user of this machine" in help_text


def as_an_ordinary_user(): return f"{second_user(FIRST)}; {first_user(FIRST)}"
def as_root(): return f"{second_user(0)}; {first_user(0)}"
def ports(): ports_change_hands(FIRST)
def ports_of_root(): ports_change_hands(0)


if os.geteuid() != 0:
    print("users_test: skipped: other users want root")
    sys.exit(77)
try:
    os.chmod(FOLDER, 0o755)
    shutil.copy(PROGRAM, FOLDER + "/megasynthd")
    os.chmod(FOLDER + "/megasynthd", 0o755)
    run([as_an_ordinary_user, as_root, ports, ports_of_root, trusted], "users_test")
finally: shutil.rmtree(FOLDER, ignore_errors=True)
