// SPDX-License-Identifier: MIT
// test -- the client against a real server. usage: node test.js MEGASYNTHD MEGASYNTH
const assert = require('assert'), fs = require('fs'), os = require('os'), path = require('path');
const { spawn, execFileSync } = require('child_process');
const { connect, parse, request } = require('./megasynth');
const { encode, decode } = require('./msgpack');

const [program, cli] = process.argv.slice(2), top = path.join(__dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'megasynth-node-'));
const vectors = JSON.parse(fs.readFileSync(`${top}/tests/protocol/vectors.json`));
const ms = since => Number(process.hrtime.bigint() - since) / 1e6;

// ---- tests/protocol/vectors.json, all of it

/** What the server says to a packet on a connection of its own: 'done', a code, or 'nothing'. */
async function saidTo(place, packet) {
  let said;
  const answered = new Promise(resolve => { said = resolve; });
  const c = connect(place, (address, [, , code]) => said(address === '/done' ? 'done' : code));
  await c.call('/ping'); // a first packet that is no OSC would cut the connection without a word
  c.send(packet);
  const fence = c.call('/sync').then(() => 'nothing', () => 'gone'); // all that came before is done
  const result = await (packet.includes(',ib') ? answered : Promise.race([answered, fence]));
  c.close();
  return result;
}

async function packets(place) {
  const rows = vectors.filter(v => v.kind === 'packet');
  await saidTo(place, Buffer.from(rows.find(v => v.name === 'document').bytes, 'hex'));
  for (const { name, bytes, expect } of rows) {
    const packet = Buffer.from(bytes, 'hex');
    assert.strictEqual(await saidTo(place, packet), expect, name);
    if (expect !== 'done') continue;
    const [address, [id, args]] = parse(packet);
    assert.deepStrictEqual(parse(request(id, address, args)), [address, [id, args]], name);
  }
  return rows.length;
}

async function payloads(place) {
  const rows = vectors.filter(v => v.kind === 'payload');
  for (const { name, bytes, expect } of rows) {
    const data = Buffer.from(bytes, 'hex');
    if (expect === 'ok') assert.deepStrictEqual(decode(encode(decode(data))), decode(data), name);
    if (data.includes('key')) continue; // what /ping would not take
    const size = Buffer.from([0, 0, 0, data.length]), zeros = Buffer.alloc(-data.length & 3);
    const ping = Buffer.concat([request(99, '/ping', {}).subarray(0, 16), size, data, zeros]);
    assert.strictEqual(await saidTo(place, ping), expect === 'ok' ? 'done' : expect, name);
  }
  return rows.length;
}

function frames() { // by length; SLIP is not spoken here, but what it carries is read
  const rows = vectors.filter(v => v.kind === 'frames');
  for (const v of rows)
    for (const hex of v.packets) assert(parse(Buffer.from(hex, 'hex'))[0].startsWith('/'), v.name);
  return rows.length;
}

/** The bytes in ../README.md are those of vectors. */
function readme() {
  const blocks = fs.readFileSync(`${__dirname}/../README.md`, 'utf8').match(/^```\n[^]*?^```/gm);
  const bytes = blocks.map(block => block.split('\n').slice(1, -1)
    .map(line => line.split('  ')[0].replaceAll(' ', '')).join(''));
  const known = vectors.map(v => v.bytes);
  for (const b of bytes) assert(known.includes(b) || known.includes(b.slice(8)), `README.md: ${b}`);
  return bytes.length;
}

// ---- sound, order, speed, the end

function rendered(file) {
  const out = `${folder}/rendered.wav`;
  execFileSync(cli, ['render', file, '-o', out, '--notes', 'C4 E4+G4'], { stdio: 'ignore' });
  return fs.readFileSync(out);
}

async function sameSound(s, name) {
  const file = `${top}/examples/${name}.json`;
  await s.call('/patch/load', { patch: JSON.parse(fs.readFileSync(file)) });
  const { text } = await s.call('/patch/get', { format: 'json' });
  fs.writeFileSync(`${folder}/held.json`, text);
  assert(rendered(`${folder}/held.json`).equals(rendered(file)), `${name}: another sound`);
}

const ordered = list => list.every((x, i) => !i || x >= list[i - 1]);

