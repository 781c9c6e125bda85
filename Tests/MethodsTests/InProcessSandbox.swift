import Delegation
import JSON
import ProtocolKit
import TestSupport

/// Who is there: the users, agents and scopes that Tests/sandbox starts with, too.
struct SandboxPeople: Decodable {
  struct User: Decodable {
    let userName: String
    let displayName: String
    let active: Bool?
    let roles: [String]?
  }

  struct Agent: Decodable {
    let code: String
    let roles: [String]
    let published: Bool?
    /// A person has to approve.
    let approval: RawJSON?
  }

  let agentScope: String
  let apiScope: String
  let users: [User]
  let agents: [Agent]

  init(in repository: Repository) throws {
    self = try JSONReader.decode(
      Self.self,
      from: repository.read("Tests/sandbox/default.json"),
      unknownMembers: .ignored
    )
  }

  func activeUser(_ name: String) -> User? { users.first { $0.userName == name && $0.active != false } }
}

/// The network of a transcript: an identity domain and a pod when it has them, and nobody else.
struct InProcessSandbox: HTTPClient {
  let domain: InProcessDomain?
  let pod: InProcessPod?

  /// Where the profile `offline` points.
  private static let nobody = "http://127.0.0.1:1"

  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    switch request.origin.text {
    case Self.nobody: throw .unreachable(found: "connection refused")
    case domain?.origin:
      if let domain { return try await domain.answer(request) }
    case pod?.origin:
      if let pod { return pod.answer(request) }
    default: break
    }
    throw .invalidRequest(found: "\(request.origin.text), which this transcript does not know")
  }

  func open(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPStreamedResponse {
    HTTPStreamedResponse(whole: try await send(request))
  }
}

extension HTTPResponse {
  static func json(
    _ status: Int,
    _ body: JSONValue,
    headers: [(name: String, value: String)] = []
  ) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: [(name: "content-type", value: "application/json")] + headers,
      body: body.serialized(),
      date: InProcessSidecar.wallClock.now()
    )
  }
}

extension HTTPRequest {
  /// The value of a header that is there once.
  func only(_ name: String) -> String? {
    let values = headers.filter { $0.name.lowercased() == name }.map(\.value)
    return values.count == 1 ? values[0] : nil
  }
}
