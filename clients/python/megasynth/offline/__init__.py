# SPDX-License-Identifier: MIT
"""The engine in this process: patches rendered to numpy, modules as processors, graphs of them."""

from .engine import Change, Counters, Engine
from .errors import BadValueError, Diagnostic, LibraryError, NotFoundError, OfflineError
from .graph import AudioGraph
from .kernel import seed_of
from .notes import Note, Voice
from .patch import Node, Patch
from .processors import AudioProcessor, Module, PatchProcessor, Processor
from .registry import ModuleInfo, ParamInfo, PortInfo, modules
from .score import key_of
from .sound import Sound
from .taps import Tap

__all__ = [
    "AudioGraph", "AudioProcessor", "BadValueError", "Change", "Counters", "Diagnostic", "Engine", "LibraryError",
    "Module", "ModuleInfo", "Node", "NotFoundError", "Note", "OfflineError", "ParamInfo", "Patch", "PatchProcessor",
    "PortInfo", "Processor", "Sound", "Tap", "Voice", "key_of", "modules", "seed_of",
]
