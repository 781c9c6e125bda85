import TestSupport
import Testing

@testable import Delegation

/// Every outcome of a look, and what is said of it to somebody at night.
struct ConnectionFindingsTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var plain = false
    let change: @Sendable (inout ConnectionReport) -> Void
    /// The check that tells of it.
    let id: Check.ID
    var status = Check.Status.fail
    let summary: String
    /// The beginning of it.
    var hint: String?
  }

  private static let profiled = ConnectionReport.Proxy(url: "http://proxy.example:3128", source: .profile)
  private static let inherited = ConnectionReport.Proxy(url: "http://proxy.example:3128", source: .environment)
  private static let shown = ConnectionReport.ServerCertificate(
    subject: "CN = *.example",
    issuer: "CN = Proxy CA",
    notAfter: UnixTime(seconds: 1_600_000_000)
  )

  private static func problem(
    _ step: ConnectionReport.Step,
    _ reason: ConnectionReport.Problem.Reason,
    proxy: ConnectionReport.Proxy? = nil,
    certificate: ConnectionReport.ServerCertificate? = nil
  ) -> @Sendable (inout ConnectionReport) -> Void {
    { report in
      report.proxy = proxy
      report.certificate = certificate
      report.problem = ConnectionReport.Problem(step, reason)
      if step == .lookup { report.addresses = [] }
    }
  }

  static let proxies = [
    Row(
      testDescription: "no proxy",
      change: { _ in },
      id: .proxy,
      status: .pass,
      summary: "No proxy is used for idcs.example."
    ),
    Row(
      testDescription: "a proxy",
      change: { $0.proxy = profiled },
      id: .proxy,
      status: .pass,
      summary:
        "Requests to idcs.example go through the proxy http://proxy.example:3128, which the profile's proxy names."
    ),
    Row(
      testDescription: "no URL",
      change: problem(.settings, .failed(found: "a proxy that is no URL")),
      id: .proxy,
      summary: "The way to idcs.example is not set up right: a proxy that is no URL.",
      hint: "Correct proxy in the profile"
    ),
    Row(
      testDescription: "it wants a password",
      change: problem(.tunnel, .refused(status: 407), proxy: inherited),
      id: .proxy,
      summary: "The proxy http://proxy.example:3128 asks for a user and a password (407).",
      hint: "Write them into https_proxy, as http://user:password@host:port."
    ),
    Row(
      testDescription: "it wants a password, which a profile does not hold",
      change: problem(.tunnel, .refused(status: 407), proxy: profiled),
      id: .proxy,
      summary: "The proxy http://proxy.example:3128 asks for a user and a password (407).",
      hint: "A profile holds neither: take proxy out of it, and write them into https_proxy, in the environment of "
        + "this process, as http://user:password@host:port."
    ),
    Row(
      testDescription: "it forbids",
      change: problem(.tunnel, .refused(status: 403), proxy: profiled),
      id: .proxy,
      summary: "The proxy http://proxy.example:3128 does not let this machine through to idcs.example (403).",
      hint: "Ask whoever runs the proxy to allow idcs.example port 443."
    ),
    Row(
      testDescription: "it cannot either",
      change: problem(.tunnel, .refused(status: 502), proxy: profiled),
      id: .proxy,
      summary: "The proxy http://proxy.example:3128 could not reach idcs.example itself (502).",
      hint: "Is identityDomainUrl right?"
    ),
    Row(
      testDescription: "it is none",
      change: problem(.tunnel, .failed(found: "x"), proxy: profiled),
      id: .proxy,
      summary: "The proxy http://proxy.example:3128 did not open a way to idcs.example: x.",
      hint: "Is it a proxy of the kind its URL says?"
    ),
    Row(
      testDescription: "it is silent",
      change: problem(.tunnel, .timedOut, proxy: profiled),
      id: .proxy,
      summary: "The proxy http://proxy.example:3128 took the connection and did not answer.",
      hint: "Ask whoever runs the proxy"
    ),
  ]

  static let names = [
    Row(
      testDescription: "known",
      change: { $0.addresses = ["192.0.2.7", "2001:db8::7"] },
      id: .dns,
      status: .pass,
      summary: "The name idcs.example is known: 192.0.2.7, 2001:db8::7."
    ),
    Row(
      testDescription: "known to the proxy",
      change: { $0.proxy = profiled },
      id: .dns,
      status: .pass,
      summary: "The proxy is found at 192.0.2.7; idcs.example is looked up by the proxy."
    ),
    Row(
      testDescription: "unknown",
      change: problem(.lookup, .failed(found: "Could not resolve host: idcs.example")),
      id: .dns,
      summary: "The name idcs.example is not known.",
      hint: "Is it spelled right in identityDomainUrl?"
    ),
    Row(
      testDescription: "an unknown proxy",
      change: problem(.lookup, .failed(found: "x"), proxy: profiled),
      id: .dns,
      summary: "The name of the proxy is not known.",
      hint: "Is it spelled right in the profile's proxy?"
    ),
    Row(
      testDescription: "silent name servers",
      change: problem(.lookup, .timedOut),
      id: .dns,
      summary: "No name server answered when idcs.example was looked up.",
      hint: "Look at the name servers in /etc/resolv.conf"
    ),
  ]

  static let connections = [
    Row(
      testDescription: "connected",
      change: { _ in },
      id: .tcp,
      status: .pass,
      summary: "idcs.example takes connections at 192.0.2.7, port 443."
    ),
    Row(
      testDescription: "connected to the proxy",
      change: { $0.proxy = profiled },
      id: .tcp,
      status: .pass,
      summary: "The proxy takes connections at 192.0.2.7."
    ),
    Row(
      testDescription: "refused",
      change: problem(.connect, .failed(found: "Connection refused")),
      id: .tcp,
      summary: "idcs.example, at 192.0.2.7 port 443, does not take connections: Connection refused.",
      hint: "Is the port in identityDomainUrl right?"
    ),
    Row(
      testDescription: "dropped",
      change: problem(.connect, .timedOut),
      id: .tcp,
      summary: "idcs.example, at 192.0.2.7 port 443, does not answer.",
      hint: "A firewall drops the packets, as a rule: ask for TCP port 443 to be opened."
    ),
    Row(
      testDescription: "refused by the proxy",
      change: problem(.connect, .failed(found: "Connection refused"), proxy: profiled),
      id: .tcp,
      summary: "The proxy, at 192.0.2.7, does not take connections: Connection refused.",
      hint: "Does the proxy run, and is its port in the profile's proxy right?"
    ),
  ]

  static let handshakes = [
    Row(
      testDescription: "trusted",
      change: { _ in },
      id: .tls,
      status: .pass,
      summary:
        "The certificate of idcs.example, issued by CN = An authority, is trusted until 2096-10-02T07:06:40Z, over "
        + "TLSv1.3."
    ),
    Row(
      testDescription: "plain",
      plain: true,
      change: { report in
        report.tlsVersion = nil
        report.certificate = nil
      },
      id: .tls,
      status: .pass,
      summary: "http://127.0.0.1 is this machine, so it needs no TLS."
    ),
    Row(
      testDescription: "ending",
      change: {
        $0.certificate = .init(subject: "CN = a", issuer: "CN = b", notAfter: UnixTime(seconds: 1_700_500_000))
      },
      id: .tls,
      status: .warn,
      summary: "The certificate of idcs.example, issued by CN = b, is trusted and ends soon, at 2023-11-20T17:06:40Z.",
      hint: "Whoever runs idcs.example must renew it"
    ),
    Row(
      testDescription: "silent",
      change: problem(.tls, .timedOut),
      id: .tls,
      summary: "idcs.example took the connection and then stayed silent.",
      hint: "Is the port in identityDomainUrl that of https?"
    ),
    Row(
      testDescription: "the caFile",
      change: problem(.tls, .failed(found: "caFile /x.pem: No such file or directory")),
      id: .tls,
      summary: "The certificates of the profile cannot be read: caFile /x.pem: No such file or directory.",
      hint: "caFile must be the path of a PEM file"
    ),
    Row(
      testDescription: "not agreed",
      change: problem(.tls, .failed(found: "wrong version number")),
      id: .tls,
      summary: "TLS with idcs.example could not be agreed: wrong version number.",
      hint: "Is the port in identityDomainUrl that of https?"
    ),
    Row(
      testDescription: "expired",
      change: problem(.tls, .failed(found: "SSL certificate problem: certificate has expired"), certificate: shown),
      id: .tls,
      summary: "The certificate of idcs.example, issued by CN = Proxy CA, ended at 2020-09-13T12:26:40Z.",
      hint: "Is this machine's clock right?"
    ),
    Row(
      testDescription: "expired above the server's own",
      change: {
        $0.problem = .init(.tls, .failed(found: "SSL certificate problem: certificate has expired"))
      },
      id: .tls,
      summary: "Of the certificates of idcs.example, one above its own has ended; the next is CN = An authority.",
      hint: "Is this machine's clock right?"
    ),
    Row(
      testDescription: "not yet valid",
      change: problem(
        .tls,
        .failed(found: "SSL certificate problem: certificate is not yet valid"),
        certificate: shown
      ),
      id: .tls,
      summary: "The certificate of idcs.example, issued by CN = Proxy CA, is not valid yet.",
      hint: "Set this machine's clock"
    ),
    Row(
      testDescription: "another name",
      change: problem(
        .tls,
        .failed(found: "SSL: no alternative certificate subject name matches target host name 'idcs.example'"),
        certificate: shown
      ),
      id: .tls,
      summary: "What answers for idcs.example shows the certificate of another server: CN = *.example.",
      hint: "Is identityDomainUrl right?"
    ),
    Row(
      testDescription: "another address, as newer versions of libcurl say it",
      change: problem(
        .tls,
        .failed(found: "SSL: no alternative certificate subject name matches target ipv4 address '192.0.2.7'"),
        certificate: shown
      ),
      id: .tls,
      summary: "What answers for idcs.example shows the certificate of another server: CN = *.example.",
      hint: "Is identityDomainUrl right?"
    ),
    Row(
      testDescription: "reset, and then it showed its certificate",
      change: problem(.tls, .failed(found: "OpenSSL SSL_connect: Connection reset by peer"), certificate: shown),
      id: .tls,
      summary: "TLS with idcs.example could not be agreed: OpenSSL SSL_connect: Connection reset by peer.",
      hint: "Is the port in identityDomainUrl that of https?"
    ),
    Row(
      testDescription: "unknown issuer",
      change: problem(
        .tls,
        .failed(found: "SSL certificate problem: self-signed certificate in certificate chain"),
        certificate: shown
      ),
      id: .tls,
      summary: "The certificate of idcs.example was issued by CN = Proxy CA, who is not trusted here (SSL certificate "
        + "problem: self-signed certificate in certificate chain).",
      hint: "If a proxy on this network re-signs TLS, name its CA in the profile's caFile."
    ),
  ]

  @Test(arguments: proxies + names + connections + handshakes)
  func isSaidPlainly(_ row: Row) throws {
    var report = ScriptedProbe.open
    row.change(&report)
    let origin =
      row.plain
      ? Origin(scheme: .http, host: "127.0.0.1", port: 80) : Origin(scheme: .https, host: "idcs.example", port: 443)
    let findings = ConnectionFindings(
      origin: origin,
      report: report,
      now: UnixTime(seconds: 1_700_000_000),
      field: "identityDomainUrl"
    )
    let finding =
      switch row.id {
      case .proxy: findings.proxyFinding
      case .dns: findings.lookup
      case .tcp: findings.connection
      default: findings.tls
      }
    #expect(finding.status == row.status)
    #expect(finding.summary == row.summary)
    #expect((finding.hint == nil) == (row.hint == nil))
    if let hint = row.hint { #expect(finding.hint?.hasPrefix(hint) == true, "\(finding.hint ?? "")") }
    // The pod's one check tells the same.
    #expect(findings.failure == (row.status == .fail ? finding : nil))
  }

  @Test func anAddressIsNoName() {
    let findings = ConnectionFindings(
      origin: Origin(scheme: .https, host: "192.0.2.7", port: 8443),
      report: ScriptedProbe.open,
      now: UnixTime(seconds: 0),
      field: "fusionUrl"
    )
    #expect(findings.lookup.summary == "192.0.2.7 is an address.")
    #expect(findings.connection.summary == "192.0.2.7 takes connections at port 8443.")
  }
}
