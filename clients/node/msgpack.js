// SPDX-License-Identifier: MIT
// msgpack -- data as MessagePack; stands in for any library, such as npm's @msgpack/msgpack.

function tagged(tag, type, bytes, value, ...more) {
  const head = Buffer.alloc(1 + bytes, tag);
  head['write' + type](value, 1);
  return Buffer.concat([head, ...more]);
}

// What is small has shorter forms, which nobody has to write.
function encode(x) {
  if (x === null || x === undefined) return Buffer.from([0xc0]);
  if (typeof x === 'boolean') return Buffer.from([x ? 0xc3 : 0xc2]);
  if (Number.isSafeInteger(x)) return tagged(0xd3, 'BigInt64BE', 8, BigInt(x));
  if (typeof x === 'number') return tagged(0xcb, 'DoubleBE', 8, x);
  if (typeof x === 'string')
    return tagged(0xdb, 'UInt32BE', 4, Buffer.byteLength(x), Buffer.from(x));
  if (Buffer.isBuffer(x)) return tagged(0xc6, 'UInt32BE', 4, x.length, x);
  if (Array.isArray(x)) return tagged(0xdd, 'UInt32BE', 4, x.length, ...x.map(encode));
  const entries = Object.entries(x);
  return tagged(0xdf, 'UInt32BE', 4, entries.length, ...entries.flat().map(encode));
}

const NUMBERS = [['FloatBE', 4], ['DoubleBE', 8],
  ['UInt8', 1], ['UInt16BE', 2], ['UInt32BE', 4], ['BigUInt64BE', 8],
  ['Int8', 1], ['Int16BE', 2], ['Int32BE', 4], ['BigInt64BE', 8]]; // from 0xca on

function decode(data) {
  let at = 0;
  const number = (type, bytes) => Number(data['read' + type]((at += bytes) - bytes));
  const count = bytes => data.readUIntBE((at += bytes) - bytes, bytes);
  const bytes = n => data.subarray(at, at += n), text = n => bytes(n).toString();
  const list = n => Array.from({ length: n }, value);
  const map = n => Object.fromEntries(Array.from({ length: n }, () => [value(), value()]));
  function value() {
    const tag = data[at++];
    if (tag < 0x80 || tag >= 0xe0) return (tag << 24) >> 24;
    if (tag < 0x90) return map(tag & 15);
    if (tag < 0xa0) return list(tag & 15);
    if (tag < 0xc0) return text(tag & 31);
    if (tag < 0xc4) return [null, undefined, false, true][tag & 3];
    if (tag < 0xc7) return bytes(count(1 << (tag - 0xc4)));
    if (tag >= 0xca && tag < 0xd4) return number(...NUMBERS[tag - 0xca]);
    if (tag >= 0xd9 && tag < 0xdc) return text(count(1 << (tag - 0xd9)));
    if (tag >= 0xdc && tag < 0xde) return list(count(2 << (tag - 0xdc)));
    if (tag >= 0xde) return map(count(2 << (tag - 0xde)));
    throw new Error('an extension'); // the server sends none
  }
  return value();
}

module.exports = { encode, decode };
