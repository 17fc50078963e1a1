# SPDX-License-Identifier: MIT
"""wire -- a client's side of the protocol in nothing but Python's own library: OSC, MessagePack, framings, a server to talk to."""
import contextlib
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

NOW = 1


# ---- MessagePack ----------------------------------------------------------------------------------
def pack(value):
    if value is None: return b"\xc0"
    if isinstance(value, bool): return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 128: return bytes([value])
        if -32 <= value < 0: return bytes([value + 256])
        return (b"\xcf" + struct.pack(">Q", value)) if value >= 0 else (b"\xd3" + struct.pack(">q", value))
    if isinstance(value, float): return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, bytes): return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, str):
        data = value.encode()
        return (bytes([0xa0 | len(data)]) if len(data) < 32 else b"\xdb" + struct.pack(">I", len(data))) + data
    if isinstance(value, (list, tuple)):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdd" + struct.pack(">I", len(value))
        return head + b"".join(map(pack, value))
    head = bytes([0x80 | len(value)]) if len(value) < 16 else b"\xdf" + struct.pack(">I", len(value))
    return head + b"".join(pack(k) + pack(v) for k, v in value.items())


def unpack(data, at=0):
    """One value, and where it ends."""
    kind = data[at]
    at += 1

    def number(form):
        return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)

    def many(count, at):
        items = []
        for _ in range(count):
            item, at = unpack(data, at)
            items.append(item)
        return items, at

    def table(count, at):
        items, at = many(2 * count, at)
        assert items[::2] == sorted(items[::2], key=lambda k: k.encode()), "keys are not sorted"
        return dict(zip(items[::2], items[1::2])), at

    if kind < 0x80: return kind, at
    if kind >= 0xe0: return kind - 256, at
    if kind < 0x90: return table(kind & 15, at)
    if kind < 0xa0: return many(kind & 15, at)
    if kind < 0xc0: return data[at:at + (kind & 31)].decode(), at + (kind & 31)
    if kind in (0xc0, 0xc2, 0xc3): return {0xc0: None, 0xc2: False, 0xc3: True}[kind], at
    forms = {0xca: ">f", 0xcb: ">d", 0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q", 0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q"}
    if kind in forms: return number(forms[kind])
    count, at = number({0xc4: ">B", 0xc5: ">H", 0xc6: ">I", 0xd9: ">B", 0xda: ">H", 0xdb: ">I",
                        0xdc: ">H", 0xdd: ">I", 0xde: ">H", 0xdf: ">I"}[kind])
    if kind in (0xc4, 0xc5, 0xc6): return data[at:at + count], at + count
    if kind in (0xd9, 0xda, 0xdb): return data[at:at + count].decode(), at + count
    return many(count, at) if kind in (0xdc, 0xdd) else table(count, at)


# ---- OSC ------------------------------------------------------------------------------------------
def text(value):
    data = value.encode() if isinstance(value, str) else value
    return data + b"\0" * (4 - len(data) % 4)


def message(address, *arguments):
    tags, body = ",", b""
    for a in arguments:
        if isinstance(a, bool): tags += "T" if a else "F"
        elif isinstance(a, int):
            long = not -2**31 <= a < 2**31
            tags += "h" if long else "i"
            body += struct.pack(">q" if long else ">i", a)
        elif isinstance(a, float): tags += "f"; body += struct.pack(">f", a)
        elif isinstance(a, str): tags += "s"; body += text(a)
        else: tags += "b"; body += struct.pack(">i", len(a)) + bytes(a) + b"\0" * (-len(a) % 4)
    return text(address) + text(tags) + body


def raw(address, types, *arguments):
    """A message with the OSC types that it is given."""
    forms, left, body = {"i": ">i", "h": ">q", "f": ">f", "d": ">d"}, list(arguments), b""
    for kind in types:
        if kind in forms: body += struct.pack(forms[kind], left.pop(0))
        elif kind == "s": body += text(left.pop(0))
    return text(address) + text("," + types) + body


def request(number, address, /, **arguments):
    return message(address, number, pack(arguments))


def bundle(*packets, time=NOW):
    return b"#bundle\0" + struct.pack(">Q", time) + b"".join(struct.pack(">i", len(p)) + p for p in packets)


def read_text(data, at):
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 4 - (end - at) % 4


