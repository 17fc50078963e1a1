#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs_test -- runs every example of docs/patch.md, docs/score.md and docs/live.md, and compares their tables with the programs.
usage: docs_test.py [--update] MEGASYNTH MEGASYNTHD PD_EXTERNALS [PYTHON]

A fence says what its block is: ```json beep.json``` (a file of that name; a patch is checked and rendered, one named wrong*
must be wrong), ```sh``` (commands, one a line; a server gets no sound device), ```text``` right after it (what they print, … for
what differs from run to run; ```text later```: once they print it), ```python``` and ```clojure``` (a session each for a document), ```pd``` (messages to [megasynth~]).
--update writes what the commands print, and the tables, into the documents.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [ROOT + "/tests/pd", ROOT + "/docs"]
import pd  # noqa: E402
import tables  # noqa: E402

NAMES = tuple(filter(None, os.environ.get("DOCS", "patch.md score.md live.md").split()))
FENCE = re.compile(r"^```(\w+) ?([\w.-]*)\n(.*?)^```$", re.M | re.S)
JARS = "/usr/share/java"
SECONDS = 120  # for what takes one or two on a quiet machine

PYTHON_SESSION = r"""
import json, re, sys
out, space = sys.stdout, {}
sys.stdout = sys.stderr
ARROW = re.compile(r"^(?P<indent>\s*)(?P<code>\S.*?)\s+# → (?P<value>.+)$", re.M)
def check(line, got, want):
    got = round(got, 6) if isinstance(got, float) else got
    assert repr(got) == want, f"{line}: {got!r}, not {want}"
space["check"] = check
for line in sys.stdin:
    code = ARROW.sub(lambda m: f"{m['indent']}check({m['code']!r}, ({m['code']}), {m['value']!r})", json.loads(line))
    exec(compile(code, "example", "exec"), space)
    print("done", file=out, flush=True)
"""

# Waits for what each form promises, so that an error is an error here.
CLOJURE_SESSION = r"""
(loop []
  (let [form (read)]
    (if (= form 'end-of-block)
      (println "done")
      (let [value (eval form)]
        (when (and (instance? clojure.lang.IDeref value) (not (var? value))) @value)))
    (flush)
    (recur)))
"""


def statements(body):
    """The commands of a block. A backslash joins lines outside of quotes only, as it does for a reader who pastes them."""
    statement = ""
    for line in body.splitlines():
        statement += re.sub(r"\s+# .*", "", line)
        if statement.count("'") % 2: statement += "\n"
        elif statement.endswith("\\"): statement = statement[:-1] + " "
        else:
            if statement.strip(): yield statement.strip()
            statement = ""
    if statement: yield statement


class Failed(Exception):
    pass


