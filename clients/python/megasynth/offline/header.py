# SPDX-License-Identifier: MIT
"""engine/megasynth.h and engine/core/module.h as ctypes: the same declarations, word for word.

The declarations below are those of the header; their ctypes signatures are made from that text, and a test
compares both with the header and with what a C compiler says of sizes and offsets.
"""

from __future__ import annotations

import ctypes as c
import re
from typing import Any

VERSION = "0.1.0"  #: MEGA_VERSION of the header that this mirrors

MEGA_NOW = 0
MEGA_REV_ANY = 2**64 - 1
MEGA_FADE_MS_DEFAULT = 3.0
MEGA_FADE_MS_MAX = 2000.0
BLOCK_FRAMES = 64  #: MEGA_BLOCK_FRAMES
HOST_BUSES_MAX = 64

# Values of the header's enums.
STATUS = ("ok", "patch", "memory", "limit", "name", "full", "file")
OK, ERROR_FULL, ERROR_NAME = 0, 5, 4
SEVERITY = ("error", "warning")
FORMATS = {"json": 0, "sexp": 1, "msgpack": 2}
EXPRESSIONS = {"bend": 0, "pressure": 1, "timbre": 2, "key": 3, "velocity": 4, "gate": 5}
CONTROLLERS = {"bend": 0, "pressure": 1, "timbre": 2, "sustain": 3, "sostenuto": 4}
NOTE_FIELDS = ("key", "gate", "velocity", "release", "bent", "wheel", "pressed", "slid", "from", "struck")


class mega_diagnostic(c.Structure):
    _fields_ = [("severity", c.c_int), ("code", c.c_char_p), ("path", c.c_char_p),
                ("line", c.c_uint32), ("column", c.c_uint32), ("message", c.c_char_p),
                ("hint", c.c_char_p)]


class mega_node_info(c.Structure):
    _fields_ = [("id", c.c_char_p), ("type", c.c_char_p), ("per_voice", c.c_bool)]


class mega_cable_info(c.Structure):
    _fields_ = [("from_node", c.c_char_p), ("from_port", c.c_char_p), ("to_node", c.c_char_p),
                ("to_port", c.c_char_p), ("amount", c.c_double), ("as", c.c_char_p)]


class mega_preset_info(c.Structure):
    _fields_ = [("id", c.c_char_p), ("doc", c.c_char_p), ("value_count", c.c_size_t)]


class mega_preset_value(c.Structure):
    _fields_ = [("node", c.c_char_p), ("name", c.c_char_p), ("value", c.c_double)]


class mega_options(c.Structure):
    _fields_ = [("rate", c.c_uint32), ("input_channels", c.c_uint32),
                ("output_channels", c.c_uint32), ("whole_blocks", c.c_bool),
                ("memory_bytes_max", c.c_size_t), ("seed", c.c_uint32), ("isa", c.c_char_p), ("record_calls", c.c_bool)]


class mega_change(c.Structure):
    _fields_ = [("rev", c.c_uint64), ("fade_ms", c.c_float), ("frame", c.c_uint64)]


class mega_changed(c.Structure):
    _fields_ = [("number", c.c_uint64), ("rev", c.c_uint64), ("frame", c.c_uint64),
                ("undo_json", c.c_void_p)]


class mega_counters(c.Structure):
    _fields_ = [("frame", c.c_uint64), ("frame_rendered", c.c_uint64),
                ("voices_active", c.c_uint32), ("voices_held", c.c_uint32),
                ("notes_started", c.c_uint64), ("notes_ended", c.c_uint64),
                ("notes_stolen", c.c_uint64), ("notes_dropped", c.c_uint64),
                ("events_late", c.c_uint64), ("events_dropped", c.c_uint64),
                ("lanes_silenced", c.c_uint64), ("outputs_silenced", c.c_uint64),
                ("programs_swapped", c.c_uint64), ("changes_late", c.c_uint64),
                ("memory_bytes", c.c_size_t)]


class mega_call(c.Structure):
    """One call of a module's kernel, for one lane; see engine/core/module.h."""

    _fields_ = [("ports", c.c_void_p), ("moving", c.c_uint64), ("outputs", c.c_void_p),
                ("unread", c.c_uint64), ("silent", c.c_uint32), ("state", c.c_void_p),
                ("memory", c.c_void_p), ("memory_frames", c.c_uint32),
                ("state_stride", c.c_uint32), ("frames", c.c_uint32),
                ("seconds_per_frame", c.c_float), ("frames_per_second", c.c_float),
                ("note", c.c_void_p), ("seeds", c.c_void_p)]