/** The example of ./README.md, by a user who has installed the package. */
async function example(place) {
  const page = fs.readFileSync(`${__dirname}/README.md`, 'utf8');
  const code = page.match(/```js\n([^]*?)```/)[1].replace("'./megasynth'", "'megasynth'");
  const modules = `${folder}/example/node_modules`;
  fs.mkdirSync(modules, { recursive: true });
  fs.symlinkSync(__dirname, `${modules}/megasynth`);
  fs.writeFileSync(`${folder}/example/example.js`, code.replace(/`\$\{folder\}\/main.sock`/, JSON.stringify(place)));
  execFileSync(process.execPath, [`${folder}/example/example.js`], { cwd: top });
}

async function many(s, started) {
  const began = process.hrtime.bigint(), turns = [];
  for (let i = 0; i < 10000; i++)
    turns.push(s.call('/knob/set', { name: 'cutoff', value: i / 9999 }));
  const frames = (await Promise.all(turns)).map(a => a.frame), took = ms(began);
  assert(ordered(frames), 'knobs out of order');
  assert.strictEqual((await s.call('/knob/get', { name: 'cutoff' })).value, 1);

  await s.call('/subscribe', { topics: ['note'] });
  const ids = Array.from({ length: 1000 }, (_, i) => i + 1), notes = [];
  for (const id of ids) {
    notes.push(s.call('/note/on', { key: 60, velocity: 0.5, id }));
    s.call('/note/off', { id });
  }
  assert(ordered((await Promise.all(notes)).map(a => a.frame)), 'notes out of order');
  await s.call('/sync');
  assert.deepStrictEqual(started, ids, 'notes were lost');

  const trips = [];
  for (let i = 0; i < 1000; i++) {
    const since = process.hrtime.bigint();
    await s.call('/ping');
    trips.push(ms(since));
  }
  trips.sort((a, b) => a - b);
  console.log(`10,000 knob changes: ${took.toFixed(0)} ms, ${(1e7 / took).toFixed(0)} a second`);
  console.log(`round trip p50 ${trips[500].toFixed(3)} ms, p99 ${trips[990].toFixed(3)} ms`);
}

async function killed(s, server) {
  const began = process.hrtime.bigint();
  server.kill('SIGKILL');
  await assert.rejects(async () => { for (;;) await s.call('/ping'); }, /the server is gone/);
  await assert.rejects(s.call('/ping'), /the server is gone/);
  console.log(`known ${ms(began).toFixed(0)} ms after the server was killed`);
}

async function run(server, ready) {
  const place = ready.split(' ').find(u => u.startsWith('unix:')).slice(5), started = [];
  const s = connect(place, (_, [topic, { event, id }]) => {
    if (topic === 'note' && event === 'started') started.push(id);
  });
  const counts = [await packets(place), await payloads(place), frames()];
  console.log(`vectors.json: ${counts[0]} packets, ${counts[1]} payloads, ${counts[2]} frames`);
  console.log(`README.md: ${readme()} examples`);
  await sameSound(s, 'tremolo');
  await sameSound(s, 'keys');
  await assert.rejects(s.call('/knob/set', { name: 'cutof', value: 1 }),
    { code: 'not-found', hint: 'did you mean `cutoff`?', message: /^\/knob\/set: / });
  await assert.rejects(s.call('/note/on', { key: 60, velocity: 90 }), { path: 'velocity', hint: /127/ });
  await assert.rejects(connect({ port: 1, host: '127.0.0.1' }).call('/ping'), /no server: .*ECONNREFUSED/);
  await assert.rejects(connect(`${folder}/nobody.sock`).call('/ping'), /no server: .*ENOENT/);
  await example(place);
  await many(s, started);
  await killed(s, server);
  console.log('node_client: passed');
}

const options = ['--backend', 'dummy', '--port', '0', '--state', 'none', '--exit-with-parent'];
const server = spawn(program, options, {
  env: { ...process.env, XDG_RUNTIME_DIR: folder }, stdio: ['ignore', 'pipe', 'ignore'],
});
server.stdout.once('data', async line => {
  try {
    await run(server, String(line).trim());
  } catch (e) {
    console.error(e);
    process.exitCode = 1;
  }
  server.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});
