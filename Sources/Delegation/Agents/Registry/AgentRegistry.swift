package import JSON

/// Which agents the pod has for a user, and what each says of itself.
package struct AgentRegistry: Sendable {
  let requests: UserRequests
  let clock: any MonotonicClock
  let random: any Randomness

  /// A message that carries a card nests a little deeper than it, and shall not be deeper than one that we would take.
  private static let limits = JSONLimits(maximumDepth: JSONLimits.standard.maximumDepth - 8)

  /// What the pod publishes to the user, without what policy denies.
  package struct List: Sendable, Encodable {
    package let agents: [PublishedAgent]
    /// Whether the pod has, or may have, more than is read.
    package let truncated: Bool
    /// Entries of the pod that name no agent that could be run.
    package let omitted: Int
  }

  /// - Parameter query: what the pod searches for; nil or empty lists all.
  package func agents(
    matching query: String?,
    permit: Authorization.Permit,
    for caller: any Caller
  ) async throws(Failure) -> List {
    let query = query?.isEmpty == true ? nil : query
    var reading = RegistryReading()
    repeat {
      let (skip, top) = (reading.skip, RegistryReading.pageSize)
      let response = try await read("the registry of agents", permit, for: caller) { cards in
        cards.search(query, skip: skip, top: top)
      }
      reading.take(try Self.page(response, permit))
    } while reading.goesOn
    // The rules as they are now: reading may take long.
    let current = try permit.renewed(deadline: caller.deadline)
    let allowed = reading.agents.filter { current.mayLook(at: $0.agent) }
    return List(agents: allowed, truncated: reading.isTruncated, omitted: reading.omitted)
  }

  /// The card as the pod wrote it. What its URLs lead to is not looked at.
  package func card(
    of agent: String,
    permit: Authorization.Permit,
    for caller: any Caller
  ) async throws(Failure) -> RawJSON {
    let response = try await read("the card of \(agent)", permit, for: caller) { permit throws(Failure) in
      try permit.permitAgent(agent, invoking: false)
    } _: { cards in
      cards.card(of: agent)
    }
    guard (200..<300).contains(response.status) else {
      throw Self.refusal(response, what: agent, [404: .noCard])
    }
    let card = try? RawJSON(compacting: response.body, limits: Self.limits)
    guard let card, card.element.members != nil else {
      throw try Self.malformed("an answer that is not an agent card", permit)
    }
    return card
  }

  private static func page(_ response: HTTPResponse, _ permit: Authorization.Permit) throws(Failure) -> RegistryPage {
    guard (200..<300).contains(response.status) else {
      throw refusal(response, what: "the registry of agents", [404: .noRegistry, 400: .searchRefused])
    }
    do { return try RegistryPage(parsing: response.body) } catch { throw try malformed(error.found, permit) }
  }

  /// Asked again as `callApi` is: nothing here changes anything at the pod.
  private func read(
    _ what: String,
    _ permit: Authorization.Permit,
    for caller: any Caller,
    asking ask: (Authorization.Permit) throws(Failure) -> Void = { _ in },
    _ build: (AgentCards) -> HTTPRequest
  ) async throws(Failure) -> HTTPResponse {
    var retries = APIRetries(readingWith: random)
    return try await retries.answer(to: what, on: clock, for: caller) { () throws(Failure) in
      do throws(Failure) {
        return try await requests.send(as: permit, for: caller) { permit throws(Failure) in
          try ask(permit)
          return try permit.scope(nil)
        } _: { ticket in
          build(AgentCards(ticket, deadline: caller.deadline))
        }
      } catch {
        throw error.ofWhatOnlyReads
      }
    }
  }

  private static func refusal(
    _ response: HTTPResponse,
    what: String,
    _ kinds: [Int: FusionFailure.Refusal.Kind]
  ) -> Failure {
    var refusal = FusionRefusal.of(response, what: what)
    refusal.kind = kinds[response.status] ?? refusal.kind
    return .fusion(.refused(refusal))
  }

  private static func malformed(_ found: String, _ permit: Authorization.Permit) throws(Failure) -> Failure {
    .network(NetworkFailure(.pod, server: try permit.profile.fusion.text, problem: .malformed(found: found)))
  }
}

extension Authorization.Permit {
  /// A card only tells: who may run no agent at all (`readOnly`) may look at it.
  fileprivate func mayLook(at agent: String) -> Bool {
    do { try permitAgent(agent, invoking: false) } catch { return false }
    return true
  }
}

extension Failure {
  /// The same of a request that may be repeated although its method does not say so.
  fileprivate var ofWhatOnlyReads: Failure {
    guard case .network(let failure) = self, failure.party == .pod else { return self }
    return .network(NetworkFailure(.pod, server: failure.server, problem: failure.problem, isRepeatable: true))
  }
}
