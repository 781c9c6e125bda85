import JSON

/// The requests for agent cards and their registry (A2A, Oracle REST reference 26B, `orchestrator/a2a/v1`). They change
/// nothing at the pod, the POST neither.
struct AgentCards {
  private let ticket: UserRequests.Ticket
  private let deadline: ContinuousClock.Instant

  private static let prefix = "/api/fusion-ai/orchestrator/a2a/v1"

  init(_ ticket: UserRequests.Ticket, deadline: ContinuousClock.Instant) {
    self.ticket = ticket
    self.deadline = deadline
  }

  func card(of agent: String) -> HTTPRequest {
    request(.get, "\(Self.prefix)/\(agent)/.well-known/agent.json", maximumBytes: 1 << 20)
  }

  /// - Parameters:
  ///   - query: what the names are searched for; nil lists all.
  ///   - skip: how many entries of the list to leave out.
  ///   - top: how many to answer at most.
  func search(_ query: String?, skip: Int, top: Int) -> HTTPRequest {
    var members = [JSONValue.Member("skip", .number(JSONNumber(skip))), .init("top", .number(JSONNumber(top)))]
    if let query { members.append(.init("query", .string(query))) }
    return request(
      .post,
      "\(Self.prefix)/agents/search",
      body: JSONValue.object(members).serialized(),
      maximumBytes: RegistryReading.maximumPageBytes
    )
  }

  /// The agent whose card a URL leads to. The URL is read, never called.
  static func code(in url: String) -> String? {
    let marker = Array("/a2a/v1/".utf8)
    let bytes = Array(url.utf8.prefix(4096))
    guard bytes.count > marker.count,
      let start = bytes.indices.first(where: { bytes[$0...].starts(with: marker) })
    else { return nil }
    let segment = bytes[(start + marker.count)...].prefix { !"/?#".utf8.contains($0) }
    let code = String(decoding: segment, as: UTF8.self)
    return AgentNames.isCode(code) ? code : nil
  }

  private func request(
    _ method: RequestMethod,
    _ target: String,
    body: [UInt8]? = nil,
    maximumBytes: Int
  ) -> HTTPRequest {
    var request = ticket.request(method, target, json: body, deadline: deadline)
    request.maximumResponseBytes = maximumBytes
    return request
  }
}
