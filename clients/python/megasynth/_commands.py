# SPDX-License-Identifier: MIT
"""Made by tools/generate_commands.py from the server's table of commands: every command, typed; every code, an exception."""

# flake8: noqa: E501
from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Any, TypedDict, cast

from .errors import ServerError


class At(TypedDict, total=False):
    """When a command takes effect: at a `frame`, `frames` `after` what another request affected, or at a monotonic time."""

    frame: int
    after: int
    frames: int
    mono_ns: int


__all__ = [
    "AudioError",
    "BadPacketError",
    "BadTypeError",
    "BadValueError",
    "ConflictError",
    "CycleError",
    "DeniedError",
    "FileError",
    "ForgottenError",
    "FullError",
    "InternalError",
    "LateError",
    "LimitError",
    "NoMemoryError",
    "NotAppliedError",
    "NotFoundError",
    "PatchError",
    "SlowConsumerError",
    "TooBigError",
    "UnsupportedError",
    "UseStreamError",
]


class AudioError(ServerError):
    """The sound device does not support it."""

    code = "audio"


class BadPacketError(ServerError):
    """Malformed OSC packet, or a MessagePack payload of an unsupported kind."""

    code = "bad-packet"


class BadTypeError(ServerError, TypeError):
    """An argument has the wrong type, is missing, or is unexpected."""

    code = "bad-type"


class BadValueError(ServerError, ValueError):
    """An argument has the right type, but is out of range or unknown."""

    code = "bad-value"


class ConflictError(ServerError):
    """The edit was made for another revision, or the name is taken."""

    code = "conflict"


class CycleError(ServerError):
    """Cables would form a cycle."""

    code = "cycle"


class DeniedError(ServerError):
    """Access denied: the server needs a token, over UDP from other machines the `session` of its last reply, or the thing belongs to another client."""

    code = "denied"


class FileError(ServerError):
    """Cannot read or write a file."""

    code = "file"


class ForgottenError(ServerError):
    """The server already replied to this request and no longer keeps the reply."""

    code = "forgotten"


class FullError(ServerError):
    """The queue to the audio role is full: send less, or later."""

    code = "full"


class InternalError(ServerError):
    """A bug in the server; please report it."""

    code = "internal"


class LateError(ServerError):
    """The request came after its time, and the client chose `late: error`."""

    code = "late"


class LimitError(ServerError):
    """A limit is reached; `limit` names it."""

    code = "limit"


class NoMemoryError(ServerError):
    """Out of memory."""

    code = "no-memory"


class NotAppliedError(ServerError):
    """Another message of the same bundle failed."""

    code = "not-applied"


class NotFoundError(ServerError, KeyError):
    """No such command, synth, node, port, knob, note, file."""

    code = "not-found"


class PatchError(ServerError):
    """The document or edit is invalid; `errors` lists every error."""

    code = "patch"


class SlowConsumerError(ServerError):
    """The client reads too slowly; the server disconnects it."""

    code = "slow-consumer"


class TooBigError(ServerError):
    """A packet, a payload or a file exceeds the size limit."""

    code = "too-big"


class UnsupportedError(ServerError):
    """This server does not support it."""

    code = "unsupported"


class UseStreamError(ServerError):
    """The reply does not fit a datagram: send the request over TCP or the unix socket."""

    code = "use-stream"


ERRORS: dict[str, type[ServerError]] = {
    "audio": AudioError,
    "bad-packet": BadPacketError,
    "bad-type": BadTypeError,
    "bad-value": BadValueError,
    "conflict": ConflictError,
    "cycle": CycleError,
    "denied": DeniedError,
    "file": FileError,
    "forgotten": ForgottenError,
    "full": FullError,
    "internal": InternalError,
    "late": LateError,
    "limit": LimitError,
    "no-memory": NoMemoryError,
    "not-applied": NotAppliedError,
    "not-found": NotFoundError,
    "patch": PatchError,
    "slow-consumer": SlowConsumerError,
    "too-big": TooBigError,
    "unsupported": UnsupportedError,
    "use-stream": UseStreamError,
}


ADDRESSES = (
    "/hello",
    "/ping",
    "/sync",
    "/clock",
    "/status",
    "/subscribe",
    "/unsubscribe",
    "/command/list",
    "/panic",
    "/quit",
    "/synth/new",
    "/synth/free",
    "/synth/list",
    "/synth/fader",
    "/patch/load",
    "/patch/edit",
    "/patch/add",
    "/patch/remove",
    "/patch/connect",
    "/patch/disconnect",
    "/patch/undo",
    "/patch/redo",
    "/patch/cancel",
    "/patch/check",
    "/patch/get",
    "/patch/profile",
    "/patch/disasm",
    "/param/set",
    "/param/get",
    "/param/list",
    "/knob/new",
    "/knob/free",
    "/knob/set",
    "/knob/get",
    "/knob/list",
    "/knob/map",
    "/preset/recall",
    "/preset/save",
    "/preset/list",
    "/note/on",
    "/note/off",
    "/note/set",
    "/note/control",
    "/note/all_off",
    "/voice/alloc",
    "/voice/free",
    "/voice/list",
    "/bus/new",
    "/bus/free",
    "/bus/set",
    "/bus/get",
    "/bus/list",
    "/bus/tap",
    "/bus/untap",
    "/module/list",
    "/module/get",
    "/record/start",
    "/record/stop",
    "/record/status",
    "/midi/list",
    "/midi/connect",
    "/midi/disconnect",
    "/state/get",
    "/state/save",
    "/state/load",
)

#: those that may stand in a bundle
IN_BUNDLES = frozenset((
    "/patch/load",
    "/patch/edit",
    "/patch/add",
    "/patch/remove",
    "/patch/connect",
    "/patch/disconnect",
    "/param/set",
    "/knob/new",
    "/knob/free",
    "/knob/set",
    "/preset/recall",
    "/note/on",
    "/note/off",
    "/note/set",
    "/note/control",
    "/note/all_off",
    "/voice/free",
))

#: those that take `at`
TIMED = frozenset((
    "/patch/load",
    "/patch/edit",
    "/patch/add",
    "/patch/remove",
    "/patch/connect",
    "/patch/disconnect",
    "/param/set",
    "/knob/new",
    "/knob/free",
    "/knob/set",
    "/preset/recall",
    "/note/on",
    "/note/off",
    "/note/set",
    "/note/control",
    "/note/all_off",
    "/voice/free",
))

