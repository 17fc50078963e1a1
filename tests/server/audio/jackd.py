# SPDX-License-Identifier: MIT
"""A jackd of one's own: the dummy driver, which needs no sound card, under a name that nobody else has."""
import glob
import os
import shutil
import signal
import subprocess

NAME = f"megasynth-{os.getpid()}"
ENVIRONMENT = dict(os.environ, JACK_DEFAULT_SERVER=NAME, JACK_NO_AUDIO_RESERVATION="1")


class Jack:
    """A jackd, there when this returns.

    Synchronous (-S), it waits for its clients in each period, so that a busy machine loses no frames between them; for one that was killed
    it waits seconds. In real time, its threads and its clients' come before all others, where the system allows it.
    """

    def __init__(self, period=64, synchronous=True, realtime=False, rate=48000):
        self.rate = rate
        self.mode = [*(["-R", "-P", "70"] if realtime else ["-r"]), *(["-S"] if synchronous else [])]
        if not self.start(period):
            self.end(signal.SIGKILL)
            unlock()
            if not self.start(period):
                self.end(signal.SIGKILL)
                raise RuntimeError("jackd does not start")

    def start(self, period):
        self.process = subprocess.Popen(
            ["jackd", "-n", NAME, *self.mode, "-d", "dummy", "-r", str(self.rate), "-p", str(period)],
            env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return subprocess.run(["jack_wait", "-s", NAME, "-w", "-t", "10"], env=ENVIRONMENT, timeout=15,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:  # with -S it waits for clients that were killed
            self.process.kill()
            self.process.wait(10)


def unlock():
    """Lets jackds start again where one, or a client, was killed while it had a lock of the database of metadata, which all
    jackds of a user share: no other starts or ends from then on. Those that run keep what they have of it."""
    shutil.rmtree(f"/dev/shm/jack_db-{os.getuid()}", ignore_errors=True)


def sweep():
    """Whoever may have killed a jackd calls this at the end.

    A system has places for eight names of jackds, and one that was killed keeps its own, until one of the same
    name has come and gone: after eight no jackd starts any more.
    """
    try:
        Jack(1024).end()
    except RuntimeError:
        pass
    for left in glob.glob(f"/dev/shm/jack_sem.*_{NAME}_*"):  # of clients that were killed
        os.unlink(left)
