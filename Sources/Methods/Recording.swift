import Delegation
import JSONRPC

extension Services {
  /// Runs what a method does, with its failure as the protocol's error. What a rule forbids is recorded.
  ///
  /// - Parameter facts: what was asked for, as far as the params say.
  func answering<Value: ~Copyable>(
    _ method: String,
    _ facts: AuditFacts,
    _ body: () async throws(Failure) -> Value
  ) async throws(ResponseError) -> Value {
    do { return try await body() } catch { throw refusal(method, facts, error) }
  }

  /// Runs a change of keys, profiles or secrets: for `--admin` only (invariant 7), and between an intent and its outcome. `body` may add
  /// to the facts what it learns.
  func changing<Value>(
    _ operation: AuditOperation,
    _ facts: AuditFacts,
    for call: Call,
    _ body: (inout AuditFacts) async throws(Failure) -> Value
  ) async throws(ResponseError) -> Value {
    try await answering(operation.rawValue, facts) { () throws(Failure) in
      guard isAdmin else { throw .policy(.adminRequired(method: operation.rawValue)) }
      return try await domain.audit.recording(operation, facts, deadline: call.deadline, body)
    }
  }

  /// The error of a call that failed; a denial has its row.
  func refusal(_ method: String, _ facts: AuditFacts, _ failure: Failure) -> ResponseError {
    if case .policy(let denial) = failure { domain.audit.denied(method, facts, denial) }
    return ResponseError(failure)
  }
}

extension AuditFacts {
  init(key alias: String) {
    self.init()
    key = alias
  }
}

extension UserParams {
  /// Who is asked for, and for what.
  func asked(scope: String? = nil, agent: String? = nil) -> AuditFacts {
    var facts = AuditFacts(profile: profile, subject: subject)
    facts.grant = userToken == nil ? .subject : .userToken
    facts.scope = scope
    facts.agent = agent
    return facts
  }
}
