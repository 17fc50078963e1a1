# SPDX-License-Identifier: MIT
"""Megasynth from Python: `Server` and `AsyncServer` drive a megasynthd; `Patch`, `Engine` and `AudioGraph` need none.

The offline half is imported when it is first asked for: it needs the engine's library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._commands import ERRORS
from ._link import Listener
from ._session import Notice, TapBlock
from .aio import AsyncServer
from .errors import MegasynthError, NoServer, ServerError, ServerGone, Timeout
from .server import Server
from .synth import Bus, Note, Synth, Voice

if TYPE_CHECKING:
    from .offline import AudioGraph, Engine, Module, Patch, Processor, Sound, modules

_OFFLINE = ("AudioGraph", "Engine", "Module", "Patch", "Processor", "Sound", "modules")
_ERRORS = {error.__name__: error for error in ERRORS.values()}

__all__ = ["AsyncServer", "AudioGraph", "Bus", "Engine", "Listener", "MegasynthError", "Module", "NoServer", "Note",
           "Notice", "Patch", "Processor", "Server", "ServerError", "ServerGone", "Sound", "Synth", "TapBlock", "Timeout",
           "Voice", "modules", *_ERRORS]


def __getattr__(name: str) -> Any:
    if name in _ERRORS:
        return _ERRORS[name]
    if name in _OFFLINE:
        from . import offline
        return getattr(offline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
