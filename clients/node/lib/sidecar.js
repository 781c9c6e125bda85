// The sidecar as a child process: where its binary is, its three pipes and its end.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { clientError } from "./errors.js";
import { FrameReader, FramingError, encode } from "./framing.js";

const INSTALL =
  "Build it with `swift build -c release --static-swift-stdlib` in a clone of onbehalf, then put " +
  "`.build/release/onbehalf` on PATH, name it in ONBEHALF_BIN or pass { command: [...] }.";
const BUS_VARIABLES = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"];
const LAST_WORDS = 2000;

/** The command given, else ONBEHALF_BIN, else the binary inside this package, else the one on PATH. */
export function findCommand(command, packaged = fileURLToPath(new URL("../bin/onbehalf", import.meta.url))) {
  if (command?.length) return typeof command === "string" ? [command] : [...command];
  if (process.env.ONBEHALF_BIN) return [process.env.ONBEHALF_BIN];
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const found = [packaged, ...folders.map((folder) => join(folder, "onbehalf"))].find(isExecutable);
  if (found) return [found];
  throw clientError("sidecar_not_found", "The onbehalf binary is neither in ONBEHALF_BIN nor on PATH.", INSTALL);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Owns the child. It keeps its host alive only while it is held. `onMessage` gets what the sidecar says; `onEnd` gets,
 * once, the function that makes the error of its end.
 */
export class Sidecar {
  #child;
  #holds = 0;
  #lastWords = "";
  #messages = 0;
  #exited;
  #ended = false;

  constructor(command, { env, stderr, onMessage, onEnd }) {
    this.#child = start(command, env);
    this.#exited = new Promise((resolve) => {
      this.#child.once("exit", resolve);
      this.#child.once("error", resolve);
    });
    const end = (makeError) => {
      if (!this.#ended) onEnd(makeError);
      this.#ended = true;
    };
    this.#child.once("error", (error) => end(() => cannotStart(command, error)));
    this.#child.once("close", (code, signal) => end(() => this.#obituary(code, signal)));
    this.#child.stdin.on("error", () => {}); // a broken pipe: the end is told by "close"
    this.#child.stderr.on("data", (data) => this.#hear(data, stderr));
    this.#child.stdout.once("end", () => this.stop(2000));
    const reader = new FrameReader();
    this.#child.stdout.on("data", (data) => {
      try {
        for (const message of this.#ended ? [] : reader.push(data)) {
          this.#messages += 1;
          onMessage(message);
        }
      } catch (error) {
        if (!(error instanceof FramingError)) throw error;
        const found = this.#messages === 0 ? error.found.slice(0, 80) : undefined;
        end(() => garbled(found, this.#messages));
        this.stop(0);
      }
    });
    this.#reference("unref");
  }

  /** Throws a TypeError for what JSON cannot say. */
  send(message) {
    this.#child.stdin.write(encode(message));
  }

  /** Keeps the host alive until the function it returns is called. */
  hold() {
    if (this.#holds++ === 0) this.#reference("ref");
    return () => {
      if (--this.#holds === 0) this.#reference("unref");
    };
  }

  /** Closes stdin and waits for the end, then asks for it (SIGTERM), then enforces it (SIGKILL). */
  async stop(patienceMs) {
    this.#child.stdin.end();
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      let timer;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, patienceMs, true).unref()));
      const isLate = await Promise.race([this.#exited.then(() => false), late]);
      clearTimeout(timer);
      if (!isLate) return;
      this.#child.kill(signal);
    }
    await this.#exited;
  }

  #reference(verb) {
    for (const handle of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) handle[verb]();
  }

  #hear(data, stderr) {
    this.#lastWords = (this.#lastWords + data.toString("utf8")).slice(-LAST_WORDS);
    if (stderr !== "ignore") process.stderr.write(data);
  }

  #obituary(code, signal) {
    const end = signal ? `was ended by ${signal}` : `ended with exit status ${code}`;
    const words = this.#lastWords.trim();
    const hint = words ? ` Its last words were:\n${words}` : " It left no words on stderr.";
    return clientError("sidecar_exited", `The sidecar ${end}.`, `Make a new client.${hint}`);
  }
}

function start(command, env) {
  try {
    // A session of its own, so that Ctrl-C reaches the host alone.
    return spawn(command[0], command.slice(1), { stdio: "pipe", detached: true, env: withBus(env) });
  } catch (error) {
    throw cannotStart(command, error);
  }
}

/** A minimal environment must not cost the sidecar its way to the Secret Service. */
function withBus(env) {
  if (env === undefined) return process.env;
  const bus = BUS_VARIABLES.filter((name) => name in process.env).map((name) => [name, process.env[name]]);
  return { ...Object.fromEntries(bus), ...env };
}

function cannotStart(command, error) {
  const message = `The sidecar ${JSON.stringify(command[0])} cannot be started: ${error.message}.`;
  return clientError("sidecar_not_found", message, INSTALL, error);
}

// Later bytes may belong to an answer, and answers carry tokens: they are not shown.
function garbled(found, messages) {
  const what = found === undefined ? `something else after ${messages} messages` : JSON.stringify(found);
  return clientError(
    "sidecar_garbled",
    `The sidecar does not speak the protocol on its stdout: found ${what}.`,
    "See that the command is onbehalf and that no wrapper around it prints to stdout.",
  );
}
