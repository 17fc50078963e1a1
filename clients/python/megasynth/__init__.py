# SPDX-License-Identifier: MIT
"""Megasynth from Python: `Server` and `AsyncServer` drive a megasynthd; `Patch`, `Engine` and `AudioGraph` need none.

The engine's library is looked for when something offline is first used, not before.
"""

from __future__ import annotations

from ._alink import AsyncListener
from ._commands import *  # noqa: F401,F403 -- an exception for each of the server's codes
from ._commands import __all__ as _errors
from ._link import Listener
from ._session import Notice, TapBlock
from ._words import EditList
from .aio import AsyncServer
from .aio_synth import AsyncBus, AsyncNote, AsyncSynth, AsyncVoice
from .errors import MegasynthError, NoServer, ServerError, ServerGone, Timeout
from .offline import AudioGraph, Engine, Module, Patch, Processor, Sound, modules
from .offline.header import VERSION as __version__
from .server import Server
from .synth import Bus, Note, Synth, Voice

__all__ = ["AsyncBus", "AsyncListener", "AsyncNote", "AsyncServer", "AsyncSynth", "AsyncVoice", "AudioGraph", "Bus",
           "EditList", "Engine", "Listener", "MegasynthError", "Module", "NoServer", "Note", "Notice", "Patch", "Processor",
           "Server", "ServerError", "ServerGone", "Sound", "Synth", "TapBlock", "Timeout", "Voice", "__version__", "modules"]
__all__ += _errors
