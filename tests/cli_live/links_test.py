# SPDX-License-Identifier: MIT
"""links_test -- how `megasynth` finds a server and what it does when there is none, when it does not answer, when it dies
while it is needed; addresses, tokens.

usage: links_test.py MEGASYNTH MEGASYNTHD
"""
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

from shell import INTERRUPTED, KEYS, LOST, NO_SERVER, OK, REFUSED, TIMEOUT, USAGE, Shell, ends, kill, live_server, run, until

TOKEN = "a token of sixteen and more"


def nobody():
    with tempfile.TemporaryDirectory() as folder:
        alone = Shell(None, folder)
        for command in (["status"], ["knob", "cutoff", "0.5"], ["load", KEYS], ["note", "C4"], ["send", "/ping"], ["send", "-"],
                        ["watch"], ["top", "--once"], ["record"], ["panic"], ["quit"], ["undo"], ["synth"],
                        ["set", "filt.res", "1"], ["edit", "[]"], ["connect", "a.b", "c.d"], ["disconnect", "a.b", "c.d"]):
            alone.bad(NO_SERVER, *command, say=["no server runs", "megasynthd", "megasynth play"])
        alone.bad(NO_SERVER, "status", "--name", "bass", say="no server named `bass` runs")
        alone.bad(NO_SERVER, "status", "--url", "unix:" + folder + "/none", say=["No such file", "megasynth doctor"])
        alone.bad(NO_SERVER, "status", "--url", "tcp://127.0.0.1:1", say="Connection refused")
        alone.bad(NO_SERVER, "status", "--url", "tcp://nowhere.invalid:1", say="tcp://nowhere.invalid:1: ")
        alone.bad(NO_SERVER, "status", "--url", "http://x", say="unix:PATH")
        alone.bad(NO_SERVER, "status", "--url", "tcp://x", say="HOST:PORT")
        alone.bad(NO_SERVER, "status", "--url", "unix:" + "x" * 200, say="path too long")
        alone.bad(USAGE, "status", "--url", "x", "--name", "y", say="not both")


def resolves(name):
    try: return bool(socket.getaddrinfo(name, None))
    except OSError: return False


def addresses():
    for url in server.urls.values():
        assert shell.json("send", "/ping", "--url", url)["frame"] >= 0
        assert Shell(server, MEGASYNTH_URL=url).json("knob", "cutoff", "-u" + url)["value"] == 0.45
        shell.bad(REFUSED, "knob", "cutof", "--url", url, say="not-found")
    assert Shell(server, MEGASYNTH_URL=server.urls["tcp"]).good("status").startswith("megasynthd at tcp:")
    port = server.urls["tcp"].rsplit(":", 1)[1]
    if resolves("localhost"): shell.good("status", "--url", "tcp://localhost:" + port)  # a chroot may lack the name
    # One after the other from the same port must not get each other's answers.
    for i in range(20): assert shell.json("send", "/synth/fader", "main", "1", "--url", server.urls["udp"])["frame"] >= 0


def names():
    with live_server("--name", "second", "--state", "none", folder=shell.folder):
        assert "main.sock" in shell.good("status")
        assert "second.sock" in shell.good("status", "--name", "second")
        shell.bad(NO_SERVER, "status", "--name", "third", say="no server named `third`; running: main, second")
    with tempfile.TemporaryDirectory() as folder:
        lonely = Shell(None, folder)
        with live_server("--name", "b", folder=folder):
            assert "b.sock" in lonely.good("status")  # the only one
            with live_server("--name", "a", folder=folder):
                lonely.bad(NO_SERVER, "status", say="choose one with --name: a, b")


def no_answer():
    server.process.send_signal(signal.SIGSTOP)
    try:
        for url in server.urls.values():
            shell.bad(TIMEOUT, "status", "--timeout", "0.3", "--url", url, say=["no reply", "in 0.3 s"])
        process = shell.start("status")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert ends(process, INTERRUPTED) == ""
    finally:
        server.process.send_signal(signal.SIGCONT)
    shell.good("status")