def parse(packet):
    """Address and arguments; blobs are unpacked."""
    address, at = read_text(packet, 0)
    tags, at = read_text(packet, at)
    values = []
    for tag in tags[1:]:
        if tag == "i": values.append(struct.unpack_from(">i", packet, at)[0]); at += 4
        elif tag == "h": values.append(struct.unpack_from(">q", packet, at)[0]); at += 8
        elif tag == "f": values.append(struct.unpack_from(">f", packet, at)[0]); at += 4
        elif tag == "d": values.append(struct.unpack_from(">d", packet, at)[0]); at += 8
        elif tag == "s": value, at = read_text(packet, at); values.append(value)
        elif tag == "b":
            size = struct.unpack_from(">i", packet, at)[0]
            values.append(unpack(packet[at + 4:at + 4 + size])[0])
            at += 4 + size + -size % 4
    assert at == len(packet), (address, tags, at, len(packet))
    return address, values


def slip(packet):
    return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


# ---- what the table of commands says of answers ----------------------------------------------------
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "map": dict, "list": list, "any": object}
rows = {}  # address -> row, once a server has told


def check_answer(address, answer):
    """That it is what the table says, neither more nor less."""
    if rows: check_map(address, answer, rows[address]["answer"])


def check_map(place, told, table):
    keys = {a["key"]: a for a in table}
    for key, value in told.items():
        assert key in keys, f"{place}: `{key}` is not in the table: {told}"
        check_value(f"{place} {key}", value, keys[key])
    for key, row in keys.items(): assert row["optional"] or key in told, f"{place}: no `{key}`: {str(told)[:500]}"


def check_value(place, value, row):
    kind, holds = row["type"], row.get("holds")
    assert isinstance(value, TYPES[kind]) and (kind == "boolean" or value is not True), f"{place} is {value!r}"
    if not holds: return
    for one in {"map": [value], "names": value.values() if kind == "map" else [], "list": value}[holds["form"]]:
        if holds["keys"][0]["key"]: check_map(place, one, holds["keys"])
        else: check_value(place, one, holds["keys"][0])


class Failed(Exception):
    def __init__(self, command, code, details):
        super().__init__(f"{command}: {code} {details}")
        self.code, self.details = code, details


# ---- a client -------------------------------------------------------------------------------------
class Client:
    """Over a URL as the ready line tells it; `framing` is length or slip."""

    def __init__(self, url, framing="length", bind=None):
        kind, _, place = url.partition(":")
        self.kind, self.framing, self.data, self.again = kind, framing, b"", False
        self.next, self.notices, self.unasked, self.answers, self.progress, self.taps = 1, [], [], {}, [], []
        if kind == "unix":
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(place)
        else:
            host, port = place.strip("/").rsplit(":", 1)
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
            if bind: self.socket.bind(bind)
            self.socket.connect((host, int(port)))
            if kind == "tcp": self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if kind == "udp": self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def close(self): self.socket.close()

    def frame(self, packet):
        if self.kind == "udp": return packet
        return slip(packet) if self.framing == "slip" else struct.pack(">I", len(packet)) + packet

    def send(self, *packets):
        if self.kind == "udp":
            for packet in packets: self.socket.send(packet)
        else:
            self.socket.sendall(b"".join(map(self.frame, packets)))

    def plain(self, address, *arguments): self.send(message(address, *arguments))

    def _packets(self):
        if self.framing == "slip":
            while b"\xc0" in self.data[1:]:
                end = self.data.index(b"\xc0", 1)
                packet, self.data = self.data[1:end], self.data[end + 1:]
                yield packet.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
            return
        at = 0
        while len(self.data) - at >= 4:
            size = struct.unpack_from(">I", self.data, at)[0]
            if len(self.data) - at < 4 + size: break
            yield self.data[at + 4:at + 4 + size]
            at += 4 + size
        self.data = self.data[at:]

    def receive(self, seconds):
        """Takes in what comes within the time; returns at the first packet. False: nothing came; None: closed."""
        if not select.select([self.socket], [], [], max(0, seconds))[0]: return False
        try: got = self.socket.recv(1 << 20)
        except ConnectionError: return None
        if not got: return None
        if self.kind == "udp": packets = [got]
        else:
            self.data += got
            packets = self._packets()
        for packet in packets:
            address, values = parse(packet)
            if address == "/notice": self.notices.append(tuple(values))
            elif address == "/tap": self.taps.append(tuple(values))
            elif address == "/progress": self.progress.append(tuple(values))
            elif values[0] == 0: self.unasked.append(values)
            else:
                assert self.again or values[0] not in self.answers, f"{values[0]} is answered twice"
                self.answers[values[0]] = (address, values)
        return True

    def ask(self, address, /, **arguments):
        """Sends a request; its number is for `answer`."""
        number = self.next
        self.next += 1
        self.send(request(number, address, **arguments))
        return number

    def answer(self, number, seconds=15):
        until = time.monotonic() + seconds
        while number not in self.answers:
            got = self.receive(until - time.monotonic())
            if got is None: raise ConnectionError("closed")
            if not got and time.monotonic() > until: raise TimeoutError(f"no answer to {number}")
        address, values = self.answers.pop(number)
        if address == "/fail": raise Failed(values[1], values[2], values[3])
        check_answer(values[1], values[2])
        return values[2]

    def call(self, address, /, **arguments): return self.answer(self.ask(address, **arguments))

    def fails(self, code, address, /, **arguments):
        """The details of the failure that must come."""
        try: done = self.call(address, **arguments)
        except Failed as failed:
            assert failed.code == code, f"{failed}, wanted {code}"
            return failed.details
        raise AssertionError(f"{address} {arguments} should fail with {code}, gave {done}")

    def told(self, count=1, seconds=5):
        """Waits for failures that were not asked for."""
        until = time.monotonic() + seconds
        while len(self.unasked) < count and time.monotonic() < until:
            if self.receive(until - time.monotonic()) is None: break
        self.settle(0.01)  # no more than that
        return self.unasked

    def settle(self, seconds=0.2):
        until = time.monotonic() + seconds
        while time.monotonic() < until: self.receive(until - time.monotonic())


