# SPDX-License-Identifier: MIT
"""What goes wrong: servers and clients that are killed, programs that are none."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
from unittest import mock

from live_support import FOLDER, KEYS, PYTHON, QUIET, boot, is_alive, url_of, wait_until

from megasynth import AsyncServer, NoServer, Server, ServerGone


def kill(server):
    os.kill(server._process.pid, signal.SIGKILL)


class ServerKilled(unittest.TestCase):
    def test_whoever_waits_is_told_at_once(self):
        with boot() as s:
            s.load(KEYS)
            told = []

            def wait_for(what):
                try:
                    what()
                except ServerGone:
                    told.append(time.monotonic())
            heard, tapped = s.notices("xrun"), s.tap("filt.out", every=0, ms=100)
            os.kill(s._process.pid, signal.SIGSTOP)  # so that there is somebody who waits
            threads = [threading.Thread(target=wait_for, args=(what,)) for what in
                       (s.status, s.sync, lambda: next(heard), lambda: list(tapped), lambda: s.submit("/ping").result(60))]
            for t in threads:
                t.start()
            time.sleep(0.1)
            self.assertEqual(told, [])
            killed = time.monotonic()
            kill(s)
            for t in threads:
                t.join(20)
            self.assertEqual(len(told), len(threads))
            print(f"{len(told)} threads told {(max(told) - killed) * 1e3:.1f} ms after the server was killed")
            for what in (s.status, lambda: s.note(60), lambda: s.submit("/ping"), heard.get, lambda: s.notices()):
                self.assertRaises(ServerGone, what)
            self.assertIsInstance(s._link.gone, ConnectionError)
            heard.close()
            tapped.close()

            s.reconnect()
            self.assertEqual(s.document["name"], "keys")
            with s.note("C4"), s.notices("note") as heard:
                s.note(62)
                self.assertEqual(heard.get(20)["key"], 62)

    def test_each_synth_is_loaded_again(self):
        with boot() as s:
            s.load(KEYS)
            s.synth("bass").load({"name": "low", "nodes": {"out": {"type": "output"}}})
            kill(s)
            with self.assertRaises(ServerGone):
                while True:
                    s.call("/ping")
            pid = s._process.pid
            s.reconnect()
            self.assertNotEqual(s._process.pid, pid)
            self.assertEqual(s.synth("bass").document["name"], "low")
            s.reconnect(reload=False)  # while the server lives: to the same one
            self.assertEqual(s.synth("bass").document["name"], "low")

    def test_a_connection_that_was_not_booted_here(self):
        with boot() as booted:
            for kind in ("unix", "tcp", "udp"):
                with Server.connect(url_of(booted, kind), timeout=5) as s:
                    s._link._lost("as if")
                    self.assertRaises(ServerGone, s.status)
                    s.reconnect()
                    self.assertIn("load", s.status())
            others = [Server.connect(url_of(booted, kind), timeout=5) for kind in ("unix", "tcp", "udp")]
            kill(booted)
            for s in others:
                began = time.monotonic()
                with self.assertRaises(ServerGone):
                    while True:
                        s.call("/ping")
                self.assertLess(time.monotonic() - began, 5)
                self.assertRaises(NoServer, s.reconnect)
                s.close()

    def test_asyncio(self):
        async def play():
            async with await AsyncServer.boot(**QUIET) as s:
                await s.load(KEYS)
                heard = await s.notices("xrun")
                os.kill(s._process.pid, signal.SIGSTOP)
                waiting = [asyncio.ensure_future(what) for what in (s.status(), s.sync(), heard.__anext__(), s.note(60))]
                await asyncio.sleep(0.1)
                self.assertFalse(any(w.done() for w in waiting))
                kill(s)
                outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 20)
                self.assertEqual([type(o) for o in outcomes], [ServerGone] * 4)
                with self.assertRaises(ServerGone):
                    await s.status()
                await heard.close()
                await s.reconnect()
                self.assertEqual((await s.document())["name"], "keys")
            booted = await AsyncServer.boot(**QUIET)
            udp = await AsyncServer.connect(url_of(booted, "udp"))
            kill(booted)
            with self.assertRaises(ServerGone):
                while True:
                    await asyncio.wait_for(udp.call("/ping"), 20)
            with self.assertRaises(NoServer):
                await udp.reconnect()
            await udp.close()
            await booted.close()
        asyncio.run(play())

    def test_one_that_quits(self):
        with boot() as s:
            with Server.connect(s.url) as other:
                heard = other.notices("client")
                s.quit()
                with self.assertRaises(ServerGone):
                    for _ in heard:
                        pass
            self.assertTrue(wait_until(lambda: not s._process.alive()))


class ClientKilled(unittest.TestCase):
    CODE = ("import sys; from megasynth import {made}\n"
            "{begin}\n"
            "print(s._process.pid, flush=True)\n"
            "{then}\n")

    def client(self, begin, then, made="Server"):
        """A program that boots a server; and the server's process."""
        code = self.CODE.format(made=made, begin=begin, then=then)
        program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                   env={**os.environ, "PYTHONPATH": str(PYTHON)})
        self.addCleanup(program.stdout.close)
        pid = int(program.stdout.readline())
        self.assertTrue(is_alive(pid))
        return program, pid

    def test_its_server_ends(self):
        boots = f"s = Server.boot(backend='dummy', options=['--root', {FOLDER!r}])"
        asyncs = f"import asyncio; s = asyncio.run(AsyncServer.boot(backend='dummy', options=['--root', {FOLDER!r}]))"
        for made, begin, then, how in (
                ("Server", boots, "sys.stdin.read()", signal.SIGKILL), ("Server", boots, "sys.stdin.read()", signal.SIGTERM),
                ("Server", boots, "", None), ("Server", boots, "1 / 0", None), ("Server", boots, "import os; os._exit(1)", None),
                ("Server", "import threading\ndef f():\n    global s\n    " + boots + "\nt = threading.Thread(target=f)\n"
                 "t.start(); t.join(); s.status()", "import time; time.sleep(0.3); s.status(); print('still', flush=True)", None),
                ("AsyncServer", asyncs, "", None)):
            with self.subTest(then=then, how=how, made=made):
                program, pid = self.client(begin, "import sys\n" + then, made)
                if how:
                    program.send_signal(how)
                if "still" in then:  # the thread that booted it has ended long ago
                    self.assertEqual(program.stdout.readline(), "still\n")
                program.wait(20)
                self.assertTrue(wait_until(lambda: not is_alive(pid)), "the server goes on")

    def test_with_ends_it(self):
        with boot() as s:
            pid = s._process.pid
        self.assertFalse(is_alive(pid))
        self.assertRaises(ServerGone, s.status)
        try:
            with boot() as s:
                pid = s._process.pid
                1 / 0
        except ZeroDivisionError:
            pass
        self.assertFalse(is_alive(pid))

    def test_an_interrupt_at_a_prompt_is_not_for_the_server(self):
        with boot() as s:
            self.assertNotEqual(os.getpgid(s._process.pid), os.getpgid(0))


