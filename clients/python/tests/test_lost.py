# SPDX-License-Identifier: MIT
"""Packets that are lost, answers that do not come, servers that do not read, and what is no server."""

import asyncio
import os
import select
import signal
import socket
import threading
import unittest

from live_support import KEYS, boot, url_of, wait_until

from megasynth import AsyncServer, MegasynthError, NoServer, Server, ServerGone, Timeout


class Lossy(threading.Thread):
    """Datagrams to and from a server, of which it loses one in three, and tells some twice."""

    def __init__(self, url):
        super().__init__(daemon=True)
        host, port = url.removeprefix("udp://").rsplit(":", 1)
        self.server, self.client, self.lost = (host, int(port)), None, 0
        self.inner, self.outer = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.outer.bind(("127.0.0.1", 0))
        self.url = f"udp://127.0.0.1:{self.outer.getsockname()[1]}"
        self.count, self.open = 0, True
        self.start()

    def run(self):
        while self.open:
            for s in select.select([self.inner, self.outer], [], [], 0.1)[0]:
                data, sender = s.recvfrom(65536)
                if s is self.outer:
                    self.client = sender
                self.count += 1
                times = 0 if self.count % 3 == 0 else 2 if self.count % 5 == 0 else 1
                self.lost += times == 0
                for _ in range(times):
                    if s is self.outer:
                        self.inner.sendto(data, self.server)
                    else:
                        self.outer.sendto(data, self.client)
        self.inner.close()
        self.outer.close()


class Lost(unittest.TestCase):
    def test_datagrams_are_sent_again_and_carried_out_once(self):
        with boot() as booted:
            booted.load(KEYS)
            lossy = Lossy(url_of(booted, "udp"))
            with Server.connect(lossy.url, timeout=30) as s:
                handles = [s.note(60 + n).handle for n in range(4)]
                self.assertEqual(len(set(handles)), 4)
                self.assertEqual(len(booted.voices.list()["notes"]), 4)  # and none twice
                answers = [s.submit("/knob/set", name="cutoff", value=n / 3) for n in range(4)]
                frames = [answer.result(30)["frame"] for answer in answers]
                self.assertEqual(frames, sorted(frames))
                self.assertEqual(booted.knobs["cutoff"], 1)
                with s.at(seconds=0):
                    s.knobs["cutoff"] = 0
                    s.note(72)
                self.assertTrue(wait_until(lambda: booted.knobs["cutoff"] == 0))

            async def twin():
                async with await AsyncServer.connect(lossy.url, timeout=30) as s:
                    await asyncio.gather(*(s.knobs.set("cutoff", n / 3) for n in range(4)))
                    return await s.knobs.get("cutoff")
            self.assertEqual(asyncio.run(twin()), 1)
            lossy.open = False
            lossy.join()
            print(f"{lossy.lost} of {lossy.count} datagrams lost, nothing missing, nothing twice")


class NoAnswer(unittest.TestCase):
    def test_timeout(self):
        with boot() as s:
            with Server.connect(s.url) as other:
                other._link.timeout = 0.2
                os.kill(s._process.pid, signal.SIGSTOP)
                try:
                    with self.assertRaises(Timeout) as caught:
                        other.status()
                    self.assertIsInstance(caught.exception, TimeoutError)
                    self.assertIsInstance(caught.exception, MegasynthError)
                finally:
                    os.kill(s._process.pid, signal.SIGCONT)
                self.assertTrue(wait_until(lambda: not other._link._session._calls))
                other._link.timeout = 20
                other.status()

    def test_a_server_that_does_not_read(self):
        with boot() as s:
            with Server.connect(url_of(s, "tcp"), timeout=2) as other:
                os.kill(s._process.pid, signal.SIGSTOP)
                try:
                    with self.assertRaisesRegex(ServerGone, "read nothing"):
                        while True:
                            other.submit("/patch/check", text=" " * 1_000_000, format="json")
                finally:
                    os.kill(s._process.pid, signal.SIGCONT)
                other.reconnect()
                other.status()

    def test_something_that_is_no_server(self):
        for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\x10/done\0\0\0,isb\0\0\0\0", b""):
            with self.subTest(said), socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                listening.listen()

                def serve():
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(1)
                        connection.sendall(said)
                thread = threading.Thread(target=serve)
                thread.start()
                with self.assertRaises(NoServer):
                    Server.connect(f"tcp://127.0.0.1:{listening.getsockname()[1]}", timeout=10)
                thread.join()


if __name__ == "__main__":
    unittest.main()