#: those that take `/synth/<name>` in front
OF_A_SYNTH = frozenset((
    "/patch/load",
    "/patch/edit",
    "/patch/add",
    "/patch/remove",
    "/patch/connect",
    "/patch/disconnect",
    "/patch/undo",
    "/patch/redo",
    "/patch/cancel",
    "/patch/check",
    "/patch/get",
    "/patch/profile",
    "/patch/disasm",
    "/param/set",
    "/param/get",
    "/param/list",
    "/knob/new",
    "/knob/free",
    "/knob/set",
    "/knob/get",
    "/knob/list",
    "/knob/map",
    "/preset/recall",
    "/preset/save",
    "/preset/list",
    "/note/on",
    "/note/off",
    "/note/set",
    "/note/control",
    "/note/all_off",
    "/voice/alloc",
    "/voice/free",
    "/voice/list",
    "/bus/new",
    "/midi/connect",
))


class Nothing(TypedDict):
    """Done, and no more to say."""


class HelloAnswer(TypedDict):
    """Of `/hello`."""

    server: str
    version: str
    proto: int
    session: str
    rate: int
    block: int
    frame: int
    limits: dict[str, Any]
    modules_hash: str
    synths: list[Any]


class PingAnswer(TypedDict):
    """Of `/ping`."""

    frame: int


class SyncAnswer(TypedDict):
    """Of `/sync`."""

    frame: int
    applied: bool


class ClockAnswer(TypedDict):
    """Of `/clock`."""

    frame: int
    mono_ns: int
    ntp: float
    ntp_seconds: int
    ntp_fraction: int
    rate: int
    rate_measured: float


class StatusAnswer(TypedDict):
    """Of `/status`."""

    frame: int
    load: dict[str, Any]
    xruns: int
    late: int
    voices: int
    memory: int
    level_peak: float
    clients: int
    queues: dict[str, Any]
    uptime: float
    device: dict[str, Any]
    synths: dict[str, Any]
    counts: dict[str, Any]


class SubscribeAnswer(TypedDict):
    """Of `/subscribe`."""

    topics: list[Any]


class UnsubscribeAnswer(TypedDict):
    """Of `/unsubscribe`."""

    topics: list[Any]


class CommandListAnswer(TypedDict):
    """Of `/command/list`."""

    commands: list[Any]
    codes: dict[str, Any]


class PanicAnswer(TypedDict):
    """Of `/panic`."""

    frame: int


class SynthNewAnswer(TypedDict):
    """Of `/synth/new`."""

    synth: str


class SynthListAnswer(TypedDict):
    """Of `/synth/list`."""

    synths: dict[str, Any]


class SynthFaderAnswer(TypedDict):
    """Of `/synth/fader`."""

    frame: int


class _PatchLoadAnswer(TypedDict):
    rev: int
    frame: int


class PatchLoadAnswer(_PatchLoadAnswer, total=False):
    """Of `/patch/load`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchEditAnswer(TypedDict):
    rev: int
    frame: int


class PatchEditAnswer(_PatchEditAnswer, total=False):
    """Of `/patch/edit`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchAddAnswer(TypedDict):
    rev: int
    frame: int


class PatchAddAnswer(_PatchAddAnswer, total=False):
    """Of `/patch/add`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchRemoveAnswer(TypedDict):
    rev: int
    frame: int


class PatchRemoveAnswer(_PatchRemoveAnswer, total=False):
    """Of `/patch/remove`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchConnectAnswer(TypedDict):
    rev: int
    frame: int


class PatchConnectAnswer(_PatchConnectAnswer, total=False):
    """Of `/patch/connect`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchDisconnectAnswer(TypedDict):
    rev: int
    frame: int


class PatchDisconnectAnswer(_PatchDisconnectAnswer, total=False):
    """Of `/patch/disconnect`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchUndoAnswer(TypedDict):
    rev: int
    frame: int


class PatchUndoAnswer(_PatchUndoAnswer, total=False):
    """Of `/patch/undo`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchRedoAnswer(TypedDict):
    rev: int
    frame: int


class PatchRedoAnswer(_PatchRedoAnswer, total=False):
    """Of `/patch/redo`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _PatchCheckAnswer(TypedDict):
    ok: bool
    warnings: list[Any]
    nodes: int
    cables: int
    voices: int


class PatchCheckAnswer(_PatchCheckAnswer, total=False):
    """Of `/patch/check`."""

    memory: int
    cost: dict[str, Any]


class _PatchGetAnswer(TypedDict):
    rev: int


class PatchGetAnswer(_PatchGetAnswer, total=False):
    """Of `/patch/get`."""

    patch: dict[str, Any]
    text: str


class PatchProfileAnswer(TypedDict):
    """Of `/patch/profile`."""

    on: bool
    modules: dict[str, Any]


class PatchDisasmAnswer(TypedDict):
    """Of `/patch/disasm`."""

    text: str


class ParamSetAnswer(TypedDict):
    """Of `/param/set`."""

    frame: int
    rev: int


class _ParamGetAnswer(TypedDict):
    written: bool
    doc: str
    unit: str
    min: float
    max: float
    default: float
    scale: str
    smoothing: str
    smooth_ms: float


class ParamGetAnswer(_ParamGetAnswer, total=False):
    """Of `/param/get`."""

    value: float
    choices: list[Any]
    fixed: bool


class ParamListAnswer(TypedDict):
    """Of `/param/list`."""

    type: str
    params: dict[str, Any]


class _KnobNewAnswer(TypedDict):
    rev: int
    frame: int


class KnobNewAnswer(_KnobNewAnswer, total=False):
    """Of `/knob/new`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class _KnobFreeAnswer(TypedDict):
    rev: int
    frame: int


class KnobFreeAnswer(_KnobFreeAnswer, total=False):
    """Of `/knob/free`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class KnobSetAnswer(TypedDict):
    """Of `/knob/set`."""

    frame: int
    rev: int


class _KnobGetAnswer(TypedDict):
    value: float


class KnobGetAnswer(_KnobGetAnswer, total=False):
    """Of `/knob/get`."""

    range: list[Any]
    scale: str
    unit: str


class KnobListAnswer(TypedDict):
    """Of `/knob/list`."""

    knobs: dict[str, Any]


class KnobMapAnswer(TypedDict):
    """Of `/knob/map`."""

    maps: dict[str, Any]


class PresetRecallAnswer(TypedDict):
    """Of `/preset/recall`."""

    frame: int
    rev: int


class _PresetSaveAnswer(TypedDict):
    rev: int
    frame: int


class PresetSaveAnswer(_PresetSaveAnswer, total=False):
    """Of `/preset/save`."""

    undo: list[Any]
    warnings: list[Any]
    scheduled: int


class PresetListAnswer(TypedDict):
    """Of `/preset/list`."""

    presets: dict[str, Any]


class NoteOnAnswer(TypedDict):
    """Of `/note/on`."""

    note: int
    frame: int
    rev: int