# ---- a server -------------------------------------------------------------------------------------
class Server:
    """A real one, on no device, any port, in a folder of its own."""

    def __init__(self, program, *options, backend="dummy", folder=None, env=None, wait=True):
        self.folder = folder or tempfile.mkdtemp(prefix="megasynth-test-")
        self.own_folder = folder is None
        environment = dict(os.environ, XDG_RUNTIME_DIR=self.folder, XDG_STATE_HOME=self.folder + "/state",
                           XDG_DATA_HOME=self.folder + "/data", **(env or {}))
        self.log = open(self.folder + "/log", "ab")
        self.began = time.monotonic()
        self.process = subprocess.Popen([program, "--backend", backend, "--port", "0", "--root", self.folder, *options],
                                        stdout=subprocess.PIPE, stderr=self.log, env=environment)
        self.urls = {}
        if wait: self.wait_ready()

    def wait_ready(self):
        line = self.process.stdout.readline().decode()
        self.boot_seconds = time.monotonic() - self.began
        assert line.startswith("ready "), f"no ready line: {line!r}; {self.log_text()}"
        for url in line.split()[1:]: self.urls[url.partition(":")[0]] = url
        if not rows and "unix" in self.urls:
            client = self.client()
            rows.update({row["address"]: row for row in client.call("/command/list")["commands"]})
            client.close()

    def client(self, kind="unix", **how): return Client(self.urls[kind], **how)

    def log_text(self):
        with open(self.folder + "/log", errors="replace") as f: return f.read()

    def stop(self, seconds=10):
        """Ends it as a person would; returns the exit code."""
        if self.process.poll() is None: self.process.terminate()
        try: code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server does not end")
        finally:
            self.log.close()
        return code

    def __enter__(self): return self

    def __exit__(self, kind, *_):
        try:
            code = self.stop()
            if kind: print(self.log_text()[-4000:])
            assert kind or code == 0, f"ended with {code}: {self.log_text()[-4000:]}"
        finally:
            if self.own_folder: shutil.rmtree(self.folder, ignore_errors=True)


PATCH = {
    "name": "beep", "voices": 4,
    "knobs": {"cutoff": {"value": 0.5, "range": [80, 12000], "scale": "exp"}},
    "nodes": {"note": {"type": "note"}, "saw": {"type": "osc.saw"}, "filt": {"type": "svf"}, "env": {"type": "env"},
              "vca": {"type": "gain"}, "out": {"type": "output"}},
    "connections": [
        {"from": ["note", "freq"], "to": ["saw", "freq"]}, {"from": ["note", "gate"], "to": ["env", "gate"]},
        {"from": "cutoff", "to": ["filt", "freq"]}, {"from": ["saw", "out"], "to": ["filt", "in"]},
        {"from": ["filt", "low"], "to": ["vca", "in"]}, {"from": ["env", "out"], "to": ["vca", "amp"], "amount": 0.2},
        {"from": ["vca", "out"], "to": ["out", "in"]}]}


def run(tests, title):
    """Runs functions one after another, tells what they return."""
    began = time.monotonic()
    for test in tests:
        start = time.monotonic()
        said = test()
        print(f"{test.__name__}: ok, {time.monotonic() - start:.2f} s{': ' + str(said) if said else ''}", flush=True)
    print(f"{title}: {len(tests)} passed in {time.monotonic() - began:.1f} s")


@contextlib.contextmanager
def quietly():
    with contextlib.suppress(ConnectionError, TimeoutError): yield
