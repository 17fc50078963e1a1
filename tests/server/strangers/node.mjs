// SPDX-License-Identifier: MIT
// A program for Node.js as its users write it: requests with node-osc and MessagePack, each answered once.
// usage: node node.mjs PORT PATCH.json CUTOFF KEY VELOCITY
import { readFileSync } from 'node:fs';
import { Client, Message, decode } from 'node-osc';
import { decode as unpack, encode as pack } from '@msgpack/msgpack';

const [port, patch, cutoff, key, velocity] = process.argv.slice(2);
const client = new Client('127.0.0.1', Number(port));
const waiting = new Map();
let id = 0;

// node-osc's Client only sends, and so keeps its socket to itself; the answers come to where the question was.
client._sock.on('message', (bytes) => {
  const [number, command, ...rest] = decode(bytes).args.map((a) => a.value);
  const { done, fail } = waiting.get(number);
  const map = unpack(rest.at(-1));
  waiting.delete(number);
  if (rest.length > 1) fail(Object.assign(new Error(`${command}: ${map.message}`), { code: rest[0] }));
  else done(map);
});

function call(address, map = {}) {
  id += 1;
  client.send(new Message(address, { type: 'integer', value: id }, { type: 'blob', value: Buffer.from(pack(map)) }));
  return new Promise((done, fail) => waiting.set(id, { done, fail }));
}

const hello = await call('/hello', { proto: 1, client: 'node' });
const loaded = await call('/patch/load', { patch: JSON.parse(readFileSync(patch)) });
await call('/knob/set', { name: 'cutoff', value: Number(cutoff) });
const turned = await call('/knob/get', { name: 'cutoff' });
const note = await call('/note/on', { key: Number(key), velocity: Number(velocity) });
await call('/sync');
const status = await call('/status');
const wrong = await call('/knob/set', { name: 'cutof', value: 1 }).catch((failure) => failure.code);
console.log(`${hello.server} ${hello.version}: revision ${loaded.rev}, cutoff ${turned.value}, note ${note.note} at frame ` +
  `${note.frame}, ${status.voices} voice(s), a wrong knob is ${wrong}`);
await client.close();
