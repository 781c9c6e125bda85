// Compiled, never run: what must type-check, and what must not.

import { AgentRun, OnBehalf, OnBehalfError, Progress } from "onbehalf";

interface Listening {
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

declare const signal: Listening & { aborted: boolean };

export async function use(): Promise<string[]> {
  const ob = new OnBehalf({ command: ["/opt/onbehalf"], store: "memory", admin: true, timeoutMs: 1000 });
  const user = { profile: "dev5", subject: "curtis.feitty" };
  const onProgress = (value: Progress) => value.kind === "end";
  const run: AgentRun = await ob.invokeAgent(
    { ...user, agent: "PAYABLES_TEAM", message: "Hello" },
    { onProgress, signal },
  );
  const { agents, truncated } = await ob.listAgents({ ...user, query: "pay" });
  const streaming: boolean | undefined = truncated ? undefined : agents[0].streaming;
  const card = await ob.getAgentCard({ ...user, agent: agents[0].agent });
  const name: unknown = streaming ? card.name : agents[0].skills?.[0].id;
  const waiting = { ...user, agent: "PAYABLES_TEAM", conversationId: run.conversationId ?? "" };
  await ob.resumeAgent({ ...waiting, message: "Yes" });
  await ob.resumeAgent({ ...waiting, jobId: run.jobId, resumeNodeInput: { approved: true } });
  const { keys } = await ob.listKeys();
  const token = await ob.getToken({ userToken: "a.b.c", minTtlSeconds: 5 });
  const profile = await ob.getProfile({ name: "dev5" });
  await ob.importKey({ alias: "k", pem: "P" });
  await ob.importKey({ alias: "k", pkcs12Base64: "MII=", passphrase: "s", certificatePem: "C" });
  await ob.saveProfile({ profile: { ...profile, disabled: true } });
  const status: { version: string } = await ob.call("getStatus");
  await ob[Symbol.asyncDispose]();

  // @ts-expect-error a call is for a subject or a user token
  await ob.getToken({ profile: "dev5" });
  // @ts-expect-error a card is read as a user
  await ob.getAgentCard({ agent: String(name) });
  // @ts-expect-error a message is needed
  await ob.invokeAgent({ ...user, agent: "PAYABLES_TEAM" });
  // @ts-expect-error an answer has one form
  await ob.resumeAgent({ ...waiting, jobId: run.jobId, message: "Yes", resumeNodeInput: {} });
  // @ts-expect-error a node is that of a job
  await ob.resumeAgent({ ...waiting, resumeNodeInput: {} });
  // @ts-expect-error a key is needed
  await ob.importKey({ alias: "k", passphrase: "s" });
  // @ts-expect-error a key has one form
  await ob.importKey({ alias: "k", pem: "P", pkcs12Base64: "MII=" });
  // @ts-expect-error there is no such length
  await ob.createKey({ alias: "k", bits: 1024 });
  // @ts-expect-error there is no such method
  await ob.signAnything({});

  return [run.jobId, keys[0]["x5t#S256"], token.accessToken, status.version];
}

export function kindOf(error: unknown): string | undefined {
  return error instanceof OnBehalfError ? error.kind : undefined;
}
