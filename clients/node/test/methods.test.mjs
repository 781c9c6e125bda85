// What the methods send and what comes back.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { OnBehalf, OnBehalfError } from "onbehalf";
import { open, STAND_IN } from "./support.mjs";

const answers = JSON.parse(readFileSync(new URL("../../testing/answers.json", import.meta.url), "utf8"));

for (const [method, answer] of Object.entries(answers)) {
  test(`${method} passes its params and its result on as they are`, async (t) => {
    const ob = open(t);
    const params = method === "ping" ? undefined : { subject: "curtis.feitty", "x5t#S256": [1, null] };
    assert.deepEqual(await ob[method](params), answer);
    const sent = (await ob.call("seen")).at(-2);
    assert.deepEqual([sent.method, sent.params], [method, params ?? {}]);
  });
}

test("the declared methods are the methods there are", () => {
  const declarations = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
  const body = declarations.slice(declarations.indexOf("export class OnBehalf {"));
  const declared = [...body.matchAll(/^  (\w+)\(/gm)].map((match) => match[1]);
  const there = [...Object.getOwnPropertyNames(OnBehalf.prototype), ...Object.keys(OnBehalf.prototype)];
  assert.deepEqual(new Set(declared), new Set(there));
});

test("progress comes before the run", async (t) => {
  const seen = [];
  const params = { profile: "dev5", subject: "curtis.feitty", agent: "PAYABLES_TEAM", message: "Hello" };
  const run = await open(t).invokeAgent(params, { onProgress: (value) => seen.push(value) });
  assert.deepEqual(seen.map((value) => value.kind), ["begin", "report", "end"]);
  assert.equal(seen[1].jobId, run.jobId);
  assert.equal(run.output, "curtis.feitty: Hello");
});

test("an error of the sidecar", async (t) => {
  const data = { kind: "rate_limited", retryable: true, retryAfterMs: 1500, hint: "Wait.", detail: { ecid: "e-1" } };
  const refused = open(t).call("fail", { code: 1400, message: "Too many.", data });
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof OnBehalfError && error instanceof Error);
    assert.equal(error.message, "Too many. Wait.");
    assert.equal(String(error), "OnBehalfError: Too many. Wait.");
    const { code, kind, hint, retryable, retryAfterMs, detail, causes } = error;
    assert.deepEqual({ kind, hint, retryable, retryAfterMs, detail }, data);
    assert.deepEqual([code, causes], [1400, []]);
    return true;
  });
});

test("an error without data", async (t) => {
  await assert.rejects(open(t).call("fail", { code: 5, message: "Bare." }), { kind: "internal", message: "Bare." });
});

test("initialize is first and complete, options become arguments", async (t) => {
  const ob = open(t, {
    admin: true,
    store: "memory",
    config: "/tmp/config.json",
    passphraseFile: "/tmp/pass",
    policy: "/tmp/policy.json",
    profiles: { dev5: { clientId: "c" } },
    defaultProfile: "dev5",
  });
  const { arguments: words, session, pid } = await ob.call("process");
  assert.equal(
    words.join(" "),
    "--admin --store memory --config /tmp/config.json --passphrase-file /tmp/pass --policy /tmp/policy.json",
  );
  assert.equal(session, pid, "Ctrl-C at the terminal must not reach the sidecar");
  const [first] = await ob.call("seen");
  assert.equal(first.method, "initialize");
  assert.equal(first.params.processId, process.pid);
  const profiles = { dev5: { clientId: "c" } };
  assert.deepEqual(first.params.initializationOptions, { profiles, defaultProfile: "dev5" });
});

test("the way to the bus survives a minimal environment", async (t) => {
  const before = process.env.DBUS_SESSION_BUS_ADDRESS;
  process.env.DBUS_SESSION_BUS_ADDRESS = "unix:path=/tmp/bus";
  t.after(() => {
    if (before === undefined) delete process.env.DBUS_SESSION_BUS_ADDRESS;
    else process.env.DBUS_SESSION_BUS_ADDRESS = before;
  });
  const ob = open(t, { env: { PATH: process.env.PATH, XDG_RUNTIME_DIR: "/mine" } });
  const { environment } = await ob.call("process");
  assert.equal(environment.DBUS_SESSION_BUS_ADDRESS, "unix:path=/tmp/bus");
  assert.equal(environment.XDG_RUNTIME_DIR, "/mine");
  assert.equal(environment.HOME, undefined);
});

test("a thousand calls at once", async (t) => {
  const ob = open(t);
  const numbers = Array.from({ length: 1000 }, (_, number) => ({ number }));
  assert.deepEqual(await Promise.all(numbers.map((params) => ob.call("echo", params))), numbers);
});

test("huge messages both ways", async (t) => {
  const ob = open(t);
  const text = "ü".repeat(8 << 20);
  assert.equal((await ob.call("echo", { text })).text, text);
  assert.equal((await ob.call("large", { bytes: 32 << 20 })).length, 32 << 20);
});

for (const text of ["żółć 🐟", "\u2028\r\n\u0000", "e\u0301", '\\ " / \\ud800']) {
  test(`text arrives as it left: ${JSON.stringify(text)}`, async (t) => {
    assert.deepEqual(await open(t).call("echo", { [text]: text }), { [text]: text });
  });
}

for (const value of ["\ud800", "\\\udc00", 1n]) {
  test(`what JSON cannot say is refused: ${typeof value} ${String(value).length}`, async (t) => {
    const ob = open(t);
    await assert.rejects(ob.call("echo", { value }), TypeError);
    assert.deepEqual(await ob.call("echo"), {});
  });
}

test("a command may be one word", async () => {
  const ob = new OnBehalf({ command: STAND_IN[1] });
  assert.deepEqual(await ob.ping(), {});
  await ob.close();
});
