// SPDX-License-Identifier: MIT
// megasynth -- a whole client: OSC, framing, requests and what comes of them.
const fs = require('fs'), net = require('net'), os = require('os');
const { encode, decode } = require('./msgpack');

const int = n => { const b = Buffer.alloc(4); b.writeInt32BE(n); return b; };
const text = s => Buffer.from(s + '\0'.repeat(4 - Buffer.byteLength(s) % 4)); // 1 to 4 zeros

function request(id, address, args) { // ,ib: a number to be answered by, and a map
  const blob = encode(args), zeros = Buffer.alloc(-blob.length & 3);
  return Buffer.concat([text(address), text(',ib'), int(id), int(blob.length), blob, zeros]);
}

function parse(packet) { // [address, [argument, ...]]; blobs are decoded
  let at = 0;
  const take = (size, filled) => packet.subarray(at, (at += filled) - filled + size);
  const string = n => take(n, n + 4 - n % 4).toString();
  const s = () => string(packet.indexOf(0, at) - at), i = () => take(4, 4).readInt32BE();
  const blob = n => decode(take(n, n + (-n & 3))), b = () => blob(i());
  const readers = { s, i, b };
  return [s(), [...s().slice(1)].map(type => readers[type]())];
}

function token(port) { // that the server at a port of this machine has left for its own user
  const { uid } = os.userInfo(), run = process.env.XDG_RUNTIME_DIR;
  const folder = run ? `${run}/megasynth` : `/tmp/megasynth-${uid}`;
  try {
    if (fs.lstatSync(folder).uid !== uid) return undefined;
    const files = fs.readdirSync(folder).filter(name => name.endsWith('.json'));
    const told = files.map(name => JSON.parse(fs.readFileSync(`${folder}/${name}`) || '{}'));
    return told.find(({ urls }) => (urls || []).some(url => url.endsWith(`:${port}`)))?.token;
  } catch { return undefined; }
}

// place: a unix socket's path, or { port, host }; heard(address, arguments): what was not asked for
function connect(place, heard = () => {}) {
  const socket = net.connect(place), waiting = new Map();
  let data = Buffer.alloc(0), last = 0;

  function take(address, args) {
    const [id, command, ...rest] = args, asked = waiting.get(id);
    if (!asked) return heard(address, args);
    waiting.delete(id);
    if (address === '/done') return asked.resolve(rest[0]);
    const [code, details] = rest;
    const message = `${command}: ${details.message}`;
    asked.reject(Object.assign(new Error(message), details, { code, message }));
  }
  socket.on('data', more => {
    data = Buffer.concat([data, more]);
    while (data.length >= 4 && data.length >= 4 + data.readUInt32BE()) {
      const end = 4 + data.readUInt32BE(), packet = data.subarray(4, end);
      data = data.subarray(end);
      take(...parse(packet));
    }
  });
  let ended = 'the server is gone'; // or why it was never there
  socket.on('error', error => {
    if (!socket.bytesRead) ended = `no server: ${error.message}; start one: megasynthd`;
  }).on('close', () => {
    for (const asked of waiting.values()) asked.reject(new Error(ended));
    waiting.clear();
  });
  const send = packet => socket.write(Buffer.concat([int(packet.length), packet]));
  const call = (address, args = {}) => new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error(ended));
    const own = address === '/hello' && !args.token && place.port && token(place.port);
    const packet = request(++last, address, own ? { ...args, token: own } : args);
    waiting.set(last, { resolve, reject });
    send(packet);
  });
  return { call, send, close: () => socket.destroy() };
}

module.exports = { connect, request, parse };
