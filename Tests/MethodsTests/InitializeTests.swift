import JSON
import TestSupport
import Testing

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
