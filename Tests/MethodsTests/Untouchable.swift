import Delegation
import Testing

/// Ports that a test fails on when they are touched.
struct Untouchable: SecretStore, GuardedFile, HTTPClient {
  let name = "untouchable"
  let path = "/untouchable"

  private func touched(_ what: String) { Issue.record("\(what) was touched") }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) -> SecretBytes? {
    touched("the store")
    return nil
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) { touched("the store") }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) -> Bool {
    touched("the store")
    return false
  }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] {
    touched("the store")
    return []
  }

  func read(deadline: ContinuousClock.Instant) -> GuardedContent? {
    touched("the profile file")
    return nil
  }

  func stamp() -> FileStamp? {
    touched("the profile file")
    return nil
  }

  func update(deadline: ContinuousClock.Instant, _ change: ([UInt8]?) throws(FileFailure) -> [UInt8]?) {
    touched("the profile file")
  }

  func send(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPResponse {
    touched("the network")
    throw .unreachable(found: "untouchable")
  }

  func open(_ request: HTTPRequest) throws(HTTPFailure) -> HTTPStreamedResponse {
    touched("the network")
    throw .unreachable(found: "untouchable")
  }
}
