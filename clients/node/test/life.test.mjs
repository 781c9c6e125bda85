// Finding, starting, cancelling, deadlines, crashes and the end.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OnBehalf } from "onbehalf";
import { patience } from "../lib/connection.js";
import { findCommand } from "../lib/sidecar.js";
import { arrival, isAlive, open, PACKAGE, STAND_IN } from "./support.mjs";

const modeOf = (mode) => ({ env: { PATH: process.env.PATH, STAND_IN: mode } });

function withPatience(t, values) {
  const before = { ...patience };
  Object.assign(patience, values);
  t.after(() => Object.assign(patience, before));
}

function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), "onbehalf-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("where the binary is", (t) => {
  const folder = temporary(t);
  const { PATH, ONBEHALF_BIN } = process.env;
  t.after(() => Object.assign(process.env, { PATH }, ONBEHALF_BIN === undefined ? {} : { ONBEHALF_BIN }));
  delete process.env.ONBEHALF_BIN;
  process.env.PATH = folder;
  assert.throws(() => findCommand(), { kind: "sidecar_not_found", message: /swift build/ });
  const onPath = join(folder, "onbehalf");
  writeFileSync(onPath, "");
  chmodSync(onPath, 0o755);
  assert.deepEqual(findCommand(), [onPath]);
  assert.deepEqual(findCommand(undefined, "/bin/sh"), ["/bin/sh"]);
  process.env.ONBEHALF_BIN = "/named/onbehalf";
  assert.deepEqual(findCommand(), ["/named/onbehalf"]);
  assert.deepEqual(findCommand("/given/onbehalf"), ["/given/onbehalf"]);
  assert.deepEqual(findCommand(["env", "onbehalf"]), ["env", "onbehalf"]);
  delete process.env.ONBEHALF_BIN;
});

const starts = [
  ["a binary that is not there", ["/no/such/binary"], "sidecar_not_found", /cannot be started.*swift build/s],
  ["a binary that is a folder", ["/"], "sidecar_not_found", /cannot be started/],
  ["another program", ["sh", "-c", "echo 'Usage: other'; sleep 60"], "sidecar_garbled", /found "Usage: other/],
  ["a program that says nothing", ["true"], "sidecar_exited", /status 0.*no words/],
];

for (const [name, command, kind, message] of starts) {
  test(name, async (t) => {
    const ob = open(t, { command });
    await assert.rejects(ob.ping(), { kind, message, code: 1800 });
    await assert.rejects(ob.ping(), { kind });
  });
}

test("a sidecar that ends at once tells why", async (t) => {
  const ob = open(t, modeOf("exit"));
  await assert.rejects(ob.ping(), { kind: "sidecar_exited", message: /exit status 1.*the store is on fire/s });
});

test("a sidecar that never answers", async (t) => {
  withPatience(t, { startMs: 100, closeMs: 200 });
  await assert.rejects(open(t, modeOf("hang")).ping(), { kind: "deadline_exceeded", code: 1700 });
});

for (const mode of ["too-new", "too-old"]) {
  test(`a sidecar that is ${mode}`, async (t) => {
    await assert.rejects(open(t, modeOf(mode)).ping(), { kind: "sidecar_incompatible", message: /this client 1\.0/ });
  });
}

test("the deadline is the sidecar's", async (t) => {
  const ob = open(t, { timeoutMs: 50 });
  await assert.rejects(ob.call("slow"), { kind: "deadline_exceeded", message: "The deadline passed." });
  await ob.ping({}, { timeoutMs: 99 });
  assert.deepEqual((await ob.call("seen")).slice(1).map((message) => message.params.timeoutMs), [50, 99, 50]);
});

test("a sidecar that misses the deadline is given up", async (t) => {
  withPatience(t, { graceMs: 50 });
  const ob = open(t);
  const silent = { kind: "deadline_exceeded", message: /did not answer/ };
  await assert.rejects(ob.call("deaf", {}, { timeoutMs: 50 }), silent);
  assert.equal((await ob.call("seen")).at(-2).method, "$/cancelRequest");
});

test("an abort cancels in the sidecar and brings its answer", async (t) => {
  const ob = open(t);
  const controller = new AbortController();
  const run = ob.call("slow", {}, { signal: controller.signal });
  await arrival(ob, "slow");
  controller.abort();
  await assert.rejects(run, { code: -32800, kind: "cancelled", detail: { state: "unknown", agent: "PAYABLES_TEAM" } });
});

test("an abort does not wait for ever", async (t) => {
  withPatience(t, { graceMs: 50 });
  const ob = open(t);
  const controller = new AbortController();
  const run = ob.call("deaf", {}, { signal: controller.signal });
  await arrival(ob, "deaf");
  controller.abort(new Error("enough"));
  await assert.rejects(run, (error) => error.kind === "cancelled" && error.cause.message === "enough");
});

test("what is aborted before is not sent", async (t) => {
  const ob = open(t);
  await assert.rejects(ob.call("echo", {}, { signal: AbortSignal.abort() }), { kind: "cancelled" });
  assert.deepEqual((await ob.call("seen")).map((message) => message.method), ["initialize", "seen"]);
});

test("what onProgress throws cancels and rejects", async (t) => {
  const ob = open(t);
  const onProgress = (value) => {
    throw new RangeError(value.kind);
  };
  await assert.rejects(ob.call("slow", {}, { onProgress }), new RangeError("begin"));
  assert.equal((await ob.call("seen")).at(-2).method, "$/cancelRequest");
});

test("a crash fails what is pending and what comes later", async (t) => {
  const ob = open(t);
  const pending = Array.from({ length: 7 }, () => ob.call("deaf"));
  const crash = ob.call("crash", { status: 3, words: "error: the store is on fire" });
  const errors = (await Promise.allSettled([...pending, crash])).map((outcome) => outcome.reason);
  errors.push(await ob.ping().catch((error) => error));
  for (const error of errors) assert.match(error.message, /exit status 3.*the store is on fire/s);
  assert.equal(new Set(errors).size, 9);
});

test("a sidecar that is killed", async (t) => {
  const ob = open(t);
  const { pid } = await ob.call("process");
  const pending = ob.call("deaf");
  process.kill(pid, "SIGKILL");
  await assert.rejects(pending, { kind: "sidecar_exited", message: /SIGKILL/ });
});

test("a closed stdout is an end", async (t) => {
  await assert.rejects(open(t).call("closeOutput"), { kind: "sidecar_exited" });
});

test("garbage in mid-session ends it and is not shown", async (t) => {
  const ob = open(t);
  await ob.ping();
  const garbled = (error) => error.kind === "sidecar_garbled" && !error.message.includes("planted");
  await assert.rejects(ob.call("garbage", { text: "planted garbage\r\n" }), garbled);
  await assert.rejects(ob.ping(), garbled);
});

for (const text of ["7", "null", "[]", '{"id": 99, "result": 1}', '{"method": "$/progress", "params": null}']) {
  test(`a message nobody waits for is ignored: ${text}`, async (t) => {
    const ob = open(t);
    const pending = ob.call("garbage", { text: `Content-Length: ${text.length}\r\n\r\n${text}` });
    assert.deepEqual(await ob.call("echo", { a: 1 }), { a: 1 });
    await Promise.all([ob.close(), assert.rejects(pending, { kind: "client_closed" })]);
  });
}

test("a flood on stderr blocks nobody", async (t) => {
  const ob = open(t);
  await ob.call("flood", { bytes: 4 << 20 });
  assert.deepEqual(await ob.call("echo", { a: 1 }), { a: 1 });
});

test("close is final and may be repeated", async (t) => {
  const ob = open(t);
  const { pid } = await ob.call("process");
  const pending = ob.call("deaf");
  await arrival(ob, "deaf");
  await Promise.all([ob.close(), ob.close(), assert.rejects(pending, { kind: "client_closed" })]);
  await assert.rejects(ob.ping(), { kind: "client_closed" });
  assert.equal(isAlive(pid), false);
});

test("a client can be disposed of", async () => {
  const ob = new OnBehalf({ command: STAND_IN });
  await ob[Symbol.asyncDispose]();
  await assert.rejects(ob.ping(), { kind: "client_closed" });
});

test("a stubborn sidecar is killed", async (t) => {
  withPatience(t, { closeMs: 400 });
  const ob = open(t, modeOf("stubborn"));
  const { pid } = await ob.call("process");
  await ob.close();
  assert.equal(isAlive(pid), false);
});

/** Runs a program that has `ob`, in a process of its own. */
function run(body, options = "{}") {
  const program = `import { OnBehalf } from ${JSON.stringify(`${PACKAGE}/index.js`)};
    const ob = new OnBehalf({ command: ${JSON.stringify(STAND_IN)}, ...${options} });
    ${body}`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 10_000 });
}