def strangers():
    """Something else listens there: text, nonsense, or nothing and then the end."""
    for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10, b"\0\0\0\x08/what\0\0\0", b""):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                with listener.accept()[0] as one:
                    one.recv(1000)
                    one.sendall(said)
            threading.Thread(target=serve, daemon=True).start()
            shell.bad(REFUSED if said else LOST, "status", "--url", "tcp://127.0.0.1:%d" % listener.getsockname()[1],
                      say="this protocol" if said else "lost the connection")


def lost_datagrams():
    """A request is sent again until it is answered, and done once."""
    real = server.urls["udp"].rsplit(":", 1)
    relay = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    relay.bind(("127.0.0.1", 0))
    relay.settimeout(5)
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect((real[0].split("//")[1], int(real[1])))
    out.settimeout(5)
    done = threading.Event()

    def serve():
        for count in range(1000):
            try: packet, sender = relay.recvfrom(65536)
            except TimeoutError: return
            if done.is_set(): return
            if count % 3 != 2: continue  # two of three are lost
            out.send(packet)
            relay.sendto(out.recv(65536), sender)
    thread = threading.Thread(target=serve)
    thread.start()
    before = shell.json("status")["synths"]["main"]["notes"]
    shell.good("send", "/note/on", "60", "0.5", "--url", "udp://127.0.0.1:%d" % relay.getsockname()[1])
    until(lambda: shell.json("status")["synths"]["main"]["notes"] == before + 1)
    done.set()
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", relay.getsockname())
    thread.join()
    shell.good("panic")


def tokens():
    with tempfile.TemporaryDirectory() as folder:
        path, other = folder + "/token", folder + "/other"
        for name, text in ((path, TOKEN + "\n"), (other, "another token of that length\n")):
            with open(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file: file.write(text)
        with live_server("--token-file", path, folder=folder) as guarded:
            owner, stranger = Shell(guarded), Shell(guarded, folder=folder + "/elsewhere")
            owner.good("status")  # the unix socket is its owner's
            for kind in ("tcp", "udp"):
                url = guarded.urls[kind]
                owner.good("status", "--url", url)  # the token is in the runtime file
                stranger.bad(REFUSED, "status", "--url", url, say=["/hello: denied: token: a token is required"])
                stranger.bad(REFUSED, "status", "--url", url, "--token-file", other, say="wrong token")
                stranger.good("status", "--url", url, "--token-file", path)
                Shell(guarded, MEGASYNTH_TOKEN_FILE=path, MEGASYNTH_URL=url).good("load", KEYS)
            stranger.bad(3, "status", "--url", guarded.urls["tcp"], "--token-file", "/nowhere", say="/nowhere: No such file")


def dies():
    """kill -9 of the server in the middle: said at once, whatever was under way."""
    took = []
    its_udp = lambda mortal: mortal.urls["udp"]
    for words in (["note", "C4", "--seconds", "30"], ["watch"], ["watch", "patch", "--url", its_udp], ["top", "-i", "30", "--once"], ["play", KEYS, "--name", "main", "--notes", "C4", "--beat", "30"],
                  ["quit"], ["status"]):
        with live_server("--patch", KEYS) as mortal:
            its = Shell(mortal)
            if words[0] in ("quit", "status"): mortal.process.send_signal(signal.SIGSTOP)  # it has taken the request, no more
            process = its.start(*(word(mortal) if callable(word) else word for word in words))
            until(lambda: words[0] in ("quit", "status") or its.json("status")["clients"] == 2)
            time.sleep(0.15)
            kill(mortal)
            began = time.monotonic()
            errors = ends(process, LOST)
            took.append(time.monotonic() - began)
            assert "lost the connection" in errors.splitlines()[-1], errors
    return "noticed after " + ", ".join(f"{seconds * 1e3:.0f}" for seconds in took) + " ms"


with live_server("--patch", KEYS) as server:
    shell = Shell(server)
    run([nobody, addresses, names, no_answer, strangers, lost_datagrams, tokens, dies], "links")
    assert shell.run("status")[0] == OK
