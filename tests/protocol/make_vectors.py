#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_vectors -- writes vectors.json: the protocol's byte examples, each with what a server says to it.

usage: make_vectors.py > vectors.json
"""
import json
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "server"))
from wire import PATCH, bundle, message, pack, request, slip

vectors = []


def vector(name, meaning, data, **more): vectors.append({"name": name, "meaning": meaning, "bytes": data.hex(), **more})


def packet(name, meaning, data, expect): vector(name, meaning, data, kind="packet", expect=expect)


def payload(name, meaning, data, expect): vector(name, meaning, data, kind="payload", expect=expect)


def frame(name, meaning, data, packets): vector(name, meaning, data, kind="frames", packets=[p.hex() for p in packets])


# what is expected: "nothing", "done", or the code of a /fail; of bundles with requests a list by id
packet("plain", "/knob/set ,sf cutoff 0.7: no answer, since it succeeds", message("/knob/set", "cutoff", 0.7), "nothing")
packet("plain integers", "a number may be i f d h", message("/note/on", 60, 1), "nothing")
packet("plain double", "the same as d", b"/note/on\0\0\0\0,dd\0" + struct.pack(">dd", 60.5, 0.5), "nothing")
packet("plain failure", "an unknown knob: /fail with id 0", message("/knob/set", "cutof", 0.7), "not-found")
packet("request", "/ping ,ib 17 {}", request(17, "/ping"), "done")
packet("request with arguments", "/note/on ,ib 18 {key, velocity}", request(18, "/note/on", key=60, velocity=0.5), "done")
packet("document", "/patch/load ,ib 19 {patch}", request(19, "/patch/load", patch=PATCH), "done")
packet("edit", "/patch/edit ,ib 20 {ops}", request(20, "/patch/edit", ops=[{"op": "set", "id": "filt", "param": "res", "value": 0.4}]), "done")
packet("of a synth", "a prefix names the synth; main is the one without", request(21, "/synth/main/ping"), "not-found")
packet("of main by name", "/synth/main/knob/set is /knob/set", message("/synth/main/knob/set", "cutoff", 0.5), "nothing")
packet("missing argument", "bad-type names it", request(22, "/note/on", key=60), "bad-type")
packet("unknown argument", "bad-value, with a hint", request(23, "/note/on", key=60, velocty=0.5), "bad-value")
packet("left alone", "keys that begin with x-", request(24, "/note/on", key=60, velocity=0.5, **{"x-colour": "red"}), "done")
packet("out of range", "bad-value with got and want", request(25, "/note/on", key=60, velocity=2), "bad-value")
packet("nil", "a nil value is as if it were not there", request(26, "/note/on", key=60, velocity=0.5, id=None), "done")
packet("bundle", "two notes at one frame", bundle(message("/note/on", 60, 0.5), message("/note/on", 64, 0.5)), "nothing")
packet("bundle that fails", "nothing of it is applied; one /fail with the index", bundle(message("/note/on", 60, 0.5), message("/knob/set", "none", 0.5)), "not-found")
packet("empty bundle", "is nothing", bundle(), "nothing")
packet("late bundle", "a time tag in the past: at once", bundle(message("/note/on", 60, 0.5), time=2), "nothing")
packet("nested bundle of another time", "all of a bundle takes effect at once", bundle(bundle(message("/ping"), time=99 << 32), time=98 << 32), "bad-value")
packet("pattern", "addresses are matched exactly", message("/knob/*", 1), "bad-value")
packet("unknown", "no such command", message("/nothing"), "not-found")
packet("padding", "what stands after a blob up to four bytes is not looked at", request(27, "/ping")[:-3] + b"not", "done")
packet("array tags", "are not read", b"/ping\0\0\0,[i]\0\0\0\0\0\0\0\1", "bad-packet")
packet("short", "no multiple of four bytes", b"/ping\0\0", "bad-packet")
packet("empty", "no bytes at all over UDP are ignored; a packet of four zeros is not", b"\0\0\0\0", "bad-packet")

payload("empty map", "80", b"\x80", "ok")
payload("sorted", "keys of answers are sorted by bytes", pack({"key": 60, "velocity": 0.5}), "ok")
payload("float 32", "and 64 are numbers", b"\x82\xa3key\xca\x42\x70\0\0\xa8velocity\x00", "ok")
payload("no map", "the payload of a request is a map", b"\x93\x01\x02\x03", "bad-type")
payload("trailing", "bytes after the value", b"\x80\xc0", "bad-packet")
payload("truncated", "the value ends too early", b"\x81\xa3key", "bad-packet")
payload("huge count", "more values are declared than there are bytes", b"\xdf\x7f\xff\xff\xff", "bad-packet")
payload("key twice", "is refused, at any depth", b"\x82\xa3key\x01\xa3key\x02", "bad-value")
payload("key no string", "is refused", b"\x81\x01\x02", "bad-type")
payload("NaN", "is refused", b"\x82\xa3key\xca\x7f\xc0\0\0\xa8velocity\x00", "bad-value")
payload("infinity", "is refused", b"\x82\xa3key\xcb\x7f\xf0\0\0\0\0\0\0\xa8velocity\x00", "bad-value")
payload("overlong UTF-8", "is refused", b"\x81\xa4x-\xc0\x80\x01", "bad-packet")
payload("surrogate", "is no character", b"\x81\xa5x-\xed\xa0\x80\x01", "bad-packet")
payload("character 0", "is refused", b"\x81\xa3x-\0\x01", "bad-packet")
payload("extension", "types are refused", b"\x81\xa3x-e\xd4\x01\x00", "bad-packet")
payload("bin", "is read where bytes are wanted, and left alone under x-", b"\x81\xa3x-b\xc4\x02\x01\x02", "ok")
payload("deep", "sixteen levels", b"\x81\xa3x-d" + b"\x91" * 15 + b"\x01", "ok")
payload("too deep", "seventeen", b"\x81\xa3x-d" + b"\x91" * 16 + b"\x01", "limit")

ping = message("/ping")
frame("length", "4 bytes of length, big-endian, then the packet", struct.pack(">I", len(ping)) + ping, [ping])
frame("two lengths", "one after another", (struct.pack(">I", len(ping)) + ping) * 2, [ping, ping])
frame("slip", "END, the packet, END: the first byte tells", slip(ping), [ping])
escapes = message("/x", bytes([0xC0, 0xDB, 0xDC, 0xDD]))
frame("slip escapes", "C0 is DB DC, DB is DB DD", slip(escapes), [escapes])

print("[\n" + ",\n".join(" " + json.dumps(v) for v in vectors) + "\n]")
