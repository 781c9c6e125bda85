// The declarations compile, alone and in use, without any other type package.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("the declarations hold under tsc --strict", () => {
  const project = fileURLToPath(new URL("types", import.meta.url));
  const { status, stdout, error } = spawnSync("tsc", ["--project", project], { encoding: "utf8" });
  assert.equal(error, undefined, "tsc comes with the package node-typescript");
  assert.equal(status, 0, stdout);
});
