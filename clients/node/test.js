// SPDX-License-Identifier: MIT
// test -- the client against a real server. usage: node test.js MEGASYNTHD MEGASYNTH
const assert = require('assert'), fs = require('fs'), os = require('os'), path = require('path');
const { spawn, execFileSync } = require('child_process');
const { connect, parse, unpack, pack } = require('./megasynth');
const [program, cli] = process.argv.slice(2), top = path.join(__dirname, '../..');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'megasynth-node-'));
const server = spawn(program, ['--backend', 'dummy', '--port', '0', '--state', 'none', '--exit-with-parent'],
  { env: { ...process.env, XDG_RUNTIME_DIR: folder }, stdio: ['ignore', 'pipe', 'ignore'] });
const sha = file => { execFileSync(cli, ['render', file, '-o', folder + '/r.wav', '--seconds', '1']); return fs.readFileSync(folder + '/r.wav'); };

async function run(ready) {
  const s = connect(ready.split(' ').find(u => u.startsWith('unix:')).slice(5));
  for (const v of JSON.parse(fs.readFileSync(top + '/tests/protocol/vectors.json')).filter(v => v.expect === 'done')) {
    const [address, [id, map]] = parse(Buffer.from(v.bytes, 'hex'));
    assert(address.startsWith('/') && id > 0 && typeof map === 'object', v.name);
    assert.deepStrictEqual(unpack(pack(map)), map, v.name);
  }
  for (const name of ['tremolo', 'keys']) {
    const file = `${top}/examples/${name}.json`;
    await s.call('/patch/load', { patch: JSON.parse(fs.readFileSync(file)) });
    fs.writeFileSync(folder + '/held.json', JSON.stringify((await s.call('/patch/get')).patch));
    assert(sha(folder + '/held.json').equals(sha(file)), name + ': another sound');
  }
  await assert.rejects(s.call('/knob/set', { name: 'cutof', value: 1 }), { code: 'not-found' });
  const began = process.hrtime.bigint(), knobs = [];
  for (let i = 0; i < 10000; i++) knobs.push(s.call('/knob/set', { name: 'cutoff', value: i / 9999 }));
  const frames = (await Promise.all(knobs)).map(a => a.frame);
  assert(frames.every((f, i) => !i || f >= frames[i - 1]), 'out of order');
  assert.strictEqual((await s.call('/knob/get', { name: 'cutoff' })).value, 1);
  console.log(`10,000 knob changes in order, ${Number(process.hrtime.bigint() - began) / 1e6 | 0} ms`);
  for (let i = 0; i < 1000; i++) await s.call(i % 2 ? '/note/off' : '/note/on', { key: 60, ...(i % 2 ? {} : { velocity: 0.5 }) });
  server.kill('SIGKILL');
  await assert.rejects((async () => { for (;;) await s.call('/ping'); })(), /gone|EPIPE|ECONNRESET/);
  console.log('node client: passed');
}
server.stdout.once('data', d => run(String(d).trim()).catch(e => { console.error(e); process.exitCode = 1; })
  .finally(() => { server.kill('SIGKILL'); fs.rmSync(folder, { recursive: true, force: true }); }));
