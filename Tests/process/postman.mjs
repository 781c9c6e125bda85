// Runs a Postman collection as Postman documents it, reading {collection, environment} and writing {tests, environment}
// as JSON. It knows what exportRequest uses and refuses everything else: what it does not know it would run otherwise.

import http from "node:http";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import vm from "node:vm";

const MAXIMUM_REQUESTS = 200;

function known(value, names, where) {
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw new Error(`${where} has ${name}, which this runner does not know`);
  }
  return value;
}

/** An object of which only these members may be touched. */
function strict(members, where) {
  return new Proxy(members, {
    get(target, name) {
      if (typeof name === "symbol" || name in target) return target[name];
      throw new Error(`${where}.${String(name)} is not known to this runner`);
    },
  });
}

/** Variables are replaced again in what has been put in their place, until none is left or it was done 30 times. */
function resolved(text, environment) {
  for (let round = 0; round < 30; round += 1) {
    let replacements = 0;
    text = text.replace(/\{\{([^{}]*?)}}/g, (whole, name) => {
      const value = name === "$guid" ? randomUUID() : environment.get(name);
      if (value === undefined) return whole;
      replacements += 1;
      return String(value);
    });
    if (replacements === 0) break;
  }
  return text;
}

function headersOf(request, environment) {
  const headers = { "User-Agent": "PostmanRuntime/7", "Postman-Token": randomUUID(), "Cache-Control": "no-cache" };
  for (const header of request.header) {
    known(header, ["key", "value"], "a header");
    headers[resolved(header.key, environment)] = resolved(header.value, environment);
  }
  const auth = known(request.auth, ["type", "basic"], "auth");
  if (auth.type === "basic") {
    const values = Object.fromEntries(auth.basic.map((one) => [one.key, resolved(one.value, environment)]));
    headers.Authorization = `Basic ${Buffer.from(`${values.username}:${values.password}`).toString("base64")}`;
  } else if (auth.type !== "noauth") {
    throw new Error(`auth ${auth.type} is not known`);
  }
  return headers;
}

function bodyOf(body, environment) {
  if (body === undefined) return undefined;
  if (body.mode === "raw") {
    known(body, ["mode", "raw", "options"], "a body");
    return resolved(body.raw, environment);
  }
  if (body.mode !== "urlencoded") throw new Error(`a body of mode ${body.mode} is not known`);
  return body.urlencoded.map((field) => {
    known(field, ["key", "value", "type"], "a field");
    return [field.key, field.value].map((text) => encodeURIComponent(resolved(text, environment))).join("=");
  }).join("&");
}

function send(item, environment) {
  const request = known(item.request, ["method", "auth", "header", "body", "url"], "a request");
  known(item.protocolProfileBehavior, ["followRedirects", "disableCookies"], "protocolProfileBehavior");
  const body = bodyOf(request.body, environment);
  const headers = headersOf(request, environment);
  if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
  return new Promise((resolve, reject) => {
    const sent = http.request(resolved(request.url, environment), { method: request.method, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ code: response.statusCode, text: Buffer.concat(chunks).toString("utf8") }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function expectation(value) {
  const demand = (isMet, text) => {
    if (!isMet) throw new Error(`${JSON.stringify(value)} ${text}`);
  };
  const be = strict({
    within: (low, high) => demand(value >= low && value <= high, `is not within ${low} and ${high}`),
    a: (type) => demand(typeof value === type, `is no ${type}`),
  }, "pm.expect().to.be");
  const equal = (other) => demand(value === other, `is not ${JSON.stringify(other)}`);
  return strict({ to: strict({ be, equal }, "pm.expect().to") }, "pm.expect()");
}

/** Runs the test script of an item; returns what comes next: a name, null for the end, undefined for what follows. */
function runTests(item, response, environment, tests) {
  let next;
  const test = (name, body) => {
    try {
      body();
      tests.push({ item: item.name, name, passed: true });
    } catch (error) {
      tests.push({ item: item.name, name, passed: false, error: String(error) });
    }
  };
  const pm = strict({
    test,
    expect: expectation,
    response: strict({ code: response.code, json: () => JSON.parse(response.text) }, "pm.response"),
    environment: strict({
      get: (name) => environment.get(name),
      set: (name, value) => {
        if (typeof value !== "string") throw new Error(`${name} is set to what is no text`);
        environment.set(name, value);
      },
    }, "pm.environment"),
  }, "pm");
  const timers = [];
  const globals = {
    pm,
    postman: strict({ setNextRequest: (name) => { next = name; } }, "postman"),
    require: (name) => {
      if (name !== "buffer") throw new Error(`module ${name} is not known`);
      return { Buffer };
    },
    console: strict({ log: () => {} }, "console"),
    // A pause: time passes at once.
    setTimeout: (callback) => timers.push(callback),
  };
  for (const event of item.event) {
    known(event, ["listen", "script"], "an event");
    known(event.script, ["type", "exec"], "a script");
    if (event.listen !== "test" || event.script.type !== "text/javascript") throw new Error("an unknown script");
    vm.runInNewContext(event.script.exec.join("\n"), globals, { timeout: 5000 });
  }
  for (const callback of timers) callback();
  return next;
}

async function run({ collection, environment }) {
  known(collection, ["info", "item"], "the collection");
  known(environment, ["name", "values", "_postman_variable_scope"], "the environment");
  const variables = new Map(environment.values.map((one) => {
    known(one, ["key", "value", "type", "enabled"], "a variable");
    return [one.key, one.value];
  }));
  const [tests, responses] = [[], []];
  let index = 0;
  for (let sent = 0; index >= 0 && index < collection.item.length; sent += 1) {
    if (sent === MAXIMUM_REQUESTS) throw new Error("the collection does not end");
    const item = known(collection.item[index], ["name", "event", "protocolProfileBehavior", "request"], "an item");
    const response = await send(item, variables);
    responses.push({ item: item.name, ...response });
    const next = runTests(item, response, variables, tests);
    if (next === null) break;
    index = next === undefined ? index + 1 : collection.item.findIndex((one) => one.name === next);
    if (index < 0) throw new Error(`there is no request ${next}`);
  }
  return { tests, responses, environment: Object.fromEntries(variables) };
}

const input = [];
for await (const chunk of process.stdin) input.push(chunk);
process.stdout.write(JSON.stringify(await run(JSON.parse(Buffer.concat(input).toString("utf8")))));
