package import JSON

/// Writes down the requests of a call for a person to send: nothing is sent here, and signed only what was asked for.
package struct RequestExport: Sendable {
  let mint: AssertionMint

  package init(mint: AssertionMint) { self.mint = mint }

  /// - Parameters:
  ///   - invocation: what an agent is asked; nil for a token alone.
  ///   - includingSecrets: signs the assertions that the call needs, each recorded as any assertion is.
  package func export(
    _ invocation: AgentInvocation?,
    permit: Authorization.Permit,
    includingSecrets: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> ExportedCall {
    func ask(_ permit: Authorization.Permit) throws(Failure) -> String {
      let scope = try permit.scope(nil)
      if let invocation { try permit.permitAgent(invocation.agent, invoking: true) }
      if includingSecrets { try permit.permitRawCredentials() }
      return scope
    }
    let requests = try ExportedRequests(permit, scope: try ask(permit), invocation, deadline: deadline)
    guard includingSecrets else { return ExportedCall(requests: requests, assertions: [:], expiresAt: nil) }
    try mint.ring.lockdown.requireOpen()
    var assertions: [ExportedRequests.Blank: String] = [:]
    var expiresAt: UnixTime?
    for blank in requests.blanks {
      let subject: Subject?
      switch blank {
      case .userAssertion: subject = permit.grant.subject
      case .clientAssertion: subject = nil
      case .userToken, .clientSecret, .accessToken, .jobId: continue
      }
      let assertion = try await mint.mint(permit.profile, subject: subject, deadline: deadline)
      assertions[blank] = assertion.text
      expiresAt = min(expiresAt ?? assertion.expiresAt, assertion.expiresAt)
    }
    // A store may have been waited for, and the rules may have changed.
    _ = try ask(try permit.renewed(deadline: deadline))
    return ExportedCall(requests: requests, assertions: assertions, expiresAt: expiresAt)
  }
}

/// The requests of a call, and the assertions that were signed for it.
package struct ExportedCall {
  let requests: ExportedRequests
  let assertions: [ExportedRequests.Blank: String]
  /// When the first of the assertions ends; nil when there are none.
  package let expiresAt: UnixTime?

  /// A script for `sh`.
  package func curl() throws(Failure) -> String {
    do { return try CurlScript(self).text() } catch { throw .params(error) }
  }

  /// A Collection v2.1 and the environment it is run in.
  package func postman() throws(Failure) -> (collection: JSONValue, environment: JSONValue) {
    let postman = try PostmanCollection(self)
    return (postman.collection, postman.environment)
  }
}
