import Delegation
import JSON
import ProtocolKit
import Synchronization

/// A strict Fusion pod: its agents run as the user in the token, one state further with each poll, and wait for that user
/// where they wait; its invoices are the user's own.
final class InProcessPod: Sendable {
  private struct Job {
    let agent: String
    let owner: String
    let conversation: String
    var states: [String]
    /// Where it waits it asks for an approval.
    var asks = false

    var answer: String { "\(agent) answers \(owner)." }

    var status: JSONValue {
      var members: [JSONValue.Member] = [
        .init("conversationId", .string(conversation)), .init("status", .string(states[0])),
      ]
      if states[0] == "COMPLETE" { members.append(.init("output", .string(answer))) }
      if states[0] == "ERROR" { members.append(.init("error", "The agent could not finish.")) }
      if states[0] == "WAITING", asks {
        members += [.init("output", "May it go on?"), .init("pausedNode", "APPROVAL")]
      }
      return .object(members)
    }
  }

  /// An answer that is not the one that was asked for.
  private struct Refusal: Error {
    let status: Int
    var code: String?
  }

  private static let members: Set = [
    "conversational", "conversationId", "message", "version", "status", "invocationMode", "parameters", "jobId",
    "resumeNodeInput",
  ]

  private static let afterWaiting = ["RUNNING", "COMPLETE"]

  let origin: String
  private let people: SandboxPeople
  private let tokens: InProcessTokens
  private let states: [String]
  private let fault: Fault?
  private let jobs = Mutex<[String: Job]>([:])

  init(origin: String, people: SandboxPeople, tokens: InProcessTokens, fault: Fault?) {
    self.origin = origin
    self.people = people
    self.tokens = tokens
    self.fault = fault
    states = if case .run(let states) = fault { states } else { ["RUNNING", "RUNNING", "COMPLETE"] }
  }

  func answer(_ request: HTTPRequest) -> HTTPResponse {
    do throws(Refusal) {
      if request.target.utf8.starts(with: InProcessInvoices.path.utf8) {
        return InProcessInvoices.answer(request, to: try user(of: request, scope: people.apiScope))
      }
      let user = try user(of: request, scope: people.agentScope)
      let path = request.target.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      if path.starts(with: ["", "api", "fusion-ai", "orchestrator", "a2a", "v1"]) {
        return .json(200, try discovered(Array(path.dropFirst(6)), for: user, request))
      }
      guard path.starts(with: ["", "api", "fusion-ai", "orchestrator", "agent", "v2"]) else {
        throw Refusal(status: 404)
      }
      switch (request.method, Array(path.dropFirst(6))) {
      case (.post, let rest) where rest.count == 2 && rest[1] == "invokeAsync":
        return .json(202, try invoke(rest[0], for: user, request))
      case (.post, let rest) where rest.count == 2 && rest[1] == "chat": return try chat(rest[0], for: user, request)
      case (.get, let rest) where rest.count == 3 && rest[1] == "status":
        return .json(200, try status(rest[2], of: rest[0], for: user))
      default: throw Refusal(status: 404)
      }
    } catch {
      let code = error.code.map { [JSONValue.Member("o:errorCode", .string($0))] } ?? []
      return .json(error.status, .object([.init("status", .number(JSONNumber(error.status)))] + code))
    }
  }

  /// Agents that the user may run: the card of one, or those whose name has the text that is searched for.
  private func discovered(
    _ rest: [String],
    for user: SandboxPeople.User,
    _ request: HTTPRequest
  ) throws(Refusal) -> JSONValue {
    let address = "\(origin)/api/fusion-ai/orchestrator/a2a/v1"
    switch (request.method, rest.count) {
    case (.get, 3) where Array(rest[1...]) == [".well-known", "agent.json"]:
      let code = try agent(rest[0], for: user)
      return [
        "name": .string(Self.name(of: code)), "url": .string("\(address)/\(code)"), "version": "1",
        "capabilities": ["streaming": true],
      ]
    case (.post, 2) where rest == ["agents", "search"]:
      guard request.only("content-type") == "application/json", let body = try? JSONValue(parsing: request.body ?? []),
        let members = body.members, Set(members.map(\.name)).isSubset(of: ["query", "skip", "top"])
      else { throw Refusal(status: 400) }
      let query = body["query"]?.string?.lowercased() ?? ""
      let found = people.agents.map(\.code).filter { code in
        (try? agent(code, for: user)) != nil && (query.isEmpty || Self.name(of: code).lowercased().contains(query))
      }
      let resources = found.map { code -> JSONValue in
        let location: JSONValue = ["type": "agent_card", "url": .string("\(address)/\(code)/.well-known/agent.json")]
        return ["id": .string(code), "name": .string(Self.name(of: code)), "location": location]
      }
      let total = JSONNumber(found.count)
      return ["registry_version": "1.0", "resources": .array(resources), "total_count": .number(total)]
    default: throw Refusal(status: 404)
    }
  }