class mega_module(c.Structure):
    """A module's row; its names and ranges are read from `mega_module_describe_json`."""

    _fields_ = [("name", c.c_char_p), ("category", c.c_char_p), ("doc", c.c_char_p),
                ("inputs", c.c_void_p), ("params", c.c_void_p), ("outputs", c.c_void_p),
                ("input_count", c.c_uint32), ("param_count", c.c_uint32),
                ("output_count", c.c_uint32), ("flags", c.c_uint32),
                ("op", c.c_int), ("gate_outputs", c.c_uint32),
                ("state_fields", c.c_uint32), ("memory_lines", c.c_uint32),
                ("memory_seconds", c.c_float), ("tail_seconds", c.c_float),
                ("life", c.c_void_p), ("process", c.c_void_p), ("solo", c.c_void_p)]


STRUCTS: tuple[type[c.Structure], ...] = (
    mega_diagnostic, mega_node_info, mega_cable_info, mega_preset_info, mega_preset_value,
    mega_options, mega_change, mega_changed, mega_counters, mega_call, mega_module)

DECLARATIONS = """
const char *mega_status_name(mega_status status);
mega_report *mega_report_create(void);
void mega_report_destroy(mega_report *report);
void mega_report_clear(mega_report *report);
size_t mega_report_count(const mega_report *report);
const mega_diagnostic *mega_report_get(const mega_report *report, size_t index);
size_t mega_report_error_count(const mega_report *report);
size_t mega_diagnostic_text(const mega_diagnostic *diagnostic, char *buffer, size_t bytes);
const char *mega_nearest(const char *wrong, const char *const *names, size_t count);
bool mega_format_of_file(const char *file_name, mega_format *format);
mega_patch *mega_patch_read(const void *text, size_t bytes, mega_format format, mega_report *report);
mega_status mega_patch_write(const mega_patch *patch, mega_format format, char **text, size_t *bytes);
void mega_patch_destroy(mega_patch *patch);
void mega_free(void *memory);
mega_status mega_patch_check(const mega_patch *patch, mega_report *report);
mega_status mega_patch_disassemble(const mega_patch *patch, mega_report *report, char **text);
mega_status mega_patch_set_voices(mega_patch *patch, uint32_t voices);
mega_status mega_patch_set_knob(mega_patch *patch, const char *name, double value);
mega_patch *mega_patch_edit(const mega_patch *before, const void *text, size_t bytes, mega_format format,
    mega_report *report, char **inverse_json);
mega_status mega_patch_diff(const mega_patch *before, const mega_patch *after, char **operations_json);
const char *mega_patch_name(const mega_patch *patch);
uint32_t mega_patch_voices(const mega_patch *patch);
size_t mega_patch_node_count(const mega_patch *patch);
mega_node_info mega_patch_node(const mega_patch *patch, size_t index);
size_t mega_patch_cable_count(const mega_patch *patch);
mega_cable_info mega_patch_cable(const mega_patch *patch, size_t index);
size_t mega_patch_knob_count(const mega_patch *patch);
const char *mega_patch_knob(const mega_patch *patch, size_t index);
size_t mega_patch_preset_count(const mega_patch *patch);
mega_preset_info mega_patch_preset(const mega_patch *patch, size_t index);
mega_preset_value mega_patch_preset_value(const mega_patch *patch, size_t index, size_t value);
size_t mega_module_count(void);
const mega_module *mega_module_get(size_t index);
const mega_module *mega_module_find(const char *name);
char *mega_module_describe_json(const mega_module *module);
char *mega_module_describe_markdown(const mega_module *module);
mega_engine *mega_create(const mega_options *options, mega_report *report);
void mega_destroy(mega_engine *engine);
const char *mega_isa(const mega_engine *engine);
uint32_t mega_rate(const mega_engine *engine);
mega_status mega_load(mega_engine *engine, const mega_patch *patch, mega_report *report);
mega_status mega_rewire(mega_engine *engine, const mega_patch *patch, const mega_change *how,
    mega_changed *done, mega_report *report);
mega_status mega_edit(mega_engine *engine, const void *text, size_t bytes, mega_format format,
    const mega_change *how, mega_changed *done, mega_report *report);
mega_status mega_undo(mega_engine *engine, float fade_ms, mega_changed *done, mega_report *report);
mega_status mega_redo(mega_engine *engine, float fade_ms, mega_changed *done, mega_report *report);
bool mega_change_frame(mega_engine *engine, uint64_t number, uint64_t *frame);
mega_status mega_change_cancel(mega_engine *engine, uint64_t number, mega_report *report);
size_t mega_changes_scheduled(mega_engine *engine);
uint64_t mega_rev(const mega_engine *engine);
const mega_patch *mega_loaded_patch(const mega_engine *engine);
void mega_collect(mega_engine *engine);
int32_t mega_find_knob(mega_engine *engine, const char *name);
int32_t mega_find_param(mega_engine *engine, const char *node, const char *param);
int32_t mega_find_preset(mega_engine *engine, const char *name);
mega_status mega_knob_get(mega_engine *engine, const char *name, float *value);
mega_status mega_param_get(mega_engine *engine, const char *node, const char *param, float *value);
mega_patch *mega_snapshot(mega_engine *engine);
mega_status mega_preset_save(mega_engine *engine, const char *name, mega_changed *done,
    mega_report *report);
int32_t mega_find_note_param(mega_engine *engine, const char *node, const char *param,
    mega_report *report);
int32_t mega_bus_open(mega_engine *engine, const char *node, const char *port, mega_report *report);
mega_status mega_bus_close(mega_engine *engine, const int32_t *buses, size_t count);
uint32_t mega_events_room(const mega_engine *engine);
mega_status mega_note_on(mega_engine *engine, uint64_t frame, float key, float velocity, mega_note *note);
mega_status mega_note_off(mega_engine *engine, uint64_t frame, mega_note note, float release_velocity);
mega_status mega_key_off(mega_engine *engine, uint64_t frame, float key, float release_velocity);
mega_status mega_note_set(mega_engine *engine, uint64_t frame, mega_note note, mega_note_expression what,
    float value);
mega_status mega_note_param_set(mega_engine *engine, uint64_t frame, mega_note note, int32_t param,
    float value, float ramp_seconds);
mega_status mega_voice_reserve(mega_engine *engine, uint64_t frame, float key, mega_note *note);
mega_status mega_voice_free(mega_engine *engine, uint64_t frame, mega_note note);
mega_status mega_controller_set(mega_engine *engine, uint64_t frame, mega_controller which, float value);
mega_status mega_all_notes_off(mega_engine *engine, uint64_t frame);
mega_status mega_panic(mega_engine *engine);
mega_status mega_knob_set(mega_engine *engine, uint64_t frame, int32_t knob, float value);
mega_status mega_knob_ramp(mega_engine *engine, uint64_t frame, int32_t knob, float value,
    float ramp_seconds);
mega_status mega_param_set(mega_engine *engine, uint64_t frame, int32_t param, float value,
    float ramp_seconds);
mega_status mega_preset_recall(mega_engine *engine, uint64_t frame, int32_t preset, float morph_seconds);
void mega_render(mega_engine *engine, const float *const *in, float *const *out, uint32_t frames);
bool mega_bus_read(const mega_engine *engine, int32_t bus, mega_note note, float *block);
void mega_host_bus_write(mega_engine *engine, uint32_t bus, const float *block);
bool mega_host_bus_read(const mega_engine *engine, uint32_t bus, float *block);
mega_counters mega_counters_get(const mega_engine *engine);
bool mega_next_ended(mega_engine *engine, mega_note *note, uint64_t *frame);
void mega_profile(mega_engine *engine, bool on);
bool mega_profile_get(const mega_engine *engine, size_t index, const char **type, double *nanoseconds);
"""

