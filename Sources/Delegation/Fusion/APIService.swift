import JSON

/// Calls REST resources of the pod as the user.
///
/// Any status that the pod gives for the resource is an answer: what a 404 or a 412 means, and what its body says, is
/// between the caller and the resource. Only a 401 to a fresh token and a redirect are failures.
package struct APIService: Sendable {
  let requests: UserRequests
  let audit: AuditTrail
  let clock: any MonotonicClock
  let random: any Randomness

  /// As base64 it still fits into a message.
  static let maximumAnswerBytes = 11 << 20
  /// How much longer than its caller a request that must not be repeated waits for the pod's answer, which tells what
  /// became of it. More than the caller's patience behind the commit point.
  private static let overtime: Duration = .seconds(3)

  package func send(
    _ call: APICall,
    permit: Authorization.Permit,
    for caller: any Caller
  ) async throws(Failure) -> APIAnswer {
    let passed = try permit.request(call)
    let target = passed.path.text(of: call.method)
    var facts = AuditFacts(profile: permit.profile.name, subject: permit.grant.subject.text)
    facts.grant = permit.grant.audited
    facts.scope = passed.scope
    facts.path = target
    let mode = permit.profile.auditMode
    return try await audit.recording(.callApi, facts, mode, deadline: caller.deadline) { facts throws(Failure) in
      let response = try await answer(to: call, permit, target, for: caller)
      facts.status = response.status
      facts.ecid = response.ecid
      guard response.status != 401 else {
        var refusal = FusionRefusal.of(response, what: target)
        refusal.kind = .resourceUnauthorized
        throw .fusion(.refused(refusal))
      }
      return APIAnswer(response)
    }
  }

  /// Asked again where that is safe and may help, within the caller's time.
  private func answer(
    to call: APICall,
    _ permit: Authorization.Permit,
    _ target: String,
    for caller: any Caller
  ) async throws(Failure) -> HTTPResponse {
    var retries = APIRetries(call, random: random)
    return try await retries.answer(to: target, on: clock, for: caller) { () throws(Failure) in
      try await attempt(call, permit, target, for: caller)
    }
  }

  private func attempt(
    _ call: APICall,
    _ permit: Authorization.Permit,
    _ target: String,
    for caller: any Caller
  ) async throws(Failure) -> HTTPResponse {
    try await requests.send(as: permit, for: caller) { permit throws(Failure) in
      try permit.request(call).scope
    } _: { ticket throws(Failure) in
      if !call.isRepeatable { try commit(caller) }
      if !call.method.onlyReads {
        caller.onAbandon(["state": "unknown", "request": .string(target)])
      }
      return call.http(ticket, deadline: call.isRepeatable ? caller.deadline : caller.deadline + Self.overtime)
    }
  }
}

extension Authorization.Permit {
  fileprivate func request(_ call: APICall) throws(Failure) -> PassedRequest {
    let passed = try request(call.method, call.target, scope: call.scope)
    guard call.isBatch else { return passed }
    do { try layers.permitBatch(call.method, passed.path) } catch { throw .policy(error) }
    return passed
  }
}

extension APICall {
  fileprivate func http(_ ticket: UserRequests.Ticket, deadline: ContinuousClock.Instant) -> HTTPRequest {
    var request = ticket.request(method, target, headers: headers, body: body, deadline: deadline)
    request.maximumResponseBytes = APIService.maximumAnswerBytes
    return request
  }
}
