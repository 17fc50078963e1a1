# SPDX-License-Identifier: MIT
"""The engine in this process: patches rendered to numpy, modules as processors, graphs of them."""

from .engine import Change, Counters, Engine, Note
from .errors import BadValueError, Diagnostic, LibraryError, NotFoundError, OfflineError
from .patch import Node, Patch
from .registry import ModuleInfo, ParamInfo, PortInfo, modules
from .score import key_of
from .sound import Sound
from .taps import Tap

__all__ = [
    "BadValueError", "Change", "Counters", "Diagnostic", "Engine", "LibraryError", "ModuleInfo", "Node",
    "NotFoundError", "Note", "OfflineError", "ParamInfo", "Patch", "PortInfo", "Sound", "Tap", "key_of", "modules",
]
