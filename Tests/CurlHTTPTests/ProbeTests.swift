import CurlHTTP
import Delegation
import Foundation
import Synchronization
import TestSupport
import Testing

/// What a look tells of real servers, and what it does not say to them.
@Suite struct ProbeTests {
  private let authority: TestAuthority
  private let probe = CurlConnectionProbe(.init(userAgent: "onbehalf/0.0.0"))

  init() throws { authority = try TestAuthority() }

  private func look(
    _ scheme: Origin.Scheme,
    _ host: String,
    _ port: Int,
    caFile: String? = nil,
    proxy: String? = nil,
    within time: Duration = .seconds(20)
  ) async -> ConnectionReport {
    let origin = Origin(scheme: scheme, host: host, port: port)
    return await probe.look(at: ProbedPlace(origin, deadline: .now + time, caFile: caFile, proxy: proxy))
  }

  private func withTLS(
    _ names: String = "DNS:localhost,IP:127.0.0.1",
    days: Int = 2,
    _ use: (TLSServer) async throws -> Void
  ) async throws {
    let server = try TLSServer(try authority.issue(names: names, days: days))
    defer { server.stop() }
    try await use(server)
  }

  // MARK: TLS

  @Test func aServerThatIsTrusted() async throws {
    try await withTLS { server in
      let report = await look(.https, "localhost", server.port, caFile: authority.certificatePath)
      #expect(report.problem == nil)
      #expect(report.proxy == nil)
      #expect(report.address == "127.0.0.1")
      #expect(report.addresses.contains("127.0.0.1"))
      #expect(report.tlsVersion == "TLSv1.3")
      #expect(report.certificate?.subject == "CN = server")
      #expect(report.certificate?.issuer.hasPrefix("CN = authority ") == true)
      let end = try #require(report.certificate?.notAfter)
      #expect(end > UnixTime(seconds: Int64(Date().timeIntervalSince1970)))
      #expect(report.lookupTime != nil && report.connectTime != nil && report.handshakeTime != nil)
    }
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var names = "DNS:localhost"
    var days = 2
    var isKnown = true
    let found: String
  }

  @Test(arguments: [
    Refusal(testDescription: "expired", days: -1, found: "certificate has expired"),
    Refusal(testDescription: "another name", names: "DNS:other.example", found: "target host name 'localhost'"),
    Refusal(testDescription: "unknown issuer", isKnown: false, found: "unable to get local issuer certificate"),
  ])
  func aCertificateThatIsNotAcceptedIsShown(_ refusal: Refusal) async throws {
    try await withTLS(refusal.names, days: refusal.days) { server in
      let report = await look(
        .https,
        "localhost",
        server.port,
        caFile: refusal.isKnown ? authority.certificatePath : nil
      )
      guard case .failed(let found) = report.problem?.reason, report.problem?.step == .tls else {
        Issue.record("\(report)")
        return
      }
      #expect(found.contains(refusal.found), "\(found)")
      #expect(report.certificate?.subject == "CN = server")
      #expect(report.certificate?.notAfter != nil)
      #expect(report.tlsVersion == nil)
    }
  }

  @Test func aSelfSignedCertificate() async throws {
    let server = try TLSServer(try authority.selfSigned(names: "DNS:localhost"))
    defer { server.stop() }
    let report = await look(.https, "localhost", server.port)
    #expect(report.problem == .init(.tls, .failed(found: "SSL certificate problem: self-signed certificate")))
    #expect(report.certificate?.issuer == "CN = self")
  }

  @Test func anUnusableCAFileDoesNotHideTheWay() async throws {
    try await withTLS { server in
      let report = await look(.https, "localhost", server.port, caFile: "/nonexistent/ca.pem")
      #expect(report.address == "127.0.0.1")
      #expect(report.problem?.step == .tls)
      guard case .failed(let found) = report.problem?.reason else { return }
      #expect(found == "caFile /nonexistent/ca.pem: No such file or directory")
    }
  }

  @Test func aPortWithoutTLS() async throws {
    try await withServer { _ in
      [.text("220 hello\r\n")]
    } use: { server in
      let report = await look(.https, "127.0.0.1", server.port, within: .milliseconds(300))
      #expect(report.problem?.step == .tls)
      #expect(report.certificate == nil)
    }
  }

  // MARK: Names and connections

  @Test func nobodyListens() async throws {
    let server = try LoopbackHTTPServer { _ in [] }
    server.stop()
    let report = await look(.https, "127.0.0.1", server.port)
    #expect(report.problem == .init(.connect, .failed(found: "Connection refused")))
    #expect(report.addresses == ["127.0.0.1"])
  }

  @Test func aPortThatIsSilent() async throws {
    try await withServer { _ in
      []
    } use: { server in
      let report = await look(.https, "127.0.0.1", server.port, within: .milliseconds(300))
      #expect(report.problem == .init(.tls, .timedOut))
      #expect(report.address == "127.0.0.1")
    }
  }

  @Test func aNameThatIsNotKnown() async {
    let report = await look(.https, "nobody.invalid", 443)
    #expect(report.problem?.step == .lookup)
    #expect(report.addresses.isEmpty)
  }

