# SPDX-License-Identifier: MIT
"""Servers: found by what they leave in the runtime folder, or started."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .errors import NoServer

PORT = 57140
EXIT_IN_USE = 4  #: of a server whose name another has
POLL_SECONDS = 0.02  #: while that one gets ready
DATAGRAM_BUFFER_BYTES = 4 << 20
_count = itertools.count(1)


def runtime_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where servers of this user leave their sockets, and a file that tells their addresses."""
    base = environment.get("XDG_RUNTIME_DIR")
    return Path(base) / "megasynth" if base else Path(f"/tmp/megasynth-{os.getuid()}")


def addresses(url: str | None, name: str) -> list[str]:
    """Where to look for a server, the likeliest first: what is asked for, MEGASYNTH_URL, what a server of that name has left
    (unix socket, then TCP), the usual port."""
    if url or "MEGASYNTH_URL" in os.environ:
        return [url or os.environ["MEGASYNTH_URL"]]
    try:
        if runtime_folder().stat().st_uid != os.getuid():
            raise OSError("another user's folder")
        told = json.loads((runtime_folder() / f"{name}.json").read_text())["urls"]
    except (OSError, ValueError, KeyError, TypeError):
        told = [f"unix:{runtime_folder()}/{name}.sock"]
    return streams(told) + ([f"tcp://127.0.0.1:{PORT}"] if name == "main" else [])


def own_token(url: str) -> str | None:
    """The token that the server at an address of this machine has left for its own user, who may need none."""
    folder = runtime_folder()
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return None
        files = sorted(folder.glob("*.json"))
    except OSError:
        return None
    for file in files:
        try:
            told = json.loads(file.read_text())
            if url in told["urls"]:
                return str(told["token"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def streams(urls: Sequence[str]) -> list[str]:
    """Those of a server's addresses that lose nothing, the fastest first."""
    return [url for kind in ("unix:", "tcp:") for url in urls if url.startswith(kind)]


def find_program() -> str | None:
    """megasynthd: MEGASYNTHD in the environment, the PATH, the build folder of the source tree that this file is in."""
    named = os.environ.get("MEGASYNTHD") or shutil.which("megasynthd")
    built = Path(__file__).resolve().parents[3] / "build" / "bin" / "megasynthd"
    return named or (str(built) if built.exists() else None)


def split(url: str) -> tuple[str, str, int]:
    """The kind, the path or host, and the port of an address: `unix:PATH`, `tcp://HOST:PORT` or `udp://HOST:PORT`.

    @raise ValueError
    """
    kind, _, place = url.partition(":")
    if kind == "unix" and place:
        return kind, place.removeprefix("//"), 0
    host, _, port = place.removeprefix("//").rpartition(":")
    if kind not in ("tcp", "udp") or not port.isdigit():
        raise ValueError(f"{url!r} is no address: unix:PATH, tcp://HOST:PORT or udp://HOST:PORT")
    return kind, host.strip("[]") or "127.0.0.1", int(port)


def open_socket(url: str, timeout: float) -> tuple[socket.socket, bool]:
    """A connection, and whether it is a stream.

    @raise OSError, ValueError
    """
    kind, place, port = split(url)
    if kind == "tcp":
        made = socket.create_connection((place, port), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made, True
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET6 if ":" in place else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if kind == "unix" else socket.SOCK_DGRAM)
    try:
        made.settimeout(timeout)
        made.connect(place if kind == "unix" else (place, port))
    except BaseException:
        made.close()
        raise
    if kind == "udp":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DATAGRAM_BUFFER_BYTES)
    return made, kind == "unix"


class Process:
    """A server that ends with this program, however that ends."""

    def __init__(self, program: str | None, backend: str, name: str | None, options: Sequence[str],
                 timeout: float) -> None:
        self.program = program or find_program() or ""
        self.name = name or f"python-{os.getpid()}-{next(_count)}"
        if not self.program:
            raise NoServer("megasynthd is not on the PATH; name it: boot(program=...), or MEGASYNTHD in the environment")
        self._log = tempfile.TemporaryFile("w+")
        self._command = [self.program, "--exit-with-parent", "--backend", backend, "--name", self.name, "--port", "0",
                         "--state", "none", *options]
        self._started = threading.Event()
        self._failure: OSError | None = None
        # Linux tells the server of the end of the *thread* that started it: this one lasts as long as the server
        threading.Thread(target=self._keep, name="megasynthd", daemon=True).start()
        self._started.wait()
        if self._failure:
            self._log.close()
            raise NoServer(f"{self.program}: {self._failure}")
        self.told = self._ready(timeout)  #: all its addresses
        self.urls = streams(self.told)

    def _keep(self) -> None:
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                             stderr=self._log, text=True,
                                             start_new_session=True)  # a ^C at a prompt is not meant for it
        except OSError as error:
            self._failure = error
            return
        finally:
            self._started.set()
        self._process.wait()

    def _ready(self, timeout: float) -> list[str]:
        late = threading.Timer(timeout, self._process.kill)
        late.start()
        assert self._process.stdout
        line = self._process.stdout.readline()
        late.cancel()
        if line.startswith("ready "):
            return line.split()[1:]
        code = self._process.wait()
        self._log.seek(0)
        said = self._log.read().strip().splitlines()[-3:]
        self.stop()
        error = NoServer(f"{self.program} ended with {code}" + "".join(f"\n  {text}" for text in said))
        error.exit_code = code
        raise error

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self, timeout: float = 5) -> None:
        """Fades out and ends; killed if it takes longer."""
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._log.close()
