import Delegation
import JSONRPC

extension Services {
  /// Runs what a method does, with its failure as the protocol's error. What a rule forbids is recorded.
  ///
  /// - Parameter facts: what was asked for, as far as the params say.
  func answering<Value>(
    _ method: String,
    _ facts: AuditFacts,
    prompt: Bool? = nil,
    for call: Call,
    _ body: () async throws(Failure) -> Value
  ) async throws(ResponseError) -> Value {
    do { return try await unlocking(prompt, for: call, body) } catch { throw refusal(method, facts, error) }
  }

  /// Runs a change of keys, profiles or secrets: for `--admin` only (invariant 7), and between an intent and its outcome.
  /// `body` may add to the facts what it learns.
  func changing<Value>(
    _ operation: AuditOperation,
    _ facts: AuditFacts,
    prompt: Bool? = nil,
    for call: Call,
    _ body: (inout AuditFacts) async throws(Failure) -> Value
  ) async throws(ResponseError) -> Value {
    do throws(Failure) {
      guard isAdmin else { throw .policy(.adminRequired(method: operation.rawValue)) }
      return try await domain.audit.recording(operation, facts, deadline: call.deadline) { facts throws(Failure) in
        try await unlocking(prompt, for: call) { () throws(Failure) in try await body(&facts) }
      }
    } catch {
      throw refusal(operation.rawValue, facts, error)
    }
  }

  /// The error of a call that failed; a denial has its row, also one of a run that had begun.
  func refusal(_ method: String, _ facts: AuditFacts, _ failure: Failure) -> ResponseError {
    domain.audit.denied(method, facts, failure)
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
  func asked(scope: String? = nil, agent: String? = nil, jobId: String? = nil) -> AuditFacts {
    var facts = AuditFacts(profile: profile, subject: subject, userToken: userToken)
    facts.scope = scope
    facts.agent = agent
    facts.jobId = jobId
    return facts
  }
}
