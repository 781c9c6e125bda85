import Delegation
import JSON
import JSONRPC

/// What a tool comes to: facts in `structuredContent`, the same as text, and for a failure a sentence before it.
struct ToolResult: Sendable {
  var members: [JSONValue.Member]
  /// Why it failed and what to do next, in words of ours.
  var failure: String?

  init(_ members: [JSONValue.Member], failure: String? = nil) {
    self.members = members
    self.failure = failure
  }

  init(_ failure: ToolFailure) {
    members = failure.members
    self.failure = failure.hint.isEmpty ? failure.message : "\(failure.message) \(failure.hint)"
  }

  /// Of a call that ended before its work did.
  static func unfinished(_ error: ResponseError) -> ToolResult { ToolResult(ToolFailure(error)) }

  func json(for client: Client, from settings: MCPSettings) -> JSONValue {
    let structured = JSONValue.object(members)
    let texts = [failure, String(decoding: structured.serialized(), as: UTF8.self)].compactMap(\.self)
    let content = texts.map { JSONValue.object([.init("type", "text"), .init("text", .string($0))]) }
    return MCPResult.object(
      [
        .init("content", .array(content)), .init("structuredContent", structured),
        .init("isError", .bool(failure != nil)),
      ],
      for: client,
      from: settings
    )
  }
}

/// Why a tool did not do what it was called for.
struct ToolFailure: Error, Sendable {
  /// As in protocol/errors.json, with a few of MCP's own; protocol/mcp.md names them.
  let kind: String
  let message: String
  var hint: String
  var isRetryable = false
  var retryAfterMs: Int?
  /// `none` when no run was begun, or what is known of the one that was.
  var state = "none"
  /// The run, as far as one is known.
  var run: [JSONValue.Member] = []
  /// Whether it is known what became of a request that went out.
  var isCertain = false
  /// Facts of ours and of the servers.
  var detail: JSONValue?

  init(kind: String, _ message: String, hint: String) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }

  /// An error of the protocol, in the words of tools.
  init(_ error: ResponseError) {
    kind = error.kind
    message = ToolWords.names(in: error.message)
    if case .string(let hint)? = error.data?["hint"] { self.hint = ToolWords.hint(hint) } else { hint = "" }
    isRetryable = error.data?["retryable"] == true
    if case .number(let pause)? = error.data?["retryAfterMs"] { retryAfterMs = pause.integer() }
    guard case .object(let facts)? = error.data?["detail"] else { return }
    // A run that goes on is running, as far as anybody knows.
    if case .string(let found)? = error.data?["detail"]?["state"] { state = found == "detached" ? "running" : found }
    let names = ["agent", "jobId", "conversationId"]
    run = facts.filter { names.contains($0.name) }
    detail = AgentText.clean(.object(facts.filter { !(names + ["state", "run"]).contains($0.name) }))
  }

  /// The same when a run may have begun of which nothing is known: to be called again only after a look.
  var uncertain: ToolFailure {
    var failure = self
    if state == "none" { failure.state = "unknown" }
    failure.isRetryable = false
    return failure
  }

  /// The same of a run that is as it was.
  func about(_ run: AgentRun) -> ToolFailure {
    var failure = self
    failure.state = run.state.rawValue
    failure.run = RunView.members(run).filter { ["agent", "jobId", "conversationId"].contains($0.name) }
    return failure
  }

  var members: [JSONValue.Member] {
    var error: [JSONValue.Member] = [
      .init("kind", .string(kind)), .init("message", .string(message)), .init("hint", .string(hint)),
      .init("retryable", .bool(isRetryable)),
    ]
    if let retryAfterMs { error.append(.init("retryAfterMs", .number(JSONNumber(retryAfterMs)))) }
    if let detail, detail != .object([]) { error.append(.init("detail", detail)) }
    return [.init("state", .string(state))] + run + [.init("error", .object(error))]
  }
}
