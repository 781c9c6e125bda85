/// The way to the Fusion pod, and whether it lets the user use an agent.
extension Diagnosis {
  func checkPod(
    _ pod: Origin,
    _ report: ConnectionReport,
    _ profile: Profile,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async {
    let findings = ConnectionFindings(origin: pod, report: report, now: wallClock.now(), field: "fusionUrl")
    if let failure = findings.failure { return list.add(.fusion, failure) }
    list.add(
      await check(.fusion, by: deadline) { limit throws(Failure) in
        // Any answer shows that it is there. It is asked for nothing, and told nothing.
        let response = try await ask(.head, pod, "/", .pod, profile, limit)
        return PodFinding.of(response, pod, findings.tls).with(ecid: response.ecid)
      }
    )
  }

  /// The agent's card is read as the user. No agent is run.
  func checkAgent(
    _ request: Request,
    _ profile: Profile,
    _ token: AccessToken?,
    _ list: inout CheckList,
    by deadline: ContinuousClock.Instant
  ) async {
    guard let agent = request.agent else {
      return list.skip(.agent, because: "no agent was given", hint: "Name one in agent, by its code.")
    }
    // What policy says of the agent is known without a pod, and of more use than that another check failed.
    var facts = AuditFacts(profile: profile.name, subject: request.subject, userToken: request.userToken)
    facts.agent = agent
    let allowed = await check(.agent, facts, by: deadline) { limit throws(Failure) in
      try authorization.layers(profile: profile.name, deadline: limit).layers.permit(agent)
      return Finding(.pass, "Policy allows the agent \(agent).")
    }
    if allowed.status == .fail { return list.add(allowed) }
    if list.skip(.agent, ifFailed: .fidelity, .fusion) { return }
    guard let token else {
      return list.skip(
        .agent,
        because: "no user was given",
        hint: "Name one in subject, as the identity domain spells it."
      )
    }
    list.add(
      await check(.agent, facts, by: deadline) { limit throws(Failure) in
        let response = try await card(of: agent, request, profile, token, limit)
        return CardFinding.of(response, agent: agent, user: token.subject).with(ecid: response.ecid)
      }
    )
  }

  /// Under the rules as they are now, and only while the profile is the one that the token was made for.
  private func card(
    of agent: String,
    _ request: Request,
    _ profile: Profile,
    _ token: AccessToken,
    _ deadline: ContinuousClock.Instant
  ) async throws(Failure) -> HTTPResponse {
    let permit = try permit(request, profile, deadline)
    try permit.permitAgent(agent, invoking: true)
    _ = try permit.scope(nil)
    guard permit.profile == profile else {
      throw .profile(.invalid(profile: profile.name, field: "profile", problem: "has changed since the checks began"))
    }
    try mint.ring.lockdown.requireOpen()
    let pod = try profile.fusion
    let cards = AgentCards(UserRequests.Ticket(profile: profile, origin: pod, token: token.text), deadline: deadline)
    do throws(HTTPFailure) {
      return SentCredentials(jwts: [token.text]).masked(try await http.send(cards.card(of: agent)))
    } catch {
      throw .network(NetworkFailure(.pod, server: pod.text, problem: .http(error), isRepeatable: true))
    }
  }
}

extension PolicyLayers {
  /// Asked as for a run: that is what the caller wants to know.
  fileprivate func permit(_ agent: String) throws(Failure) {
    do { try permit(agent: agent, invoking: true) } catch { throw .policy(error) }
  }
}

/// What the pod's root answers to nobody in particular.
enum PodFinding {
  static func of(_ response: HTTPResponse, _ pod: Origin, _ tls: Finding) -> Finding {
    if response.status >= 500 {
      return Finding(
        .warn,
        "\(pod.text) is reached, and failed with status \(response.status).",
        hint: "The pod may be down for maintenance: look at Oracle's mails and status page."
      )
    }
    if tls.status == .warn { return tls }
    return Finding(.pass, "\(pod.text) is reached, and answers.")
  }
}
