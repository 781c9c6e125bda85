package import JSON

/// The error a request is answered with (JSON-RPC 2.0, section 5.1).
package struct ResponseError: Error, Sendable, Equatable {
  package var code: Int
  /// One plain sentence.
  package var message: String
  /// On the wire always `{kind, retryable, retryAfterMs?, hint, detail?, causes?}`.
  package var data: JSONValue?

  package init(code: Int, message: String, data: JSONValue?) {
    self.code = code
    self.message = message
    self.data = data
  }

  /// An error in the shape all of ours have: `kind` is what clients switch on, `hint` says what to do next, `detail`
  /// holds facts and never a secret.
  package init(
    code: Int,
    kind: String,
    message: String,
    retryable: Bool = false,
    retryAfterMs: Int? = nil,
    hint: String,
    detail: JSONValue? = nil,
    causes: [JSONValue] = []
  ) {
    var data: [JSONValue.Member] = [.init("kind", .string(kind)), .init("retryable", .bool(retryable))]
    if let retryAfterMs { data.append(.init("retryAfterMs", .number(JSONNumber(retryAfterMs)))) }
    data.append(.init("hint", .string(hint)))
    if let detail { data.append(.init("detail", detail)) }
    if !causes.isEmpty { data.append(.init("causes", .array(causes))) }
    self.init(code: code, message: message, data: .object(data))
  }

  /// What clients switch on: `data.kind`, or the code of an error without it.
  package var kind: String {
    if case .string(let kind) = data?["kind"] { kind } else { "\(code)" }
  }

  var json: JSONValue {
    var members: [JSONValue.Member] = [
      .init("code", .number(JSONNumber(code))),
      .init("message", .string(message)),
    ]
    if let data { members.append(.init("data", data)) }
    return .object(members)
  }
}