for (const [name, body] of [
  ["that was never used", ""],
  ["that was used", 'console.log((await ob.call("echo", { text: "done" })).text);'],
]) {
  test(`an idle sidecar ${name} does not keep its host alive`, () => {
    const { status, stderr } = run(body);
    assert.deepEqual([status, stderr], [0, ""]);
  });
}

test("an active call keeps its host alive", () => {
  const { stdout } = run('ob.call("slow", { timeoutMs: 700 }).catch((error) => console.log(error.kind));');
  assert.equal(stdout, "deadline_exceeded\n");
});

test("the sidecar ends with its host", async () => {
  const { stdout } = run('console.log((await ob.call("process")).pid);');
  while (isAlive(Number(stdout))) await new Promise(setImmediate);
});

for (const [stderr, expected] of [["inherit", "warn: hello\n"], ["ignore", ""]]) {
  test(`stderr: ${stderr}`, () => {
    const done = run('await ob.call("log", { text: "warn: hello\\n" }); await ob.close();', `{ stderr: "${stderr}" }`);
    assert.deepEqual([done.status, done.stderr], [0, expected]);
  });
}

test("the example of the README", async (t) => {
  const folder = temporary(t);
  const example = readFileSync(join(PACKAGE, "README.md"), "utf8").split("```js\n")[1].split("```")[0];
  const binary = join(folder, "onbehalf");
  writeFileSync(binary, `#!/bin/sh\nexec ${STAND_IN.map((word) => `'${word}'`).join(" ")} "$@"\n`);
  chmodSync(binary, 0o755);
  const child = spawn(process.execPath, ["--input-type=module", "-e", example], {
    cwd: PACKAGE,
    env: { ...process.env, ONBEHALF_BIN: binary },
  });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0, output);
  assert.match(output, /curtis\.feitty: /);
});
