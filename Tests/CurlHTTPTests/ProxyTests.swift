import CurlHTTP
import Delegation
import Foundation
import TestSupport
import Testing

/// Through a CONNECT proxy of the test's own, to `openssl s_server`.
@Suite struct ProxyTests {
  private let authority: TestAuthority
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))

  init() throws { authority = try TestAuthority() }

  private func request(_ server: TLSServer, host: String = "localhost", caFile: String? = nil) -> HTTPRequest {
    var request = get(Origin(scheme: .https, host: host, port: server.port))
    request.caFile = caFile
    return request
  }

  /// A CONNECT proxy for which every name is this machine.
  private func withProxy(to server: TLSServer, use: (LoopbackHTTPServer) async throws -> Void) async throws {
    let port = server.port
    try await withServer { _ in
      [.text("HTTP/1.1 200 Connection established\r\nX-Proxy: p\r\n\r\n"), .tunnel(port: port)]
    } use: { proxy in
      try await use(proxy)
    }
  }

  @Test func theProxySeesANameAndATunnelOnly() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:pod.example"))
    defer { server.stop() }
    try await withProxy(to: server) { proxy in
      var request = request(server, host: "pod.example", caFile: authority.certificatePath)
      request.proxy = "http://user:word@127.0.0.1:\(proxy.port)"
      request.headers = [("Authorization", "Bearer secret")]
      let response = try await client.send(request)
      #expect(response.status == 200)
      #expect(response.header("x-proxy") == nil)
      let seen = try #require(proxy.requests.first)
      #expect(seen.requestLine == "CONNECT pod.example:\(server.port) HTTP/1.1")
      #expect(!seen.head.contains("secret"))
    }
  }

  @Test func theProxyOfTheEnvironmentIsUsedButForItsExceptions() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:pod.example"))
    defer { server.stop() }
    try await withProxy(to: server) { proxy in
      let address = "127.0.0.1:\(proxy.port)"
      let configured = CurlHTTPClient(.init(userAgent: "o", proxy: address, noProxy: "direct.example, localhost"))
      let response = try await configured.send(
        request(server, host: "pod.example", caFile: authority.certificatePath)
      )
      #expect(response.status == 200)
      var direct = request(server, host: "direct.example", caFile: authority.certificatePath)
      direct.deadline = .now + .milliseconds(200)
      await #expect(throws: HTTPFailure.self) { try await configured.send(direct) }
      #expect(proxy.acceptedConnections == 1)
    }
  }

  @Test func loopbackIsNeverProxied() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:localhost"))
    defer { server.stop() }
    try await withProxy(to: server) { proxy in
      let configured = CurlHTTPClient(.init(userAgent: "o", proxy: "http://127.0.0.1:\(proxy.port)"))
      var request = request(server, caFile: authority.certificatePath)
      request.proxy = "http://127.0.0.1:\(proxy.port)"
      let response = try await configured.send(request)
      #expect(response.status == 200)
      #expect(proxy.acceptedConnections == 0)
    }
  }

  @Test func aProxyThatRefusesIsToldBeforeAnythingIsSent() async throws {
    try await withServer { _ in
      [.answer("403 Forbidden", body: "secret")]
    } use: { proxy in
      var request = get(Origin(scheme: .https, host: "pod.example", port: 443))
      request.proxy = "http://127.0.0.1:\(proxy.port)"
      let failure = await #expect(throws: HTTPFailure.self) { try await client.send(request) }
      guard case .unreachable(let found) = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(found.contains("403") && !found.contains("secret"))
    }
  }

  @Test func theHeadOfAStreamIsTheServersAndNotTheProxys() async throws {
    let server = try TLSServer(try authority.issue(names: "DNS:pod.example"))
    defer { server.stop() }
    try await withProxy(to: server) { proxy in
      var request = request(server, host: "pod.example", caFile: authority.certificatePath)
      request.proxy = "http://127.0.0.1:\(proxy.port)"
      let response = try await client.open(request)
      #expect(response.header("x-proxy") == nil)
      #expect(response.header("content-type") == "text/html")
      #expect(try await response.body.text().contains("TLSv1."))
    }
    try await withServer { _ in
      [.answer("403 Forbidden", body: "secret")]
    } use: { proxy in
      var request = get(Origin(scheme: .https, host: "pod.example", port: 443))
      request.proxy = "http://127.0.0.1:\(proxy.port)"
      let failure = await #expect(throws: HTTPFailure.self) { _ = try await client.open(request) }
      guard case .unreachable = failure else {
        Issue.record("\(String(describing: failure))")
        return
      }
    }
  }

  @Test func theEnvironmentOfTheProcessIsNotLookedAt() async throws {
    try await withServer { _ in
      [.close]
    } use: { proxy in
      for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
      }
      var request = get(Origin(scheme: .https, host: "pod.example", port: 443))
      request.deadline = .now + .milliseconds(200)
      await #expect(throws: HTTPFailure.self) { try await client.send(request) }
      #expect(proxy.acceptedConnections == 0)
    }
  }
}
