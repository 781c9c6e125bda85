// Every test talks to the scripted stand-in of clients/testing; the real sidecar is tested in Tests/process.

import { fileURLToPath } from "node:url";
import { OnBehalf } from "onbehalf";

export const STAND_IN = ["python3", fileURLToPath(new URL("../../testing/stand_in.py", import.meta.url))];
export const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

export function open(t, options = {}) {
  const ob = new OnBehalf({ command: STAND_IN, stderr: "ignore", ...options });
  t.after(() => ob.close());
  return ob;
}

export async function arrival(ob, method, count = 1) {
  for (;;) {
    const seen = await ob.call("seen");
    if (seen.filter((message) => message.method === method).length >= count) return;
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
