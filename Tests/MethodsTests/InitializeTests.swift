import Delegation
import JSON
import TestSupport
import Testing

/// Ports that a test fails on when they are touched.
private struct Untouchable: SecretStore, GuardedFile, HTTPClient {
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
}

struct InitializeTests {
  /// Invariant 12: the answer is there when the reader has handled the bytes.
  @Test(arguments: [
    "{}",
    #"{"processId":null,"clientInfo":{"name":"editor"},"capabilities":{},"trace":"off"}"#,
    #"""
    {"initializationOptions":{"defaultProfile":"dev5","profiles":{"dev5":{
    "identityDomainUrl":"https://idcs-1.identity.oraclecloud.com","clientId":"client-1",
    "clientAuthentication":"client_assertion","key":"payables","scope":"s",
    "fusionUrl":"https://pod.fa.us6.oraclecloud.com","policy":{"subjects":{"allow":["*"]}}}}}}
    """#,
  ]) func isAnsweredBeforeAnythingIsTouched(params: String) throws {
    let ports = Untouchable()
    let sidecar = InProcessSidecar(store: ports, profileFile: ports, keys: PlainKeys(), http: ports)
    let line = params.split(separator: "\n").joined()
    sidecar.loopback.send(#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":\#(line)}"#)
    let answer = try JSONValue(parsing: Array(try #require(sidecar.loopback.unread.first).utf8))
    #expect(answer["result"]?["serverInfo"]?["name"] == "onbehalf")
  }
}
