// The wire's own objects, typed. Times are RFC 3339 text in UTC.

declare global {
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol;
  }
}

export interface Options {
  /** The binary, or it with leading arguments; else ONBEHALF_BIN, this package and PATH are searched. */
  command?: string | readonly string[];
  /** The sidecar's options of the same names. */
  store?: string;
  config?: string;
  passphraseFile?: string;
  policy?: string;
  admin?: boolean;
  /** Profiles, by name, that live as long as this client. */
  profiles?: Record<string, JSONObject>;
  defaultProfile?: string;
  /** Replaces the environment, except that the way to the session bus is kept. */
  env?: Record<string, string | undefined>;
  /** The deadline of calls that name none. The sidecar's own is 30 s, for agents 300 s. */
  timeoutMs?: number;
  /** What becomes of the sidecar's stderr. */
  stderr?: "inherit" | "ignore";
}

export interface CallOptions {
  timeoutMs?: number;
  /** An abort cancels the request in the sidecar, whose answer, kind "cancelled", rejects the promise. */
  signal?: AbortSignalLike;
  /** What it throws cancels the request and rejects the promise. */
  onProgress?: (value: Progress) => void;
}

/** The part of AbortSignal that is used. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason?: any;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface JSONObject {
  [name: string]: unknown;
}

export interface Progress extends JSONObject {
  kind: "begin" | "report" | "end";
  title?: string;
  message?: string;
  jobId?: string;
  /** With stream: a piece of text, and how many code points of text came before it. */
  delta?: string;
  offset?: number;
}

/** A call that failed. Switch on `kind`; `message` says what happened and what to do next. */
export class OnBehalfError extends Error {
  readonly code: number;
  readonly kind: string;
  readonly hint?: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly detail: JSONObject;
  readonly causes: unknown[];
}

/** On whose behalf: a user by name, or the user's own ID token of the same identity domain. */
export type OnBehalfOf = { profile?: string } & ({ subject: string } | { userToken: string });

export interface GetTokenParams {
  scope?: string;
  minTtlSeconds?: number;
  forceRefresh?: boolean;
}

export interface Token {
  accessToken: string;
  tokenType: string;
  expiresAt: string;
  expiresInSeconds: number;
  scope: string;
  subject: string;
  source: "cache" | "exchange";
}

export interface MintAssertionParams {
  type: "user" | "client";
  profile?: string;
  subject?: string;
  lifetimeSeconds?: number;
  claims?: JSONObject;
}

export interface Assertion {
  assertion: string;
  header: JSONObject;
  claims: JSONObject;
  expiresAt: string;
}

export interface InvokeAgentParams {
  agent: string;
  message: string;
  conversationId?: string;
  version?: number;
  status?: string;
  parameters?: JSONObject;
  invocationMode?: string;
  wait?: boolean;
  /** Text reaches onProgress while the agent writes it, in reports with delta and offset. */
  stream?: boolean;
}

export type ResumeAgentParams = Omit<InvokeAgentParams, "message" | "conversationId"> & {
  conversationId: string;
} & (
    | { message: string; jobId?: string; resumeNodeInput?: undefined }
    | { jobId: string; resumeNodeInput: JSONObject; message?: undefined }
  );

export interface AgentRun {
  agent: string;
  jobId: string;
  conversationId?: string;
  state: "running" | "waiting" | "complete" | "failed";
  /** While waiting: what a person is asked, as far as the pod says. */
  waitingFor?: { node?: string; message?: unknown };
  output?: unknown;
  error?: unknown;
  startedAt: string;
  finishedAt?: string;
  polls: number;
  /** With stream alone: false when the run was polled. */
  streamed?: boolean;
}

/** An agent as the pod's registry shows it. All but `agent`, its code, are the pod's words. */
export interface PublishedAgent {
  agent: string;
  name?: string;
  description?: string;
  version?: string;
  provider?: string;
  streaming?: boolean;
  inputModes?: string[];
  outputModes?: string[];
  skills?: { id: string; name?: string; description?: string; tags?: string[] }[];
  cardUrl?: string;
}

export interface AgentList {
  agents: PublishedAgent[];
  /** The pod has, or may have, more. */
  truncated: boolean;
  /** Entries of the pod that name no agent that could be run. */
  omitted: number;
}

export interface Binding {
  identityDomainUrl: string;
  clientId: string;
}

export interface CreateKeyParams extends Partial<Binding> {
  alias: string;
  bits?: 2048 | 3072 | 4096;
  commonName?: string;
  validityDays?: number;
}

export type ImportKeyParams = Partial<Binding> & {
  alias: string;
  passphrase?: string;
  /** Without one, here or beside the key, one is made. */
  certificatePem?: string;
} & ({ pem: string; pkcs12Base64?: undefined } | { pkcs12Base64: string; pem?: undefined });

export interface RotateKeyParams {
  alias: string;
  step: "start" | "try" | "finish" | "abort";
  /** For "try". */
  profile?: string;
  subject?: string;
  /** For "start". */
  nextAlias?: string;
  bits?: 2048 | 3072 | 4096;
  validityDays?: number;
}