class NoteOffAnswer(TypedDict):
    """Of `/note/off`."""

    frame: int
    rev: int


class NoteSetAnswer(TypedDict):
    """Of `/note/set`."""

    frame: int
    rev: int


class NoteControlAnswer(TypedDict):
    """Of `/note/control`."""

    frame: int
    rev: int


class NoteAllOffAnswer(TypedDict):
    """Of `/note/all_off`."""

    frame: int
    rev: int


class VoiceAllocAnswer(TypedDict):
    """Of `/voice/alloc`."""

    voice: int
    frame: int
    rev: int
    buses: dict[str, Any]


class VoiceFreeAnswer(TypedDict):
    """Of `/voice/free`."""

    frame: int
    rev: int


class VoiceListAnswer(TypedDict):
    """Of `/voice/list`."""

    voices: int
    notes: list[Any]
    reserved: list[Any]


class BusNewAnswer(TypedDict):
    """Of `/bus/new`."""

    bus: int


class BusSetAnswer(TypedDict):
    """Of `/bus/set`."""

    frame: int


class _BusGetAnswer(TypedDict):
    bus: int
    kind: str
    value: float


class BusGetAnswer(_BusGetAnswer, total=False):
    """Of `/bus/get`."""

    name: str
    synth: str
    node: str
    port: str
    voice: int
    peak: float
    rms: float
    frame: int


class BusListAnswer(TypedDict):
    """Of `/bus/list`."""

    buses: list[Any]


class BusTapAnswer(TypedDict):
    """Of `/bus/tap`."""

    bus: int
    every: int
    rate: int


class ModuleListAnswer(TypedDict):
    """Of `/module/list`."""

    modules: dict[str, Any]


class ModuleGetAnswer(TypedDict):
    """Of `/module/get`."""

    module: dict[str, Any]


class RecordStartAnswer(TypedDict):
    """Of `/record/start`."""

    file: str
    frame: int


class RecordStopAnswer(TypedDict):
    """Of `/record/stop`."""

    recordings: list[Any]


class RecordStatusAnswer(TypedDict):
    """Of `/record/status`."""

    recordings: list[Any]


class MidiListAnswer(TypedDict):
    """Of `/midi/list`."""

    api: str
    inputs: list[Any]
    connected: list[Any]


class MidiConnectAnswer(TypedDict):
    """Of `/midi/connect`."""

    port: str


class StateGetAnswer(TypedDict):
    """Of `/state/get`."""

    state: dict[str, Any]


class StateSaveAnswer(TypedDict):
    """Of `/state/save`."""

    file: str


class StateLoadAnswer(TypedDict):
    """Of `/state/load`."""

    synths: int


