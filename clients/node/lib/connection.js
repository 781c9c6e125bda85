// Requests and their answers, by id, over one sidecar.

import { OnBehalfError, cancelled, clientError, closed, silent } from "./errors.js";
import { Sidecar } from "./sidecar.js";

export const PROTOCOL_VERSION = "1.0";
export const patience = { startMs: 10_000, graceMs: 5_000, closeMs: 2_000 };
const LONGEST_DEFAULT_MS = 300_000;

export class Connection {
  #sidecar;
  #pending = new Map();
  #nextId = 1;
  #refusal; // makes the error of every request once there is nobody to send it to
  #closing;
  #ready;

  constructor(command, { initialize, ...options }) {
    const onMessage = (message) => this.#dispatch(message);
    const onEnd = (makeError) => this.#failAll(this.#closing ? closed : makeError);
    this.#sidecar = new Sidecar(command, { ...options, onMessage, onEnd });
    this.#ready = this.#request("initialize", initialize, { patienceMs: patience.startMs }).then(checkVersion);
    this.#ready.catch(() => {}); // told by every call
  }

  /** Keeps the host alive until it is settled. An abort is settled by the sidecar's own answer, if it gives one. */
  async call(method, params, { timeoutMs, signal, onProgress }) {
    if (signal?.aborted) throw cancelled(signal.reason);
    const release = this.#sidecar.hold();
    try {
      await this.#ready;
      const all = timeoutMs === undefined ? params : { ...params, timeoutMs };
      const patienceMs = (all.timeoutMs ?? LONGEST_DEFAULT_MS) + patience.graceMs;
      return await this.#request(method, all, { patienceMs, signal, onProgress });
    } finally {
      release();
    }
  }

  close() {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async #shutDown() {
    const release = this.#sidecar.hold();
    try {
      await this.#request("shutdown", {}, { patienceMs: patience.closeMs / 2 }).catch(() => {});
      this.#notify("exit", {});
      await this.#sidecar.stop(patience.closeMs / 2);
      this.#failAll(closed);
    } finally {
      release();
    }
  }

  #request(method, params, { patienceMs, signal, onProgress }) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#refusal) throw this.#refusal();
      const giveUp = (error) => {
        this.#notify("$/cancelRequest", { id });
        settle(reject, error);
      };
      let timer = setTimeout(() => giveUp(silent()), patienceMs).unref();
      const abort = () => {
        this.#notify("$/cancelRequest", { id });
        clearTimeout(timer);
        timer = setTimeout(() => settle(reject, cancelled(signal.reason)), patience.graceMs).unref();
      };
      const settle = (how, value) => {
        this.#pending.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        how(value);
      };
      const progress = (value) => {
        try {
          onProgress?.(value);
        } catch (error) {
          giveUp(error);
        }
      };
      const all = onProgress ? { ...params, workDoneToken: id } : params;
      try {
        this.#sidecar.send({ jsonrpc: "2.0", id, method, params: all });
      } catch (error) {
        return settle(reject, error);
      }
      this.#pending.set(id, { progress, resolve: (v) => settle(resolve, v), reject: (e) => settle(reject, e) });
      signal?.addEventListener("abort", abort);
    });
  }

  #notify(method, params) {
    if (!this.#refusal) this.#sidecar.send({ jsonrpc: "2.0", method, params });
  }

  #dispatch(message) {
    if (message?.method === "$/progress") {
      this.#pending.get(message.params?.token)?.progress(message.params.value);
    } else if (message?.method === undefined) {
      const request = this.#pending.get(message?.id);
      if (message?.error !== undefined) request?.reject(OnBehalfError.fromWire(message.error));
      else request?.resolve(message?.result);
    }
  }

  #failAll(makeError) {
    this.#refusal ??= makeError;
    for (const request of [...this.#pending.values()]) request.reject(makeError());
  }
}

function checkVersion({ minimumProtocolVersion: oldest, protocolVersion: newest } = {}) {
  if (isAtMost(oldest, PROTOCOL_VERSION) && isAtMost(PROTOCOL_VERSION, newest)) return;
  throw clientError(
    "sidecar_incompatible",
    `The sidecar speaks protocol ${oldest} to ${newest}, this client ${PROTOCOL_VERSION}.`,
    "Install a sidecar and a client of the same release.",
  );
}

function isAtMost(left, right) {
  const [a, b] = [left, right].map((text) => String(text).split(".").map(Number));
  return a[0] === b[0] ? a[1] <= b[1] : a[0] < b[0];
}
