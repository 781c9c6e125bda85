// Messages on the pipe: `Content-Length` headers, as in the base protocol of LSP.

const MAXIMUM_HEADER = 4096;
const MAXIMUM_MESSAGE = 256 << 20;
const HEADER_END = "\r\n\r\n";
const HEADER_LINE = /^[A-Za-z0-9-]+:[^\r\n]*\r\n/;
const CONTENT_LENGTH = /^content-length:[ \t]*([0-9]{1,10})[ \t]*$/im;
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;

/** The bytes are not frames. `found` is where a header should have been. */
export class FramingError extends Error {
  constructor(found) {
    super("These bytes are not frames.");
    this.found = found;
  }
}

/** The frame of a message. Throws a TypeError for what JSON cannot say, before anything is sent. */
export function encode(message) {
  const text = JSON.stringify(message);
  if (text.includes("\\ud") && LONE_SURROGATE.test(text)) {
    throw new TypeError("A string holds half a surrogate pair, which UTF-8 cannot say.");
  }
  return `Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** Cuts a stream of bytes into messages, however the bytes arrive. */
export class FrameReader {
  #chunks = [];
  #size = 0;
  #length; // of the body, once its header is read

  /** Yields the messages that are complete with this chunk. Throws FramingError. */
  *push(chunk) {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (;;) {
      this.#length ??= this.#readHeader();
      if (this.#length === undefined || this.#size < this.#length) return;
      const body = this.#take(this.#length);
      this.#length = undefined;
      yield parse(body);
    }
  }

  #readHeader() {
    const buffer = this.#join();
    const head = buffer.toString("latin1", 0, MAXIMUM_HEADER);
    const end = head.indexOf(HEADER_END);
    const lines = end < 0 ? head.slice(0, head.lastIndexOf("\n") + 1) : head.slice(0, end + 2);
    if (!everyLineIsAHeader(lines) || (end < 0 && head.length === MAXIMUM_HEADER)) throw new FramingError(head);
    if (end < 0) return undefined;
    const length = Number(CONTENT_LENGTH.exec(lines.replaceAll("\r", ""))?.[1] ?? NaN);
    if (!(length <= MAXIMUM_MESSAGE)) throw new FramingError(head);
    this.#take(end + HEADER_END.length);
    return length;
  }

  #take(count) {
    const buffer = this.#join();
    this.#chunks = count < buffer.length ? [buffer.subarray(count)] : [];
    this.#size -= count;
    return buffer.subarray(0, count);
  }

  #join() {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks, this.#size)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }
}

function everyLineIsAHeader(lines) {
  for (let rest = lines; rest !== ""; ) {
    const line = HEADER_LINE.exec(rest)?.[0];
    if (line === undefined) return false;
    rest = rest.slice(line.length);
  }
  return true;
}

function parse(body) {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new FramingError("a message that is not JSON");
  }
}