  /// `HR_TEAM` is Hr Team.
  private static func name(of code: String) -> String {
    code.lowercased().split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
  }

  private func user(of request: HTTPRequest, scope: String) throws(Refusal) -> SandboxPeople.User {
    let token = request.only("authorization").flatMap { $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil }
    guard let token, let claims = tokens.claims(of: token, type: "AT"), claims["sub_type"] == "user",
      claims["scope"] == .string(scope), let name = claims["sub"]?.string,
      let user = people.activeUser(name)
    else { throw Refusal(status: 401) }
    return user
  }

  /// The code of one that the user may run.
  private func agent(_ code: String, for user: SandboxPeople.User) throws(Refusal) -> String {
    guard let agent = people.agents.first(where: { $0.code == code }) else { throw Refusal(status: 404) }
    guard agent.published != false, !Set(agent.roles).isDisjoint(with: user.roles ?? []) else {
      throw Refusal(status: 403, code: "FAI-40300")
    }
    return code
  }

  private func invoke(
    _ code: String,
    for user: SandboxPeople.User,
    _ request: HTTPRequest
  ) throws(Refusal) -> JSONValue {
    guard request.only("content-type") == "application/json", let body = try? JSONValue(parsing: request.body ?? []),
      let members = body.members, Set(members.map(\.name)).isSubset(of: Self.members),
      body["conversational"] == true,
      body["message"]?.string?.isEmpty == false || body["resumeNodeInput"]?.members != nil && body["jobId"] != nil
    else { throw Refusal(status: 400) }
    _ = try agent(code, for: user)
    let asked = body["conversationId"]?.string
    return try jobs.withLock { jobs throws(Refusal) in
      guard asked == nil || jobs.values.contains(where: { $0.conversation == asked && $0.owner == user.userName })
      else { throw Refusal(status: 404) }
      let waiting = jobs.first { $0.value.conversation == asked && $0.value.states == ["WAITING"] }
      if let id = body["jobId"]?.string {
        guard let job = jobs[id], job.owner == user.userName, job.conversation == asked else {
          throw Refusal(status: 404)
        }
        guard waiting?.key == id else { throw Refusal(status: 409) }
        jobs[id]?.states = Self.afterWaiting
        return ["jobId": .string(id), "conversationId": .string(job.conversation), "status": "RUNNING"]
      }
      let id = "job-\(jobs.count + 1)"
      let conversation = asked ?? "conversation-\(jobs.count + 1)"
      let asks = people.agents.first { $0.code == code }?.approval != nil
      let states = waiting != nil ? Self.afterWaiting : asks ? ["RUNNING", "WAITING"] : states
      jobs[id] = Job(agent: code, owner: user.userName, conversation: conversation, states: states, asks: asks)
      return ["jobId": .string(id), "conversationId": .string(conversation), "status": "RUNNING"]
    }
  }

  /// The run as a stream of events; one that is whole has ended with it.
  private func chat(
    _ code: String,
    for user: SandboxPeople.User,
    _ request: HTTPRequest
  ) throws(Refusal) -> HTTPResponse {
    if case .streamless(let status)? = fault { throw Refusal(status: status) }
    guard request.only("accept") == "text/event-stream" else { throw Refusal(status: 406) }
    let ids = try invoke(code, for: user, request)
    let end = jobs.withLock { jobs in
      let id = ids["jobId"]?.string ?? ""
      let end = jobs[id]?.states.last ?? ""
      if case .brokenStream? = fault {} else { jobs[id]?.states = [end] }
      return jobs[id].map { InProcessChat.Run(ids: ids, end: end, answer: $0.answer) }
    }
    guard let end else { throw Refusal(status: 500) }
    let events = if case .brokenStream(let count)? = fault { Array(end.events.prefix(count)) } else { end.events }
    return InProcessChat.answer(events)
  }

  private func status(_ last: String, of code: String, for user: SandboxPeople.User) throws(Refusal) -> JSONValue {
    let parts = last.split(separator: "?", maxSplits: 1)
    guard parts.count == 2, parts[1] == "invocationMode=END_USER" else { throw Refusal(status: 400) }
    let id = String(parts[0])
    return try jobs.withLock { jobs throws(Refusal) in
      guard let job = jobs[id], job.agent == code, job.owner == user.userName else { throw Refusal(status: 404) }
      if job.states.count > 1 { jobs[id]?.states.removeFirst() }
      return .object([.init("jobId", .string(id))] + (job.status.members ?? []))
    }
  }
}
