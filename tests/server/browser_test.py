#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""browser_test -- a real browser, and a page that tries to command the server: nothing is executed, nothing is answered.

usage: browser_test.py MEGASYNTHD

The page comes from another origin, and sends by every way that pages have, to 127.0.0.1, localhost, and a name of the attacker's that has been
rebound to this machine: once as browsers protect it, once without the same-origin policy, which is where a rebound name leads.
"""
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from wire import PATCH, Server, message, run, slip

PROGRAM = os.path.abspath(sys.argv[1])
BROWSER = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
PAGE_SECONDS = 120

PAGE = r"""<!doctype html><script>
const [port, bodies] = [%(port)d, %(bodies)s.map(hex => Uint8Array.from(hex.match(/../g), h => parseInt(h, 16)))];
const hosts = ['127.0.0.1', 'localhost', 'evil.test'], said = {};
const within = (promise, ms) => Promise.race([promise, new Promise(r => setTimeout(r, ms, 'late'))]);
async function attempt(name, act) {
  try { said[name] = String(await within(act(), 4000)); } catch (error) { said[name] = 'refused'; }
}
const read = async reply => 'answered ' + reply.type + ' ' + reply.status + ' ' + (await reply.text()).length;
async function requests(host) {
  const url = `http://${host}:${port}`, all = [];
  for (const method of ['GET', 'POST', 'PUT', '#x', '#bundle', '~'])
    for (const mode of ['cors', 'no-cors', 'same-origin'])
      for (const [n, body] of (method === 'GET' ? [null] : bodies).entries())
        all.push(attempt(`${host} ${method} ${mode} ${n}`, async () => read(await fetch(url + '/note/on', { method, mode, body,
          ...(method === 'GET' ? {} : { headers: { 'content-type': 'text/plain' } }) }))));
  all.push(attempt(`${host} beacon`, async () => navigator.sendBeacon(url, bodies[0]) && 'sent'));
  for (const kind of ['img', 'script', 'iframe'])
    all.push(attempt(`${host} ${kind}`, () => new Promise((done, fail) => {
      const e = document.createElement(kind);
      e.onload = () => done(kind === 'iframe' ? 'shown' : 'answered'); e.onerror = fail; e.src = url + '/#x'; document.body.append(e);
    })));
  return Promise.all(all);
}
const web_socket = host => attempt(`${host} WebSocket`, () => new Promise((done, fail) => {
  const s = new WebSocket(`ws://${host}:${port}/`);
  s.onopen = () => { s.send(bodies[0]); done('answered'); }; s.onerror = fail;
}));
const web_transport = host => attempt(`${host} WebTransport`, async () => {
  const t = new WebTransport(`https://${host}:${port}/`);
  await t.ready; return 'answered';
});
const web_rtc = host => attempt(`${host} WebRTC`, async () => {
  const who = { username: '/synth/new\0\0,s\0\0evil\0\0\0\0', credential: '#bundle' };
  const c = new RTCPeerConnection({ iceServers: [{ urls: `stun:${host}:${port}` }, { urls: `turn:${host}:${port}?transport=udp`, ...who },
    { urls: `turn:${host}:${port}?transport=tcp`, ...who }, { urls: `turns:${host}:${port}?transport=tcp`, ...who }] });
  let found = 0;
  c.onicecandidate = e => { if (e.candidate && /srflx|relay/.test(e.candidate.candidate)) found++; };
  c.createDataChannel('x');
  await c.setLocalDescription(await c.createOffer());
  await new Promise(r => setTimeout(r, 3000));
  c.close();
  return found ? 'answered' : 'nothing';
});
addEventListener('load', async () => {
  for (const host of hosts) {
    await requests(host);
    await Promise.all([web_socket(host), web_transport(host), web_rtc(host)]);
  }
  await fetch('/done', { method: 'POST', body: JSON.stringify(said) });
});
</script><body>"""


class Attacker:
    """The web server of the page's own origin."""

    def __init__(self, page):
        outer = self
        self.said, self.done = None, threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def do_POST(self):
                outer.said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(204)
                self.end_headers()
                outer.done.set()

            def log_message(self, *_): pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"


def browse(url, done, *options):
    """Shows a page until it is done."""
    folder = tempfile.mkdtemp(prefix="megasynth-browser-")
    process = subprocess.Popen([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                                f"--user-data-dir={folder}", "--host-resolver-rules=MAP evil.test 127.0.0.1",
                                "--disable-features=WebRtcHideLocalIpsWithMdns", *options, url],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ, HOME=folder), start_new_session=True)
    try: assert done.wait(PAGE_SECONDS), "the page is not done"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def frames():
    """What the page sends: commands in both framings, and bare."""
    evil = [message("/synth/new", "evil"), message("/note/on", 60, 0.5)]
    length = b"".join(len(p).to_bytes(4, "big") + p for p in evil)
    return [b"".join(map(slip, evil)), length, evil[0], b"\r\n\r\n" + b"".join(map(slip, evil)) + length]


def attack(*options):
    with Server(PROGRAM, "--state", "none") as s:
        c = s.client()
        c.call("/patch/load", patch=PATCH)
        port = int(s.urls["tcp"].rsplit(":", 1)[1])
        before = c.call("/status")["counts"]["packets"]
        attacker = Attacker(PAGE % {"port": port, "bodies": json.dumps([f.hex() for f in frames()])})
        browse(attacker.url, attacker.done, *options)
        status = c.call("/status")
        said = attacker.said
        answered = {name: what for name, what in said.items() if what.startswith("answered")}
        assert not answered, answered
        assert list(status["synths"]) == ["main"] and status["synths"]["main"]["notes"] == 0, status["synths"]
        assert status["counts"]["packets"] <= before + 1 + s.log_text().count("client.stranger"), status["counts"]
        reached = s.log_text().count("client.stranger")
        assert reached > 10, f"the browser did not reach the server: {said}"  # else this proves nothing
        return f"{len(said)} attempts, {reached} connections cut"


def another_origin(): return attack()
def a_rebound_name(): return attack("--disable-web-security")


if not BROWSER:
    print("browser_test: skipped: no chromium")
    sys.exit(77)
run([another_origin, a_rebound_name], "browser_test")
