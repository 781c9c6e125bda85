// Frames, however the bytes arrive.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader, FramingError, encode } from "../lib/framing.js";

const messages = [{ a: 1 }, { text: "żółć 🐟\r\n\r\nContent-Length: 3" }, {}, [], { big: "x".repeat(10_000) }];
const bytes = Buffer.from(messages.map(encode).join("") + "content-type: x; y\r\ncontent-length:  2 \r\n\r\n{}");

for (const size of [1, 2, 7, 4096, bytes.length]) {
  test(`in chunks of ${size}`, () => {
    const reader = new FrameReader();
    const read = [];
    for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
    assert.deepEqual(read, [...messages, {}]);
  });
}

const garbage = [
  "Usage: something-else [options]\n",
  "\r\n\r\n",
  "Content-Length: 12x\r\n\r\n",
  "Content-Length: -1\r\n\r\n",
  "Content-Length: 99999999999999999999\r\n\r\n",
  "Content-Length: 4294967296\r\n\r\n",
  "Content-Length: 3\r\n\r\n{,}",
  "X: y\r\n\r\n",
  "x".repeat(5000),
  "X: y\r\n".repeat(1000),
];

for (const [index, text] of garbage.entries()) {
  test(`garbage ${index} is refused, at once and byte by byte`, () => {
    assert.throws(() => [...new FrameReader().push(Buffer.from(text))], FramingError);
    const reader = new FrameReader();
    assert.throws(() => {
      for (const byte of Buffer.from(text)) for (const _ of reader.push(Buffer.of(byte)));
    }, FramingError);
  });
}