  @Test func plainHTTPHasNoHandshake() async throws {
    try await withServer { _ in
      [.answer()]
    } use: { server in
      let report = await look(.http, "127.0.0.1", server.port)
      #expect(report.problem == nil && report.tlsVersion == nil && report.handshakeTime == nil)
      #expect(report.address == "127.0.0.1")
    }
    let elsewhere = await look(.http, "pod.example", 80)
    #expect(elsewhere.problem?.step == .settings)
  }

  @Test func aLookThatNobodyWaitsForEnds() async throws {
    let accepted = Barrier(2)
    try await withServer(accepted: { accepted.arriveAndWait() }) { _ in
      []
    } use: { server in
      let task = Task { await look(.https, "127.0.0.1", server.port) }
      accepted.arriveAndWait()
      task.cancel()
      #expect(await task.value.problem?.reason == .cancelled)
    }
  }

  @Test func theDeadlineHasPassed() async throws {
    let report = await look(.https, "127.0.0.1", 1, within: .zero)
    #expect(report.problem == .init(.lookup, .timedOut))
  }

  // MARK: Proxies

  @Test func throughAProxy() async throws {
    try await withTLS("DNS:pod.example") { server in
      let port = server.port
      try await withServer { _ in
        [.text("HTTP/1.1 200 Connection established\r\n\r\n"), .tunnel(port: port)]
      } use: { proxy in
        let url = "http://user:word@127.0.0.1:\(proxy.port)"
        let report = await look(.https, "pod.example", port, caFile: authority.certificatePath, proxy: url)
        #expect(report.problem == nil)
        #expect(report.proxy == .init(url: "http://127.0.0.1:\(proxy.port)", source: .profile))
        #expect(report.address == "127.0.0.1")
        #expect(report.certificate?.subject == "CN = server")
        #expect(proxy.requests.map(\.requestLine) == ["CONNECT pod.example:\(port) HTTP/1.1"])
      }
    }
  }

  @Test(arguments: [("403 Forbidden", 403), ("407 Proxy Authentication Required", 407), ("502 Bad Gateway", 502)])
  func aProxyThatRefuses(_ answer: String, _ status: Int) async throws {
    try await withServer { _ in
      [.answer(answer, headers: ["Proxy-Authenticate: Basic"], body: "secret"), .close]
    } use: { proxy in
      let report = await look(.https, "pod.example", 443, proxy: "http://127.0.0.1:\(proxy.port)")
      #expect(report.problem == .init(.tunnel, .refused(status: status)))
      #expect(report.address == "127.0.0.1")
    }
  }

  @Test func aProxyThatIsNotThere() async throws {
    let server = try LoopbackHTTPServer { _ in [] }
    server.stop()
    let refused = await look(.https, "pod.example", 443, proxy: "127.0.0.1:\(server.port)")
    #expect(refused.problem == .init(.connect, .failed(found: "Connection refused")))
    let unknown = await look(.https, "pod.example", 443, proxy: "http://u:word@nobody.invalid:3128")
    #expect(unknown.problem?.step == .lookup)
    #expect(!"\(unknown)".contains("word"))
    let silent = await look(.https, "pod.example", 443, proxy: "socks5://u:word@", within: .seconds(1))
    #expect(silent.problem?.step == .settings)
    #expect(!"\(silent)".contains("word"))
  }

  @Test func aProxyThatIsSilent() async throws {
    try await withServer { _ in
      [.waitForPeerToClose]
    } use: { proxy in
      let url = "http://127.0.0.1:\(proxy.port)"
      let report = await look(.https, "pod.example", 443, proxy: url, within: .milliseconds(300))
      #expect(report.problem == .init(.tunnel, .timedOut))
    }
  }

  @Test func theProxyOfTheEnvironmentAndItsExceptions() async throws {
    let probe = CurlConnectionProbe(.init(userAgent: "o", proxy: "127.0.0.1:1", noProxy: ".invalid"))
    let deadline = ContinuousClock.now + .seconds(20)
    let pod = Origin(scheme: .https, host: "pod.example", port: 443)
    let proxied = await probe.look(at: ProbedPlace(pod, deadline: deadline))
    #expect(proxied.proxy == .init(url: "http://127.0.0.1:1", source: .environment))
    #expect(proxied.problem?.step == .connect)
    let nobody = Origin(scheme: .https, host: "nobody.invalid", port: 443)
    let direct = await probe.look(at: ProbedPlace(nobody, deadline: deadline))
    #expect(direct.proxy == nil)
    #expect(direct.problem?.step == .lookup)
  }

  // MARK: Nothing is said

  /// Over TLS, with certificates that are not accepted, `test_diagnose.py` listens.
  @Test func nothingOfHTTPIsSent() async throws {
    for _ in 0..<3 {
      let accepted = Barrier(2)
      try await withServer(accepted: { accepted.arriveAndWait() }) { _ in
        [.answer()]
      } use: { server in
        #expect(await look(.http, "127.0.0.1", server.port).problem == nil)
        accepted.arriveAndWait()
        #expect(server.requests.isEmpty)
      }
    }
  }
}
