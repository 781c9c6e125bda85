import JSON
import ProtocolKit

/// A fault of protocol/vectors/transcripts/fixtures.json, as far as transcripts use them.
enum Fault {
  case respond(status: Int, headers: [(name: String, value: String)])
  case token(changes: [JSONValue.Member])
  case hang
  /// The signing keys are shown to nobody.
  case closedKeys(status: Int)
  case run(states: [String])
  /// The pod does not stream.
  case streamless(status: Int)
  /// A stream ends after so many events.
  case brokenStream(events: Int)

  struct Unknown: Error { let fault: JSONValue }

  init(_ fault: JSONValue) throws {
    switch (fault["side"]?.string, fault["path"]?.string, fault["kind"]?.string) {
    case ("domain", "/oauth2/v1/token", "respond"):
      guard case .number(let status)? = fault["status"], let status = status.integer(Int.self) else {
        throw Unknown(fault: fault)
      }
      let headers = fault["headers"]?.members ?? []
      self = .respond(status: status, headers: headers.map { ($0.name.lowercased(), $0.value.string ?? "") })
    case ("domain", "/admin/v1/SigningCert/jwk", "respond"):
      guard case .number(let status)? = fault["status"], let status = status.integer(Int.self) else {
        throw Unknown(fault: fault)
      }
      self = .closedKeys(status: status)
    case ("domain", "/oauth2/v1/token", "token"): self = .token(changes: fault["claims"]?.members ?? [])
    case ("domain", "/oauth2/v1/token", "hang"): self = .hang
    case ("pod", "*/chat", "respond"):
      guard case .number(let status)? = fault["status"], let status = status.integer(Int.self) else {
        throw Unknown(fault: fault)
      }
      self = .streamless(status: status)
    case ("pod", "*/chat", "stream"):
      guard case .number(let events)? = fault["afterEvents"], let events = events.integer(Int.self) else {
        throw Unknown(fault: fault)
      }
      self = .brokenStream(events: events)
    case ("pod", "*/invokeAsync", "run"), ("pod", "*/chat", "run"):
      self = .run(states: (fault["states"]?.elements ?? []).compactMap(\.string))
    default: throw Unknown(fault: fault)
    }
  }
}