def matches(expected, printed):
    """… stands for anything."""
    return re.fullmatch("".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", expected)), printed, re.S)


class Session:
    """A program that takes blocks on standard input and says done after each."""

    def __init__(self, command, environment, folder):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=environment, cwd=folder)
        self.errors = []
        self.reader = threading.Thread(target=lambda: self.errors.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def run(self, text):
        limit = threading.Timer(SECONDS, self.process.kill)
        limit.start()
        try:
            self.process.stdin.write(text)
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            limit.cancel()
        while line.strip() and line.strip() != "done": line = self.process.stdout.readline() # what the block prints
        if line.strip() != "done":
            self.process.kill()
            self.reader.join(5)
            raise Failed(line + "".join(self.errors)[-3000:])

    def end(self):
        self.process.stdin.close()
        if self.process.wait(SECONDS) < 0: raise Failed("it did not end by itself")


class Document:
    """One document, in a folder of its own with examples/, with programs on the PATH and no server at first."""

    def __init__(self, name, programs, update):
        self.name, self.update, self.programs = name, update, programs
        self.path = f"{ROOT}/docs/{name}"
        with open(self.path) as file: self.text = file.read()
        self.folder = tempfile.mkdtemp(prefix="megasynth-docs-")
        os.symlink(ROOT + "/examples", self.folder + "/examples")
        homes = {f"XDG_{x}": f"{self.folder}/{x}" for x in ("RUNTIME_DIR", "STATE_HOME", "DATA_HOME", "CONFIG_HOME")}
        for home in homes.values(): os.mkdir(home, 0o700)
        bins = self.folder + "/bin"
        os.mkdir(bins)
        for program, name in ((programs.cli, "megasynth"), (programs.server, "megasynthd")): os.symlink(program, f"{bins}/{name}")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("MEGASYNTH") or k == "MEGASYNTH_ISA"}
        self.environment.update(
            PATH=bins + ":" + os.environ["PATH"], HOME=self.folder, MEGASYNTHD=programs.server,
            PYTHONPATH=ROOT + "/clients/python", **homes)
        self.servers, self.sessions = [], {}
        self.counts = {}

    # ---- blocks -------------------------------------------------------------------------------

    def run(self):
        blocks = list(FENCE.finditer(self.text))
        printed = ""
        outputs = []
        for block in blocks:
            language, file, body = block.groups()
            line = self.text.count("\n", 0, block.start()) + 1
            follows = FENCE.match(self.text, re.compile(r"\s*").match(self.text, block.end()).end())
            expected = follows[3] if follows and follows[1] == "text" else None
            try:
                if language == "text": self.compare(block, printed, outputs)
                elif language == "sh": printed = self.commands(body, expected, follows and follows[2] == "later")
                elif language in ("json", "lisp"): self.file(file, body)
                elif language in ("python", "clojure"): self.session(language, body)
                elif language == "pd": self.pd(body)
                else: raise Failed(f"a block of `{language}`, which nobody runs")
            except (Failed, AssertionError, subprocess.TimeoutExpired) as error:
                raise Failed(f"docs/{self.name}:{line}: {error}") from None
            self.counts[language] = self.counts.get(language, 0) + 1
        for session in self.sessions.values(): session.end()
        if self.update and outputs:
            for block, text in reversed(outputs):
                self.text = self.text[:block.start(3)] + text + self.text[block.end(3):]
            with open(self.path, "w") as out: out.write(self.text)

    def compare(self, block, printed, outputs):
        if matches(block[3], printed): return
        if not self.update: raise Failed(f"it prints\n{printed}\n(docs_test.py --update writes that)")
        outputs.append((block, printed))

    def file(self, name, body):
        if not name: raise Failed("this block has no file name, so nothing runs it")
        with open(f"{self.folder}/{name}", "w") as out: out.write(body)
        if name.startswith("wrong") or not (body.startswith("(") or body.lstrip(" \n;").startswith("{") or ";" in body[:2]): return
        said = self.shell(f"megasynth check {name} && megasynth render {name} --seconds 0.1 --hash -q", good=True)
        if "warning" in said and not name.startswith("warn"): raise Failed(said)

    # ---- commands -------------------------------------------------------------------------------

    def shell(self, command, good=None):
        done = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=self.environment, cwd=self.folder, timeout=SECONDS)
        if good and done.returncode: raise Failed(f"`{command}` ends with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def commands(self, body, expected, later=False):
        """@param later they are made again until they print what is expected"""
        printed, began = "", time.monotonic()
        while later and not self.update and time.monotonic() - began < SECONDS:
            printed = self.commands(body, expected)
            if matches(expected, printed): return printed
            time.sleep(0.1)
        if later and not self.update: return printed
        if later: time.sleep(5)
        for command in statements(body):
            if command.endswith("&"): self.background(command[:-1])
            elif command.startswith("oscsend ") and not shutil.which("oscsend"): print(f"left out (no oscsend here): {command}")
            else:
                command = re.sub(r"^megasynth play ", "megasynth play --backend dummy --seconds 0.2 ", command)
                command = command.replace("localhost 57140", f"localhost {self.port()}") if "57140" in command else command
                # What is shown as an error may fail.
                shown = expected is not None and (self.update or "error: " in expected or "megasynth: " in expected)
                printed += self.shell(command, good=None if shown else True)
        return printed

    def background(self, command):
        command = command.replace("megasynthd", "exec megasynthd --backend dummy --port 0 --log-level error")
        process = subprocess.Popen(["bash", "-c", command], env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.servers.append(process)
        line = process.stdout.readline()
        if not line.startswith("ready "): raise Failed(f"`{command}` says {line!r}")

    def port(self):
        with open(f"{self.folder}/RUNTIME_DIR/megasynth/main.json") as file: return re.search(r'"udp://[^"]*:(\d+)', file.read())[1]

    # ---- languages ------------------------------------------------------------------------------

    def session(self, language, body):
        programs = self.programs
        if language == "clojure" and not programs.clojure or language == "python" and not programs.python:
            print(f"left out (no {language} here): a block of docs/{self.name}")
            return
        command = {"python": [programs.python, "-c", PYTHON_SESSION], "clojure": [*(programs.clojure or []), "-e", CLOJURE_SESSION]}[language]
        if language not in self.sessions: self.sessions[language] = Session(command, self.environment, self.folder)
        self.sessions[language].run(json.dumps(body) + "\n" if language == "python" else body + "\nend-of-block\n")

    def pd(self, body):
        """The first line is the object; the others are messages to it, 50 ms apart."""
        first, *messages = [line.split(" # ")[0].strip() for line in body.splitlines() if line.strip()]
        arguments = re.fullmatch(r"\[megasynth~ 2 ?(.*)\]", first)[1]
        if not self.programs.pd:
            print(f"left out (no Pd here): a block of docs/{self.name}")
            return
        script = [(20 + 50 * i, f"synth {message.strip('[(')}") for i, message in enumerate(messages)]
        folder = tempfile.mkdtemp(dir=self.folder)
        for file in ("examples", *(x for x in os.listdir(self.folder) if x.endswith(".json"))): os.symlink(f"{self.folder}/{file}", f"{folder}/{file}")
        channels, said = pd.session(self.programs.pd, folder, arguments + " -wait", script, milliseconds=100 + 50 * len(messages))
        wrong = pd.messages(said, "error")
        if wrong: raise Failed(f"[megasynth~] says {wrong}")
        if max(map(abs, channels[0])) < 0.001: raise Failed("[megasynth~] is silent")

    def finish(self):
        for session in self.sessions.values(): session.process.kill()
        for server in self.servers:
            if server.poll() is None: server.send_signal(signal.SIGTERM)
        for server in self.servers:
            try: server.wait(10)
            except subprocess.TimeoutExpired: server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- what is in the documents ---------------------------------------------------------------------

def links(name, text):
    """Links lead to files, and to headings."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, heading = target.partition("#")
        if file.startswith("http"): continue
        path = os.path.normpath(f"{ROOT}/docs/{file}") if file else f"{ROOT}/docs/{name}"
        if not os.path.exists(path): raise Failed(f"docs/{name}: {target} leads nowhere")
        if heading:
            with open(path) as other: headings = re.findall(r"^#+ (.*)", other.read(), re.M)
            anchors = [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings]
            if heading not in anchors: raise Failed(f"docs/{name}: {target}: no such heading")


class Programs:
    def __init__(self, cli, server, externals, python):
        self.cli, self.server = os.path.abspath(cli), os.path.abspath(server)
        self.pd = os.path.abspath(externals) if shutil.which("pd") and os.path.exists(externals + "/megasynth~.pd_linux") else None
        candidates = [python, "/usr/bin/python3", sys.executable]
        self.python = next((p for p in candidates if p and not subprocess.run(
            [p, "-c", "import msgpack, numpy"], capture_output=True).returncode), None)
        jars = [f"{JARS}/{x}.jar" for x in ("clojure", "spec.alpha", "core.specs.alpha", "msgpack-core")]
        java = shutil.which("java") if all(map(os.path.exists, jars)) else None
        clojure = ROOT + "/clients/clojure/"
        self.clojure = java and [java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                                 ":".join([clojure + "src", clojure + "resources", *jars]), "clojure.main"]


def run(name, programs, update, failures):
    begin = time.monotonic()
    document = None
    try:
        document = Document(name, programs, update)
        tables.check(name, document.text, programs.cli)
        links(name, document.text)
        document.run()
        print(f"docs/{name}: {document.counts}, {time.monotonic() - begin:.1f} s")
    except (Failed, tables.Stale) as error:
        failures.append(str(error))
    finally:
        if document: document.finish()


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    programs = Programs(*arguments, *[None] * (4 - len(arguments)))
    failures = []
    for name in NAMES if "--update" in sys.argv else (): tables.write(name, programs.cli)
    threads = [threading.Thread(target=run, args=(name, programs, "--update" in sys.argv, failures)) for name in NAMES]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    for failure in failures: print("FAILED:", failure)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