export interface KeyWarning {
  kind: string;
  message: string;
  hint: string;
}

export interface Key {
  alias: string;
  algorithm: string;
  bits: number;
  origin: "generated" | "imported" | "hardware";
  createdAt: string;
  binding?: Binding;
  kid: string;
  x5t: string;
  "x5t#S256": string;
  certificatePem: string;
  certificate: {
    subject: string;
    issuer: string;
    serialNumber: string;
    notBefore: string;
    notAfter: string;
    daysLeft: number;
    sha1Fingerprint: string;
    sha256Fingerprint: string;
  };
  publicKeyPem: string;
  jwk: JSONObject;
  store: string;
  succeeds?: string;
  retiredAt?: string;
  succeededBy?: string;
  warnings: KeyWarning[];
  /** Answered by rotateKey. */
  next?: Key;
  hint?: string;
}

export interface Profile extends JSONObject {
  name: string;
  identityDomainUrl: string;
  clientId: string;
  clientAuthentication: "client_assertion" | "client_secret_basic";
  key: string;
  kid?: string;
  scope: string;
  fusionUrl: string;
  disabled?: boolean;
  policy: Policy;
}

export interface Policy {
  subjects: { allow: string[]; deny?: string[] };
  scopes?: string[];
  agents?: string[];
  paths?: { methods: (RequestMethod | "*")[]; prefix: string }[];
  readOnly?: boolean;
  extraClaims?: string[];
  rawCredentials?: boolean;
  [rule: string]: unknown;
}

export interface Diagnosis {
  ok: boolean;
  checks: {
    id: string;
    status: "pass" | "warn" | "fail" | "skip";
    summary: string;
    hint?: string;
    ecid?: string;
    elapsedMs: number;
  }[];
  /** What may be mailed to support, when it was asked for. */
  bundle?: { [part: string]: unknown };
}

export interface ExplainParams {
  scope?: string;
  agent?: string;
  /** With `path`. */
  method?: RequestMethod;
  path?: string;
}

export type RequestMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Explanation {
  allowed: boolean;
  layer: string;
  rule: string;
  /** The kind of error the call would be answered with, when denied. */
  kind?: string;
  rawCredentials: boolean;
  assertionClaims?: JSONObject;
}

/** A sidecar and its methods. An active call keeps the host alive, an idle sidecar does not. */
export class OnBehalf {
  constructor(options?: Options);

  /** Any method of the sidecar, in the wire's own objects. */
  call(method: string, params?: JSONObject, options?: CallOptions): Promise<any>;

  /** Ends the sidecar, at the latest after a few seconds by force. Calls still pending fail. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  ping(params?: {}, options?: CallOptions): Promise<{}>;
  getToken(params: OnBehalfOf & GetTokenParams, options?: CallOptions): Promise<Token>;
  mintAssertion(params: MintAssertionParams, options?: CallOptions): Promise<Assertion>;
  invokeAgent(params: OnBehalfOf & InvokeAgentParams, options?: CallOptions): Promise<AgentRun>;
  getAgentRun(
    params: OnBehalfOf & { agent: string; jobId: string; invocationMode?: string; wait?: boolean },
    options?: CallOptions,
  ): Promise<AgentRun>;
  listAgents(params: OnBehalfOf & { query?: string }, options?: CallOptions): Promise<AgentList>;
  /** The card as the pod wrote it. */
  getAgentCard(params: OnBehalfOf & { agent: string }, options?: CallOptions): Promise<JSONObject>;
  resumeAgent(params: OnBehalfOf & ResumeAgentParams, options?: CallOptions): Promise<AgentRun>;
  createKey(params: CreateKeyParams, options?: CallOptions): Promise<Key>;
  importKey(params: ImportKeyParams, options?: CallOptions): Promise<Key>;
  listKeys(params?: {}, options?: CallOptions): Promise<{
    keys: Key[];
    /** Keys that are there and cannot be used, and why. */
    unreadable?: { alias: string; kind: string; message: string; hint: string }[];
  }>;
  getKey(params: { alias: string }, options?: CallOptions): Promise<Key>;
  deleteKey(params: { alias: string }, options?: CallOptions): Promise<{ deleted: true }>;
  rotateKey(params: RotateKeyParams, options?: CallOptions): Promise<Key>;
  saveProfile(params: { profile: Profile }, options?: CallOptions): Promise<Profile>;
  getProfile(params: { name: string }, options?: CallOptions): Promise<Profile>;
  listProfiles(params?: {}, options?: CallOptions): Promise<{ profiles: Profile[] }>;
  deleteProfile(params: { name: string }, options?: CallOptions): Promise<{ deleted: true }>;
  setClientSecret(params: { profile: string; clientSecret: string }, options?: CallOptions): Promise<{ stored: true }>;
  diagnose(
    params?: {
      profile?: string;
      subject?: string;
      userToken?: string;
      agent?: string;
      online?: boolean;
      bundle?: boolean;
    },
    options?: CallOptions,
  ): Promise<Diagnosis>;
  explain(params: OnBehalfOf & ExplainParams, options?: CallOptions): Promise<Explanation>;
}
