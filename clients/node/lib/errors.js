// The one error of this package.

export class OnBehalfError extends Error {
  constructor(message, { code, kind, hint, retryable = false, retryAfterMs, detail = {}, causes = [], cause } = {}) {
    super(hint ? `${message} ${hint}` : message, cause === undefined ? undefined : { cause });
    this.name = "OnBehalfError";
    Object.assign(this, { code, kind, hint, retryable, retryAfterMs, detail, causes });
  }

  /** The `error` member of an answer, whatever a stranger in the sidecar's place has put there. */
  static fromWire(error) {
    const data = error?.data ?? {};
    return new OnBehalfError(error?.message ?? "The sidecar answered with an error that says nothing.", {
      code: error?.code ?? -32603,
      kind: data.kind ?? "internal",
      hint: data.hint,
      retryable: data.retryable ?? false,
      retryAfterMs: data.retryAfterMs,
      detail: data.detail ?? {},
      causes: data.causes ?? [],
    });
  }
}

/** What this client found out itself. */
export function clientError(kind, message, hint, cause) {
  return new OnBehalfError(message, { code: 1800, kind, hint, cause });
}

export function closed() {
  return clientError("client_closed", "The client is closed.", "Make a new client.");
}

export function cancelled(cause) {
  return new OnBehalfError("The request was cancelled.", { code: -32800, kind: "cancelled", retryable: true, cause });
}

export function silent() {
  return new OnBehalfError("The sidecar did not answer within the deadline.", {
    code: 1700,
    kind: "deadline_exceeded",
    hint: "It may hang: close this client and make a new one.",
    retryable: true,
  });
}
