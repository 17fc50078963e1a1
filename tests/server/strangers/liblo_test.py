#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""liblo_test -- oscsend plays with plain messages alone; oscdump is sent the notices of it.

usage: liblo_test.py MEGASYNTHD
"""
import socket
import subprocess
import sys

from stranger import heard, need, plain_messages, run, until
from wire import request

TAGS = {str: "s", float: "f", int: "i"}


def drive(server, port):
    # oscdump only listens: somebody has to subscribe from its port, and to go before it comes.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind(("127.0.0.1", 0))
        place = asker.getsockname()[1]
        asker.settimeout(20)
        asker.sendto(request(1, "/subscribe", topics=["knob", "note"]), ("127.0.0.1", port))
        asker.recv(4096)  # the server looks whose the port is while it is open
    path = server.folder + "/dump"
    with open(path, "w") as out:
        dump = subprocess.Popen(["oscdump", "-L", f"osc.udp://:{place}/"], stdout=out)

    def send(address, arguments):
        tags = "".join(TAGS[type(a)] for a in arguments)
        run("oscsend", f"osc.udp://127.0.0.1:{port}/", address, tags, *map(str, arguments))

    def dumped():
        with open(path) as file: return file.read()

    def arrived():
        """A datagram whose sender has ended before the server could look whose it is is refused: send again."""
        for address, arguments in plain_messages(): send(address, arguments)
        return until(lambda: '"knob"' in dumped() and '"note"' in dumped(), 2)

    try:
        assert any(arrived() for _ in range(10)), dumped()
        return f"oscdump was told {dumped().count('/notice')} times"
    finally:
        dump.terminate()
        dump.wait()


need("oscsend", "oscdump")
heard(sys.argv[1], drive)
