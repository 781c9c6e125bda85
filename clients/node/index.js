// The client: it spawns the sidecar, frames, and passes on. All behaviour is in the sidecar.

import process from "node:process";
import { Connection } from "./lib/connection.js";
import { OnBehalfError } from "./lib/errors.js";
import { findCommand } from "./lib/sidecar.js";

export { OnBehalfError };

const METHODS = [
  "ping",
  "getToken",
  "mintAssertion",
  "invokeAgent",
  "getAgentRun",
  "listAgents",
  "getAgentCard",
  "resumeAgent",
  "createKey",
  "importKey",
  "listKeys",
  "getKey",
  "deleteKey",
  "rotateKey",
  "saveProfile",
  "getProfile",
  "listProfiles",
  "deleteProfile",
  "setClientSecret",
  "diagnose",
  "explain",
];

export class OnBehalf {
  #connection;
  #timeoutMs;

  constructor(options = {}) {
    const { command, admin, store, config, passphraseFile, policy } = options;
    const values = { "--store": store, "--config": config, "--passphrase-file": passphraseFile, "--policy": policy };
    const words = Object.entries(values).filter(([, value]) => value !== undefined);
    this.#timeoutMs = options.timeoutMs;
    this.#connection = new Connection([...findCommand(command), ...(admin ? ["--admin"] : []), ...words.flat()], {
      env: options.env,
      stderr: options.stderr,
      initialize: {
        processId: process.pid,
        clientInfo: { name: "onbehalf-node", version: "0.1.0" },
        capabilities: {},
        initializationOptions: { profiles: options.profiles, defaultProfile: options.defaultProfile },
      },
    });
  }

  call(method, params = {}, { timeoutMs = this.#timeoutMs, signal, onProgress } = {}) {
    return this.#connection.call(method, params, { timeoutMs, signal, onProgress });
  }

  close() {
    return this.#connection.close();
  }
}

for (const method of METHODS) {
  OnBehalf.prototype[method] = function (params, options) {
    return this.call(method, params, options);
  };
}

if (Symbol.asyncDispose) OnBehalf.prototype[Symbol.asyncDispose] = OnBehalf.prototype.close;
