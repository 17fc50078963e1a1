# SPDX-License-Identifier: MIT
"""What can go wrong, as exceptions. Those of the server's codes are made from its own table: see `megasynth._commands`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MegasynthError(Exception):
    """Anything that this package raises of its own."""


class ServerError(MegasynthError):
    """The server refused a command, and did nothing of it.

    `code` is one of the protocol's words; `path` the argument or the place in the document that is at fault, `hint` what might
    help, `got`, `want` and `limit` what the server says of them: each None where it says nothing. `details` is all that it says.
    """

    code = ""

    def __init__(self, command: str, code: str, details: Mapping[str, Any]) -> None:
        super().__init__(command, code, dict(details))
        self.command = command
        self.code = code
        self.details = dict(details)
        self.message: str = details.get("message", code)
        self.path: str | None = details.get("path") or None
        self.hint: str | None = details.get("hint")
        self.got: Any = details.get("got")
        self.want: Any = details.get("want")
        self.limit: str | None = details.get("limit")

    def __str__(self) -> str:
        place = f" at {self.path}" if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.command}: {self.code}{place}: {self.message}{hint}"


class ServerGone(MegasynthError, ConnectionError):
    """The connection has ended: the server was quit or killed. `reconnect` gets another."""


class NoServer(MegasynthError, ConnectionError):
    """There is no server where one was looked for, or it could not be booted.

    `exit_code` is that of a server which ended instead of getting ready.
    """

    exit_code: int | None = None


class Timeout(MegasynthError, TimeoutError):
    """The server has not answered in time; what was asked for may still happen."""