class Booting(unittest.TestCase):
    def test_a_program_that_is_not_there(self):
        self.assertRaisesRegex(NoServer, "No such file", Server.boot, program="/nowhere/megasynthd")

    def test_what_it_says_is_told(self):
        with self.assertRaises(NoServer) as caught:
            boot(options=["--rate", "many"])
        self.assertIn("--rate", str(caught.exception))
        with self.assertRaises(NoServer):
            Server.boot(program="/bin/true")

    def test_one_that_does_not_get_ready(self):
        path = os.path.join(FOLDER, "sleeper")
        with open(path, "w") as f:
            f.write("#!/bin/sh\nexec sleep 60\n")
        os.chmod(path, 0o700)
        self.assertRaises(NoServer, Server.boot, program=path, timeout=0.5)

    def test_none_to_connect_to(self):
        self.assertRaisesRegex(NoServer, "Server.boot", Server.connect, name="nobody")
        self.assertRaises(NoServer, Server.connect, f"unix:{FOLDER}/none.sock")
        self.assertRaisesRegex(NoServer, "is no address", Server.connect, "localhost:57140")
        self.assertRaises(NoServer, Server.connect, "tcp://127.0.0.1:1")
        with self.assertRaises(NoServer):
            asyncio.run(AsyncServer.connect(name="nobody"))

    def test_connect_or_boot(self):
        with Server.connect_or_boot(name="shared", **QUIET) as first:
            self.assertIsNotNone(first._process)
            with Server.connect_or_boot(name="shared") as second, Server.connect(name="shared") as third:
                self.assertIsNone(second._process)
                self.assertEqual(second.info["server"], "shared")
                self.assertEqual(third.url, first.url)
            os.environ["MEGASYNTH_URL"] = first.url
            try:
                with Server.connect() as other:
                    self.assertEqual(other.url, first.url)
            finally:
                del os.environ["MEGASYNTH_URL"]

            async def twin():
                async with await AsyncServer.connect_or_boot(name="shared") as s:
                    return s.url
            self.assertEqual(asyncio.run(twin()), first.url)

    def test_several_at_once_share_one(self):
        servers, threads = [], []
        for _ in range(4):
            threads.append(threading.Thread(target=lambda: servers.append(Server.connect_or_boot(name="race", **QUIET))))
            threads[-1].start()
        for t in threads:
            t.join()
        self.assertEqual(len({s.info["session"] for s in servers}), 4)
        self.assertEqual(sum(s._process is not None for s in servers), 1)
        for s in servers:
            s.close()

    def test_with_a_token(self):
        from megasynth import DeniedError
        path = os.path.join(FOLDER, "token")
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
            f.write("sesame and more than that\n")
        with boot(options=["--root", FOLDER, "--token-file", path]) as s:  # over the unix socket
            with Server.connect(url_of(s, "tcp")) as own:  # the token is in the runtime file
                self.assertIn("load", own.status())
            with mock.patch.dict(os.environ, XDG_RUNTIME_DIR=os.path.join(FOLDER, "elsewhere")):
                self.assertRaises(DeniedError, Server.connect, url_of(s, "tcp"))
            for kind in ("tcp", "udp"):
                with Server.connect(url_of(s, kind), token="sesame and more than that") as other:
                    self.assertIn("load", other.status())


if __name__ == "__main__":
    unittest.main()