class Commands:
    """Each command once, with typed arguments and answers; arguments that are None are not sent."""

    def _call(self, address: str, arguments: dict[str, Any]) -> Any:
        raise NotImplementedError

    def hello(self, *, proto: int | None = None, client: str | None = None, token: str | None = None, session: str | None = None, late: str | None = None) -> HelloAnswer:
        """Introduces a client and authenticates it by `token` and, for UDP from other machines, by the `session` of the previous reply. `late` selects what happens to late events: play, drop or error."""
        return cast("HelloAnswer", self._call("/hello", {"proto": proto, "client": client, "token": token, "session": session, "late": late}))

    def ping(self) -> PingAnswer:
        """Replies at once."""
        return cast("PingAnswer", self._call("/ping", {}))

    def sync(self) -> SyncAnswer:
        """Replies when all earlier requests of this client have taken effect in the sound."""
        return cast("SyncAnswer", self._call("/sync", {}))

    def clock(self) -> ClockAnswer:
        """Returns the frame, the monotonic clock and the wall clock of one moment."""
        return cast("ClockAnswer", self._call("/clock", {}))

    def status(self) -> StatusAnswer:
        """Returns the server's status: load, peaks (since this client's last request, and over the last second), counts."""
        return cast("StatusAnswer", self._call("/status", {}))

    def subscribe(self, topics: Sequence[str] = ()) -> SubscribeAnswer:
        """Subscribes to notices of these topics, or of all except meter: note voice patch knob xrun late nan device log meter client."""
        return cast("SubscribeAnswer", self._call("/subscribe", {"topics": list(topics)}))

    def unsubscribe(self, topics: Sequence[str] = ()) -> UnsubscribeAnswer:
        """Unsubscribes from these topics, or from all."""
        return cast("UnsubscribeAnswer", self._call("/unsubscribe", {"topics": list(topics)}))

    def command_list(self) -> CommandListAnswer:
        """Returns this table."""
        return cast("CommandListAnswer", self._call("/command/list", {}))

    def panic(self) -> PanicAnswer:
        """Silences everything within one block, drones too, until the next load, note or gate of a reserved voice."""
        return cast("PanicAnswer", self._call("/panic", {}))

    def quit(self) -> Nothing:
        """Fades out, saves the state and stops the server."""
        return cast("Nothing", self._call("/quit", {}))

    def synth_new(self, name: str, *, fader: float | None = None, output: int | None = None) -> SynthNewAnswer:
        """Creates a synth without a patch; `output`: the device channel, from 0, of its first output."""
        return cast("SynthNewAnswer", self._call("/synth/new", {"name": name, "fader": fader, "output": output}))

    def synth_free(self, name: str) -> Nothing:
        """Fades a synth out and frees it."""
        return cast("Nothing", self._call("/synth/free", {"name": name}))

    def synth_list(self) -> SynthListAnswer:
        """Lists all synths, with the same keys as /status."""
        return cast("SynthListAnswer", self._call("/synth/list", {}))

    def synth_fader(self, name: str, value: float) -> SynthFaderAnswer:
        """Sets the gain of a synth's output, 0..4; at 1 its samples are unchanged."""
        return cast("SynthFaderAnswer", self._call("/synth/fader", {"name": name, "value": value}))

    def patch_load(self, file: str | None = None, *, patch: dict[str, Any] | None = None, text: str | None = None, format: str | None = None, fade_ms: float | None = None, rev: int | None = None, at: At | None = None) -> PatchLoadAnswer:
        """Loads a patch: a file below the root, a map, or text in a format (json, sexp). Unchanged nodes keep their state."""
        return cast("PatchLoadAnswer", self._call("/patch/load", {"file": file, "patch": patch, "text": text, "format": format, "fade_ms": fade_ms, "rev": rev, "at": at}))

    def patch_edit(self, *, ops: list[Any] | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> PatchEditAnswer:
        """Applies a list of operations, all or nothing; `undo` in the reply is the inverse edit."""
        return cast("PatchEditAnswer", self._call("/patch/edit", {"ops": ops, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_add(self, id: str, type: str, *, params: dict[str, Any] | None = None, scope: str | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> PatchAddAnswer:
        """Adds a node."""
        return cast("PatchAddAnswer", self._call("/patch/add", {"id": id, "type": type, "params": params, "scope": scope, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_remove(self, id: str, *, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> PatchRemoveAnswer:
        """Removes a node and its cables."""
        return cast("PatchRemoveAnswer", self._call("/patch/remove", {"id": id, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_connect(self, from_: str, port: str, to: str, to_port: str, amount: float | None = None, *, as_: str | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> PatchConnectAnswer:
        """Adds a cable. For a cable from a knob leave `port` empty."""
        return cast("PatchConnectAnswer", self._call("/patch/connect", {"from": from_, "port": port, "to": to, "to_port": to_port, "amount": amount, "as": as_, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_disconnect(self, from_: str, port: str, to: str, to_port: str, *, nth: int | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> PatchDisconnectAnswer:
        """Removes a cable."""
        return cast("PatchDisconnectAnswer", self._call("/patch/disconnect", {"from": from_, "port": port, "to": to, "to_port": to_port, "nth": nth, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_undo(self, *, fade_ms: float | None = None) -> PatchUndoAnswer:
        """Undoes the last edit."""
        return cast("PatchUndoAnswer", self._call("/patch/undo", {"fade_ms": fade_ms}))

    def patch_redo(self, *, fade_ms: float | None = None) -> PatchRedoAnswer:
        """Redoes the last undone edit."""
        return cast("PatchRedoAnswer", self._call("/patch/redo", {"fade_ms": fade_ms}))

    def patch_cancel(self, scheduled: int) -> Nothing:
        """Cancels a scheduled edit."""
        return cast("Nothing", self._call("/patch/cancel", {"scheduled": scheduled}))

    def patch_check(self, *, patch: dict[str, Any] | None = None, text: str | None = None, format: str | None = None, file: str | None = None, ops: list[Any] | None = None) -> PatchCheckAnswer:
        """Validates a patch or edit without applying it; `cost`: load of one core of this machine, at rest and per voice."""
        return cast("PatchCheckAnswer", self._call("/patch/check", {"patch": patch, "text": text, "format": format, "file": file, "ops": ops}))

    def patch_get(self, *, format: str | None = None, written: bool | None = None) -> PatchGetAnswer:
        """Returns the patch with its live values, as a map or as text in a format (json, sexp); `written` in the request: with the values that were loaded and edited instead."""
        return cast("PatchGetAnswer", self._call("/patch/get", {"format": format, "written": written}))

    def patch_profile(self, on: bool | None = None) -> PatchProfileAnswer:
        """Switches the measuring of modules on or off; returns nanoseconds per module type since it was switched on."""
        return cast("PatchProfileAnswer", self._call("/patch/profile", {"on": on}))

    def patch_disasm(self) -> PatchDisasmAnswer:
        """Returns the compiled program as text."""
        return cast("PatchDisasmAnswer", self._call("/patch/disasm", {}))

    def param_set(self, node: str, param: str, value: float, *, ramp_ms: float | None = None, at: At | None = None) -> ParamSetAnswer:
        """Sets a parameter of all voices, in its unit, over `ramp_ms`."""
        return cast("ParamSetAnswer", self._call("/param/set", {"node": node, "param": param, "value": value, "ramp_ms": ramp_ms, "at": at}))

    def param_get(self, node: str, param: str) -> ParamGetAnswer:
        """Returns the value and the description of a parameter; `written` in the reply: whether the document or a client has set it."""
        return cast("ParamGetAnswer", self._call("/param/get", {"node": node, "param": param}))

    def param_list(self, node: str) -> ParamListAnswer:
        """Lists all parameters of a node."""
        return cast("ParamListAnswer", self._call("/param/list", {"node": node}))

    def knob_new(self, name: str, value: float | None = None, *, range: list[Any] | None = None, scale: str | None = None, unit: str | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> KnobNewAnswer:
        """Adds a knob, or changes one."""
        return cast("KnobNewAnswer", self._call("/knob/new", {"name": name, "value": value, "range": range, "scale": scale, "unit": unit, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def knob_free(self, name: str, *, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> KnobFreeAnswer:
        """Removes a knob and its cables."""
        return cast("KnobFreeAnswer", self._call("/knob/free", {"name": name, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def knob_set(self, name: str, value: float, *, ramp_ms: float | None = None, at: At | None = None) -> KnobSetAnswer:
        """Sets a knob, 0..1, over `ramp_ms`."""
        return cast("KnobSetAnswer", self._call("/knob/set", {"name": name, "value": value, "ramp_ms": ramp_ms, "at": at}))

    def knob_get(self, name: str) -> KnobGetAnswer:
        """Returns the value of a knob."""
        return cast("KnobGetAnswer", self._call("/knob/get", {"name": name}))

    def knob_list(self) -> KnobListAnswer:
        """Lists all knobs."""
        return cast("KnobListAnswer", self._call("/knob/list", {}))

    def knob_map(self, name: str, address: str | None = None, *, cc: int | None = None, channel: int | None = None, min: float | None = None, max: float | None = None, unmap: bool | None = None) -> KnobMapAnswer:
        """Lets plain messages to an OSC address that you choose, or a MIDI controller, set a knob; `min` and `max`: the range that the controller sends."""
        return cast("KnobMapAnswer", self._call("/knob/map", {"name": name, "address": address, "cc": cc, "channel": channel, "min": min, "max": max, "unmap": unmap}))

    def preset_recall(self, name: str, morph_ms: float | None = None, *, at: At | None = None) -> PresetRecallAnswer:
        """Sets all knobs and parameters of a preset, at once or over `morph_ms`: linearly, in exponential ranges geometrically."""
        return cast("PresetRecallAnswer", self._call("/preset/recall", {"name": name, "morph_ms": morph_ms, "at": at}))

    def preset_save(self, name: str) -> PresetSaveAnswer:
        """Saves the current values of all knobs and parameters as a preset."""
        return cast("PresetSaveAnswer", self._call("/preset/save", {"name": name}))

    def preset_list(self) -> PresetListAnswer:
        """Lists all presets."""
        return cast("PresetListAnswer", self._call("/preset/list", {}))

    def note_on(self, key: float, velocity: float, id: int | None = None, *, seconds: float | None = None, at: At | None = None) -> NoteOnAnswer:
        """Starts a note; `id` is a number that the client chooses. With `seconds` the note is released after that time."""
        return cast("NoteOnAnswer", self._call("/note/on", {"key": key, "velocity": velocity, "id": id, "seconds": seconds, "at": at}))

    def note_off(self, which: float | None = None, velocity: float | None = None, *, note: int | None = None, id: int | None = None, key: float | None = None, at: At | None = None) -> NoteOffAnswer:
        """Releases a note: `which` is tried in this order: an `id` of this client, a key 0..127, a handle (`note` in the reply of /note/on)."""
        return cast("NoteOffAnswer", self._call("/note/off", {"which": which, "velocity": velocity, "note": note, "id": id, "key": key, "at": at}))

    def note_set(self, which: float | None = None, what: str | None = None, value: float | None = None, *, note: int | None = None, id: int | None = None, bend: float | None = None, pressure: float | None = None, timbre: float | None = None, key: float | None = None, velocity: float | None = None, gate: float | None = None, node: str | None = None, param: str | None = None, ramp_ms: float | None = None, at: At | None = None) -> NoteSetAnswer:
        """Changes one note: bend (semitones), pressure, timbre, key, velocity, or its own `value` of the parameter `param` of `node`; `gate` of a reserved voice."""
        return cast("NoteSetAnswer", self._call("/note/set", {"which": which, "what": what, "value": value, "note": note, "id": id, "bend": bend, "pressure": pressure, "timbre": timbre, "key": key, "velocity": velocity, "gate": gate, "node": node, "param": param, "ramp_ms": ramp_ms, "at": at}))

    def note_control(self, what: str, value: float, *, at: At | None = None) -> NoteControlAnswer:
        """Sets a controller for all notes: bend (-1..1), pressure, timbre, sustain, sostenuto."""
        return cast("NoteControlAnswer", self._call("/note/control", {"what": what, "value": value, "at": at}))

    def note_all_off(self, *, at: At | None = None) -> NoteAllOffAnswer:
        """Releases all notes."""
        return cast("NoteAllOffAnswer", self._call("/note/all_off", {"at": at}))

    def voice_alloc(self, key: float | None = None, id: int | None = None) -> VoiceAllocAnswer:
        """Reserves a voice without a note, for /note/set to play; `buses`: a bus for each of its output ports, by node and port."""
        return cast("VoiceAllocAnswer", self._call("/voice/alloc", {"key": key, "id": id}))

    def voice_free(self, voice: int, *, at: At | None = None) -> VoiceFreeAnswer:
        """Frees a reserved voice."""
        return cast("VoiceFreeAnswer", self._call("/voice/free", {"voice": voice, "at": at}))

    def voice_list(self) -> VoiceListAnswer:
        """Lists sounding notes and reserved voices."""
        return cast("VoiceListAnswer", self._call("/voice/list", {}))

    def bus_new(self, kind: str | None = None, name: str | None = None, *, node: str | None = None, port: str | None = None, voice: int | None = None) -> BusNewAnswer:
        """Creates an audio or control bus for `bus.in` and `bus.out` nodes, or one that taps an output port of a node, of one voice or summed over all."""
        return cast("BusNewAnswer", self._call("/bus/new", {"kind": kind, "name": name, "node": node, "port": port, "voice": voice}))

    def bus_free(self, bus: int) -> Nothing:
        """Frees a bus."""
        return cast("Nothing", self._call("/bus/free", {"bus": bus}))

    def bus_set(self, bus: int, value: float) -> BusSetAnswer:
        """Sets the value of a control bus, reached within one block."""
        return cast("BusSetAnswer", self._call("/bus/set", {"bus": bus, "value": value}))

    def bus_get(self, bus: int) -> BusGetAnswer:
        """Returns the kind and owner of a bus, and its current level."""
        return cast("BusGetAnswer", self._call("/bus/get", {"bus": bus}))

    def bus_list(self) -> BusListAnswer:
        """Lists all buses."""
        return cast("BusListAnswer", self._call("/bus/list", {}))

    def bus_tap(self, bus: int, every: int | None = None, ms: int | None = None) -> BusTapAnswer:
        """Streams a bus to this client every 50 ms (or `ms`), as `/tap ,ib bus map`: peak, rms and the samples (float32) of every `every`-th frame."""
        return cast("BusTapAnswer", self._call("/bus/tap", {"bus": bus, "every": every, "ms": ms}))

    def bus_untap(self, bus: int) -> Nothing:
        """Stops streaming a bus."""
        return cast("Nothing", self._call("/bus/untap", {"bus": bus}))

    def module_list(self) -> ModuleListAnswer:
        """Lists all modules."""
        return cast("ModuleListAnswer", self._call("/module/list", {}))

    def module_get(self, name: str) -> ModuleGetAnswer:
        """Describes one module."""
        return cast("ModuleGetAnswer", self._call("/module/get", {"name": name}))

    def record_start(self, file: str, *, bus: int | None = None, format: str | None = None, seconds: float | None = None, folders: bool | None = None) -> RecordStartAnswer:
        """Records the output, or a bus, into a .wav or .flac below the root; format float, pcm24 or pcm16."""
        return cast("RecordStartAnswer", self._call("/record/start", {"file": file, "bus": bus, "format": format, "seconds": seconds, "folders": folders}))

    def record_stop(self, file: str | None = None) -> RecordStopAnswer:
        """Stops a recording, or all."""
        return cast("RecordStopAnswer", self._call("/record/stop", {"file": file}))

    def record_status(self) -> RecordStatusAnswer:
        """Lists running recordings: frames written, on disk, dropped."""
        return cast("RecordStatusAnswer", self._call("/record/status", {}))

    def midi_list(self) -> MidiListAnswer:
        """Available and connected MIDI inputs. JACK messages play a constant `ahead_frames` after their own frame; `late` counts messages that missed that time."""
        return cast("MidiListAnswer", self._call("/midi/list", {}))

    def midi_connect(self, port: str, channel: int | None = None) -> MidiConnectAnswer:
        """Connects a MIDI input (its name, part of the name, or its number) to a synth; `channel` 1..16, default all."""
        return cast("MidiConnectAnswer", self._call("/midi/connect", {"port": port, "channel": channel}))

    def midi_disconnect(self, port: str) -> Nothing:
        """Disconnects a MIDI input."""
        return cast("Nothing", self._call("/midi/disconnect", {"port": port}))

    def state_get(self) -> StateGetAnswer:
        """Returns the whole state as one map: synths, patches with live values, controller maps."""
        return cast("StateGetAnswer", self._call("/state/get", {}))

    def state_save(self, file: str) -> StateSaveAnswer:
        """Saves the state to a file below the root."""
        return cast("StateSaveAnswer", self._call("/state/save", {"file": file}))

    def state_load(self, file: str | None = None, *, state: dict[str, Any] | None = None) -> StateLoadAnswer:
        """Loads a state; its synths replace all existing ones."""
        return cast("StateLoadAnswer", self._call("/state/load", {"file": file, "state": state}))


class AsyncCommands:
    """Each command once, with typed arguments and answers; arguments that are None are not sent."""

    def _call(self, address: str, arguments: dict[str, Any]) -> Any:
        raise NotImplementedError

    def hello(self, *, proto: int | None = None, client: str | None = None, token: str | None = None, session: str | None = None, late: str | None = None) -> Awaitable[HelloAnswer]:
        """Introduces a client and authenticates it by `token` and, for UDP from other machines, by the `session` of the previous reply. `late` selects what happens to late events: play, drop or error."""
        return cast("Awaitable[HelloAnswer]", self._call("/hello", {"proto": proto, "client": client, "token": token, "session": session, "late": late}))

    def ping(self) -> Awaitable[PingAnswer]:
        """Replies at once."""
        return cast("Awaitable[PingAnswer]", self._call("/ping", {}))

    def sync(self) -> Awaitable[SyncAnswer]:
        """Replies when all earlier requests of this client have taken effect in the sound."""
        return cast("Awaitable[SyncAnswer]", self._call("/sync", {}))

    def clock(self) -> Awaitable[ClockAnswer]:
        """Returns the frame, the monotonic clock and the wall clock of one moment."""
        return cast("Awaitable[ClockAnswer]", self._call("/clock", {}))

    def status(self) -> Awaitable[StatusAnswer]:
        """Returns the server's status: load, peaks (since this client's last request, and over the last second), counts."""
        return cast("Awaitable[StatusAnswer]", self._call("/status", {}))

    def subscribe(self, topics: Sequence[str] = ()) -> Awaitable[SubscribeAnswer]:
        """Subscribes to notices of these topics, or of all except meter: note voice patch knob xrun late nan device log meter client."""
        return cast("Awaitable[SubscribeAnswer]", self._call("/subscribe", {"topics": list(topics)}))

    def unsubscribe(self, topics: Sequence[str] = ()) -> Awaitable[UnsubscribeAnswer]:
        """Unsubscribes from these topics, or from all."""
        return cast("Awaitable[UnsubscribeAnswer]", self._call("/unsubscribe", {"topics": list(topics)}))

    def command_list(self) -> Awaitable[CommandListAnswer]:
        """Returns this table."""
        return cast("Awaitable[CommandListAnswer]", self._call("/command/list", {}))

    def panic(self) -> Awaitable[PanicAnswer]:
        """Silences everything within one block, drones too, until the next load, note or gate of a reserved voice."""
        return cast("Awaitable[PanicAnswer]", self._call("/panic", {}))

    def quit(self) -> Awaitable[Nothing]:
        """Fades out, saves the state and stops the server."""
        return cast("Awaitable[Nothing]", self._call("/quit", {}))

    def synth_new(self, name: str, *, fader: float | None = None, output: int | None = None) -> Awaitable[SynthNewAnswer]:
        """Creates a synth without a patch; `output`: the device channel, from 0, of its first output."""
        return cast("Awaitable[SynthNewAnswer]", self._call("/synth/new", {"name": name, "fader": fader, "output": output}))

    def synth_free(self, name: str) -> Awaitable[Nothing]:
        """Fades a synth out and frees it."""
        return cast("Awaitable[Nothing]", self._call("/synth/free", {"name": name}))

    def synth_list(self) -> Awaitable[SynthListAnswer]:
        """Lists all synths, with the same keys as /status."""
        return cast("Awaitable[SynthListAnswer]", self._call("/synth/list", {}))

    def synth_fader(self, name: str, value: float) -> Awaitable[SynthFaderAnswer]:
        """Sets the gain of a synth's output, 0..4; at 1 its samples are unchanged."""
        return cast("Awaitable[SynthFaderAnswer]", self._call("/synth/fader", {"name": name, "value": value}))

    def patch_load(self, file: str | None = None, *, patch: dict[str, Any] | None = None, text: str | None = None, format: str | None = None, fade_ms: float | None = None, rev: int | None = None, at: At | None = None) -> Awaitable[PatchLoadAnswer]:
        """Loads a patch: a file below the root, a map, or text in a format (json, sexp). Unchanged nodes keep their state."""
        return cast("Awaitable[PatchLoadAnswer]", self._call("/patch/load", {"file": file, "patch": patch, "text": text, "format": format, "fade_ms": fade_ms, "rev": rev, "at": at}))

    def patch_edit(self, *, ops: list[Any] | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[PatchEditAnswer]:
        """Applies a list of operations, all or nothing; `undo` in the reply is the inverse edit."""
        return cast("Awaitable[PatchEditAnswer]", self._call("/patch/edit", {"ops": ops, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_add(self, id: str, type: str, *, params: dict[str, Any] | None = None, scope: str | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[PatchAddAnswer]:
        """Adds a node."""
        return cast("Awaitable[PatchAddAnswer]", self._call("/patch/add", {"id": id, "type": type, "params": params, "scope": scope, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_remove(self, id: str, *, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[PatchRemoveAnswer]:
        """Removes a node and its cables."""
        return cast("Awaitable[PatchRemoveAnswer]", self._call("/patch/remove", {"id": id, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_connect(self, from_: str, port: str, to: str, to_port: str, amount: float | None = None, *, as_: str | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[PatchConnectAnswer]:
        """Adds a cable. For a cable from a knob leave `port` empty."""
        return cast("Awaitable[PatchConnectAnswer]", self._call("/patch/connect", {"from": from_, "port": port, "to": to, "to_port": to_port, "amount": amount, "as": as_, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_disconnect(self, from_: str, port: str, to: str, to_port: str, *, nth: int | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[PatchDisconnectAnswer]:
        """Removes a cable."""
        return cast("Awaitable[PatchDisconnectAnswer]", self._call("/patch/disconnect", {"from": from_, "port": port, "to": to, "to_port": to_port, "nth": nth, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def patch_undo(self, *, fade_ms: float | None = None) -> Awaitable[PatchUndoAnswer]:
        """Undoes the last edit."""
        return cast("Awaitable[PatchUndoAnswer]", self._call("/patch/undo", {"fade_ms": fade_ms}))

    def patch_redo(self, *, fade_ms: float | None = None) -> Awaitable[PatchRedoAnswer]:
        """Redoes the last undone edit."""
        return cast("Awaitable[PatchRedoAnswer]", self._call("/patch/redo", {"fade_ms": fade_ms}))

    def patch_cancel(self, scheduled: int) -> Awaitable[Nothing]:
        """Cancels a scheduled edit."""
        return cast("Awaitable[Nothing]", self._call("/patch/cancel", {"scheduled": scheduled}))

    def patch_check(self, *, patch: dict[str, Any] | None = None, text: str | None = None, format: str | None = None, file: str | None = None, ops: list[Any] | None = None) -> Awaitable[PatchCheckAnswer]:
        """Validates a patch or edit without applying it; `cost`: load of one core of this machine, at rest and per voice."""
        return cast("Awaitable[PatchCheckAnswer]", self._call("/patch/check", {"patch": patch, "text": text, "format": format, "file": file, "ops": ops}))

    def patch_get(self, *, format: str | None = None, written: bool | None = None) -> Awaitable[PatchGetAnswer]:
        """Returns the patch with its live values, as a map or as text in a format (json, sexp); `written` in the request: with the values that were loaded and edited instead."""
        return cast("Awaitable[PatchGetAnswer]", self._call("/patch/get", {"format": format, "written": written}))

    def patch_profile(self, on: bool | None = None) -> Awaitable[PatchProfileAnswer]:
        """Switches the measuring of modules on or off; returns nanoseconds per module type since it was switched on."""
        return cast("Awaitable[PatchProfileAnswer]", self._call("/patch/profile", {"on": on}))

    def patch_disasm(self) -> Awaitable[PatchDisasmAnswer]:
        """Returns the compiled program as text."""
        return cast("Awaitable[PatchDisasmAnswer]", self._call("/patch/disasm", {}))

    def param_set(self, node: str, param: str, value: float, *, ramp_ms: float | None = None, at: At | None = None) -> Awaitable[ParamSetAnswer]:
        """Sets a parameter of all voices, in its unit, over `ramp_ms`."""
        return cast("Awaitable[ParamSetAnswer]", self._call("/param/set", {"node": node, "param": param, "value": value, "ramp_ms": ramp_ms, "at": at}))

    def param_get(self, node: str, param: str) -> Awaitable[ParamGetAnswer]:
        """Returns the value and the description of a parameter; `written` in the reply: whether the document or a client has set it."""
        return cast("Awaitable[ParamGetAnswer]", self._call("/param/get", {"node": node, "param": param}))

    def param_list(self, node: str) -> Awaitable[ParamListAnswer]:
        """Lists all parameters of a node."""
        return cast("Awaitable[ParamListAnswer]", self._call("/param/list", {"node": node}))

    def knob_new(self, name: str, value: float | None = None, *, range: list[Any] | None = None, scale: str | None = None, unit: str | None = None, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[KnobNewAnswer]:
        """Adds a knob, or changes one."""
        return cast("Awaitable[KnobNewAnswer]", self._call("/knob/new", {"name": name, "value": value, "range": range, "scale": scale, "unit": unit, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def knob_free(self, name: str, *, rev: int | None = None, fade_ms: float | None = None, at: At | None = None) -> Awaitable[KnobFreeAnswer]:
        """Removes a knob and its cables."""
        return cast("Awaitable[KnobFreeAnswer]", self._call("/knob/free", {"name": name, "rev": rev, "fade_ms": fade_ms, "at": at}))

    def knob_set(self, name: str, value: float, *, ramp_ms: float | None = None, at: At | None = None) -> Awaitable[KnobSetAnswer]:
        """Sets a knob, 0..1, over `ramp_ms`."""
        return cast("Awaitable[KnobSetAnswer]", self._call("/knob/set", {"name": name, "value": value, "ramp_ms": ramp_ms, "at": at}))

    def knob_get(self, name: str) -> Awaitable[KnobGetAnswer]:
        """Returns the value of a knob."""
        return cast("Awaitable[KnobGetAnswer]", self._call("/knob/get", {"name": name}))

    def knob_list(self) -> Awaitable[KnobListAnswer]:
        """Lists all knobs."""
        return cast("Awaitable[KnobListAnswer]", self._call("/knob/list", {}))

    def knob_map(self, name: str, address: str | None = None, *, cc: int | None = None, channel: int | None = None, min: float | None = None, max: float | None = None, unmap: bool | None = None) -> Awaitable[KnobMapAnswer]:
        """Lets plain messages to an OSC address that you choose, or a MIDI controller, set a knob; `min` and `max`: the range that the controller sends."""
        return cast("Awaitable[KnobMapAnswer]", self._call("/knob/map", {"name": name, "address": address, "cc": cc, "channel": channel, "min": min, "max": max, "unmap": unmap}))

    def preset_recall(self, name: str, morph_ms: float | None = None, *, at: At | None = None) -> Awaitable[PresetRecallAnswer]:
        """Sets all knobs and parameters of a preset, at once or over `morph_ms`: linearly, in exponential ranges geometrically."""
        return cast("Awaitable[PresetRecallAnswer]", self._call("/preset/recall", {"name": name, "morph_ms": morph_ms, "at": at}))

    def preset_save(self, name: str) -> Awaitable[PresetSaveAnswer]:
        """Saves the current values of all knobs and parameters as a preset."""
        return cast("Awaitable[PresetSaveAnswer]", self._call("/preset/save", {"name": name}))

    def preset_list(self) -> Awaitable[PresetListAnswer]:
        """Lists all presets."""
        return cast("Awaitable[PresetListAnswer]", self._call("/preset/list", {}))

    def note_on(self, key: float, velocity: float, id: int | None = None, *, seconds: float | None = None, at: At | None = None) -> Awaitable[NoteOnAnswer]:
        """Starts a note; `id` is a number that the client chooses. With `seconds` the note is released after that time."""
        return cast("Awaitable[NoteOnAnswer]", self._call("/note/on", {"key": key, "velocity": velocity, "id": id, "seconds": seconds, "at": at}))

    def note_off(self, which: float | None = None, velocity: float | None = None, *, note: int | None = None, id: int | None = None, key: float | None = None, at: At | None = None) -> Awaitable[NoteOffAnswer]:
        """Releases a note: `which` is tried in this order: an `id` of this client, a key 0..127, a handle (`note` in the reply of /note/on)."""
        return cast("Awaitable[NoteOffAnswer]", self._call("/note/off", {"which": which, "velocity": velocity, "note": note, "id": id, "key": key, "at": at}))

    def note_set(self, which: float | None = None, what: str | None = None, value: float | None = None, *, note: int | None = None, id: int | None = None, bend: float | None = None, pressure: float | None = None, timbre: float | None = None, key: float | None = None, velocity: float | None = None, gate: float | None = None, node: str | None = None, param: str | None = None, ramp_ms: float | None = None, at: At | None = None) -> Awaitable[NoteSetAnswer]:
        """Changes one note: bend (semitones), pressure, timbre, key, velocity, or its own `value` of the parameter `param` of `node`; `gate` of a reserved voice."""
        return cast("Awaitable[NoteSetAnswer]", self._call("/note/set", {"which": which, "what": what, "value": value, "note": note, "id": id, "bend": bend, "pressure": pressure, "timbre": timbre, "key": key, "velocity": velocity, "gate": gate, "node": node, "param": param, "ramp_ms": ramp_ms, "at": at}))

    def note_control(self, what: str, value: float, *, at: At | None = None) -> Awaitable[NoteControlAnswer]:
        """Sets a controller for all notes: bend (-1..1), pressure, timbre, sustain, sostenuto."""
        return cast("Awaitable[NoteControlAnswer]", self._call("/note/control", {"what": what, "value": value, "at": at}))

    def note_all_off(self, *, at: At | None = None) -> Awaitable[NoteAllOffAnswer]:
        """Releases all notes."""
        return cast("Awaitable[NoteAllOffAnswer]", self._call("/note/all_off", {"at": at}))

    def voice_alloc(self, key: float | None = None, id: int | None = None) -> Awaitable[VoiceAllocAnswer]:
        """Reserves a voice without a note, for /note/set to play; `buses`: a bus for each of its output ports, by node and port."""
        return cast("Awaitable[VoiceAllocAnswer]", self._call("/voice/alloc", {"key": key, "id": id}))

    def voice_free(self, voice: int, *, at: At | None = None) -> Awaitable[VoiceFreeAnswer]:
        """Frees a reserved voice."""
        return cast("Awaitable[VoiceFreeAnswer]", self._call("/voice/free", {"voice": voice, "at": at}))

    def voice_list(self) -> Awaitable[VoiceListAnswer]:
        """Lists sounding notes and reserved voices."""
        return cast("Awaitable[VoiceListAnswer]", self._call("/voice/list", {}))

    def bus_new(self, kind: str | None = None, name: str | None = None, *, node: str | None = None, port: str | None = None, voice: int | None = None) -> Awaitable[BusNewAnswer]:
        """Creates an audio or control bus for `bus.in` and `bus.out` nodes, or one that taps an output port of a node, of one voice or summed over all."""
        return cast("Awaitable[BusNewAnswer]", self._call("/bus/new", {"kind": kind, "name": name, "node": node, "port": port, "voice": voice}))

    def bus_free(self, bus: int) -> Awaitable[Nothing]:
        """Frees a bus."""
        return cast("Awaitable[Nothing]", self._call("/bus/free", {"bus": bus}))

    def bus_set(self, bus: int, value: float) -> Awaitable[BusSetAnswer]:
        """Sets the value of a control bus, reached within one block."""
        return cast("Awaitable[BusSetAnswer]", self._call("/bus/set", {"bus": bus, "value": value}))

    def bus_get(self, bus: int) -> Awaitable[BusGetAnswer]:
        """Returns the kind and owner of a bus, and its current level."""
        return cast("Awaitable[BusGetAnswer]", self._call("/bus/get", {"bus": bus}))

    def bus_list(self) -> Awaitable[BusListAnswer]:
        """Lists all buses."""
        return cast("Awaitable[BusListAnswer]", self._call("/bus/list", {}))

    def bus_tap(self, bus: int, every: int | None = None, ms: int | None = None) -> Awaitable[BusTapAnswer]:
        """Streams a bus to this client every 50 ms (or `ms`), as `/tap ,ib bus map`: peak, rms and the samples (float32) of every `every`-th frame."""
        return cast("Awaitable[BusTapAnswer]", self._call("/bus/tap", {"bus": bus, "every": every, "ms": ms}))

    def bus_untap(self, bus: int) -> Awaitable[Nothing]:
        """Stops streaming a bus."""
        return cast("Awaitable[Nothing]", self._call("/bus/untap", {"bus": bus}))

    def module_list(self) -> Awaitable[ModuleListAnswer]:
        """Lists all modules."""
        return cast("Awaitable[ModuleListAnswer]", self._call("/module/list", {}))

    def module_get(self, name: str) -> Awaitable[ModuleGetAnswer]:
        """Describes one module."""
        return cast("Awaitable[ModuleGetAnswer]", self._call("/module/get", {"name": name}))

    def record_start(self, file: str, *, bus: int | None = None, format: str | None = None, seconds: float | None = None, folders: bool | None = None) -> Awaitable[RecordStartAnswer]:
        """Records the output, or a bus, into a .wav or .flac below the root; format float, pcm24 or pcm16."""
        return cast("Awaitable[RecordStartAnswer]", self._call("/record/start", {"file": file, "bus": bus, "format": format, "seconds": seconds, "folders": folders}))

    def record_stop(self, file: str | None = None) -> Awaitable[RecordStopAnswer]:
        """Stops a recording, or all."""
        return cast("Awaitable[RecordStopAnswer]", self._call("/record/stop", {"file": file}))

    def record_status(self) -> Awaitable[RecordStatusAnswer]:
        """Lists running recordings: frames written, on disk, dropped."""
        return cast("Awaitable[RecordStatusAnswer]", self._call("/record/status", {}))

    def midi_list(self) -> Awaitable[MidiListAnswer]:
        """Available and connected MIDI inputs. JACK messages play a constant `ahead_frames` after their own frame; `late` counts messages that missed that time."""
        return cast("Awaitable[MidiListAnswer]", self._call("/midi/list", {}))

    def midi_connect(self, port: str, channel: int | None = None) -> Awaitable[MidiConnectAnswer]:
        """Connects a MIDI input (its name, part of the name, or its number) to a synth; `channel` 1..16, default all."""
        return cast("Awaitable[MidiConnectAnswer]", self._call("/midi/connect", {"port": port, "channel": channel}))

    def midi_disconnect(self, port: str) -> Awaitable[Nothing]:
        """Disconnects a MIDI input."""
        return cast("Awaitable[Nothing]", self._call("/midi/disconnect", {"port": port}))

    def state_get(self) -> Awaitable[StateGetAnswer]:
        """Returns the whole state as one map: synths, patches with live values, controller maps."""
        return cast("Awaitable[StateGetAnswer]", self._call("/state/get", {}))

    def state_save(self, file: str) -> Awaitable[StateSaveAnswer]:
        """Saves the state to a file below the root."""
        return cast("Awaitable[StateSaveAnswer]", self._call("/state/save", {"file": file}))

    def state_load(self, file: str | None = None, *, state: dict[str, Any] | None = None) -> Awaitable[StateLoadAnswer]:
        """Loads a state; its synths replace all existing ones."""
        return cast("Awaitable[StateLoadAnswer]", self._call("/state/load", {"file": file, "state": state}))
