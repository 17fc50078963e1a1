// SPDX-License-Identifier: MIT
// megasynth -- a whole client: MessagePack, OSC, framing, answers. Nothing but Node.js.
const net = require('net');
const number = (size, kind, value) => { const b = Buffer.alloc(size); b['write' + kind](value); return b; };
const join = (...parts) => Buffer.concat(parts);

function pack(x) {
  if (x === null || x === undefined) return Buffer.from([0xc0]);
  if (typeof x === 'boolean') return Buffer.from([x ? 0xc3 : 0xc2]);
  if (Number.isSafeInteger(x)) return x >= 0 && x < 128 ? Buffer.from([x]) : join(Buffer.from([0xd3]), number(8, 'BigInt64BE', BigInt(x)));
  if (typeof x === 'number') return join(Buffer.from([0xcb]), number(8, 'DoubleBE', x));
  if (typeof x === 'string') return join(Buffer.from([0xdb]), number(4, 'UInt32BE', Buffer.byteLength(x)), Buffer.from(x));
  if (Array.isArray(x)) return join(Buffer.from([0xdd]), number(4, 'UInt32BE', x.length), ...x.map(pack));
  const keys = Object.keys(x);
  return join(Buffer.from([0xdf]), number(4, 'UInt32BE', keys.length), ...keys.flatMap(k => [pack(k), pack(x[k])]));
}

function unpack(b) {
  let at = 0;
  const read = (size, kind) => { const value = b['read' + kind](at); at += size; return Number(value); };
  const sized = [[1, 'UInt8'], [2, 'UInt16BE'], [4, 'UInt32BE']];
  const text = n => b.toString('utf8', at, at += n);
  const list = n => Array.from({ length: n }, value);
  const map = n => Object.fromEntries(Array.from({ length: n }, () => [value(), value()]));
  function value() {
    const k = b[at++];
    if (k < 0x80 || k >= 0xe0) return k < 0x80 ? k : k - 256;
    if (k < 0xc0) return k < 0x90 ? map(k & 15) : k < 0xa0 ? list(k & 15) : text(k & 31);
    if (k < 0xc4) return [null, undefined, false, true][k - 0xc0];
    if (k < 0xc7) { const n = read(...sized[k - 0xc4]); return b.subarray(at, at += n); }
    if (k >= 0xca && k < 0xd4) return read(...[[4, 'FloatBE'], [8, 'DoubleBE'], ...sized, [8, 'BigUInt64BE'],
      [1, 'Int8'], [2, 'Int16BE'], [4, 'Int32BE'], [8, 'BigInt64BE']][k - 0xca]);
    if (k >= 0xd9 && k < 0xdc) return text(read(...sized[k - 0xd9]));
    return k < 0xde ? list(read(...sized[k - 0xdb])) : map(read(...sized[k - 0xdd]));
  }
  return value();
}

const text = s => join(Buffer.from(s), Buffer.alloc(4 - Buffer.byteLength(s) % 4)); // ends with 1 to 4 zeros
const request = (id, address, map) => { // address ,ib id blob
  const blob = pack(map), zeros = Buffer.alloc(-blob.length & 3);
  return join(text(address), text(',ib'), number(4, 'Int32BE', id), number(4, 'Int32BE', blob.length), blob, zeros);
};
function parse(b) { // address and arguments; blobs are unpacked
  let at = 0;
  const string = () => { const end = b.indexOf(0, at), s = b.toString('utf8', at, end); at = end + 4 - (end & 3); return s; };
  const whole = () => b.readInt32BE((at += 4) - 4);
  const blob = () => { const n = whole(), x = unpack(b.subarray(at, at + n)); at += n + (-n & 3); return x; };
  return [string(), [...string().slice(1)].map(tag => ({ s: string, i: whole, b: blob })[tag]())];
}

function connect(place, heard = () => {}) { // place: a unix socket's path, or {port, host}
  const socket = net.connect(place), waiting = new Map();
  let data = Buffer.alloc(0), last = 0;
  function answer([address, [id, command, ...rest]]) {
    if (!waiting.has(id)) return heard(address, [id, command, ...rest]);
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (address === '/done') resolve(rest[0]);
    else reject(Object.assign(new Error(`${command}: ${rest[1].message}`), rest[1], { code: rest[0] }));
  }
  socket.on('data', more => {
    for (data = join(data, more); data.length >= 4 && data.length >= 4 + data.readUInt32BE(0);) {
      const end = 4 + data.readUInt32BE(0), packet = data.subarray(4, end);
      data = data.subarray(end);
      answer(parse(packet));
    }
  });
  const gone = e => { for (const w of waiting.values()) w.reject(e || new Error('the server is gone')); waiting.clear(); };
  socket.on('error', gone).on('close', () => gone());
  const call = (address, map = {}) => new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new Error('the server is gone'));
    const packet = request(++last, address, map);
    waiting.set(last, { resolve, reject });
    socket.write(join(number(4, 'UInt32BE', packet.length), packet));
  });
  return { call, close: () => socket.destroy() };
}
module.exports = { connect, pack, unpack, request, parse };