_PLAIN: dict[str, Any] = {
    "void": None, "bool": c.c_bool, "float": c.c_float, "double": c.c_double, "size_t": c.c_size_t,
    "int32_t": c.c_int32, "uint32_t": c.c_uint32, "uint64_t": c.c_uint64, "mega_note": c.c_uint64,
    "mega_status": c.c_int, "mega_format": c.c_int, "mega_note_expression": c.c_int,
    "mega_controller": c.c_int, "const char *": c.c_char_p,
} | {struct.__name__: struct for struct in STRUCTS}

_RETURNED: dict[str, Any] = {
    "const mega_diagnostic *": c.POINTER(mega_diagnostic),
    "const mega_module *": c.POINTER(mega_module),
}


def declarations(text: str = DECLARATIONS) -> list[tuple[str, str, list[str]]]:
    """(name, type of the result, types of the arguments) of each function declared in C text."""
    found = []
    for result, name, arguments in re.findall(r"([\w *]+?)\b(mega_\w+)\(([^)]*)\);", text):
        types = [re.match(r"(.*?)\w*$", a.strip(), re.S) for a in arguments.split(",")]
        words = [" ".join(m.group(1).split()) for m in types if m]
        found.append((name, " ".join(result.split()),
                      [] if arguments.strip() == "void" else words))
    return found


def _ctype(text: str) -> Any:
    if text in _PLAIN:
        return _PLAIN[text]
    if "*" not in text:
        raise TypeError(f"no ctypes for {text}")
    return c.c_void_p


def declare(library: c.CDLL) -> None:
    """Gives each function its signature.

    Raises AttributeError with the name of a function that the library has not.
    """
    for name, result, arguments in declarations():
        function = getattr(library, name)
        function.restype = _RETURNED.get(result) or _ctype(result)
        function.argtypes = [_ctype(a) for a in arguments]
