/// What a look at the way to a server means to a person, step by step.
struct ConnectionFindings {
  let origin: Origin
  let report: ConnectionReport
  let now: UnixTime
  /// The field of the profile that names the server.
  let field: String

  /// A certificate is replaced before it has no more days than this.
  private static let noticeDays: Int64 = 7

  private var host: String { origin.host }
  private var proxy: ConnectionReport.Proxy? { report.proxy }
  private var addresses: String { report.addresses.joined(separator: ", ") }
  private var isPlain: Bool { origin.scheme == .http }

  /// What failed, or nil.
  var failure: Finding? {
    switch report.problem?.step {
    case .settings, .tunnel: proxyFinding
    case .lookup: lookup
    case .connect: connection
    case .tls: tls
    case nil: nil
    }
  }

  // MARK: The proxy

  var proxyFinding: Finding {
    switch (report.problem?.step, report.problem?.reason) {
    case (.settings, .failed(let found)):
      return Finding(
        .fail,
        "The way to \(host) is not set up right: \(found).",
        hint: "Correct proxy in the profile, or https_proxy in the environment of this process."
      )
    case (.tunnel, .refused(let status)): return refusal(status)
    case (.tunnel, .failed(let found)):
      return Finding(
        .fail,
        "\(named) did not open a way to \(host): \(found).",
        hint: "Is it a proxy of the kind its URL says? Compare the scheme and the port in \(source)."
      )
    case (.tunnel, _):
      return Finding(
        .fail,
        "\(named) took the connection and did not answer.",
        hint: "Ask whoever runs the proxy whether it is up, and whether it takes connections from this machine."
      )
    case (_, _):
      guard let proxy else { return Finding(.pass, "No proxy is used for \(host).") }
      return Finding(.pass, "Requests to \(host) go through the proxy \(proxy.url), which \(source) names.")
    }
  }

  private var named: String { "The proxy\(proxy.map { " \($0.url)" } ?? "")" }

  private var source: String {
    proxy?.source == .environment ? "https_proxy" : "the profile's proxy"
  }

  private func refusal(_ status: Int) -> Finding {
    switch status {
    case 407:
      Finding(
        .fail,
        "\(named) asks for a user and a password (407).",
        hint: (proxy?.source == .profile
          ? "A profile holds neither: take proxy out of it, and write them into https_proxy, in the environment of this "
            + "process, as"
          : "Write them into https_proxy, as") + " http://user:password@host:port."
      )
    case 500...:
      Finding(
        .fail,
        "\(named) could not reach \(host) itself (\(status)).",
        hint: "Is \(field) right? If it is, ask whoever runs the proxy to look at its DNS and its firewall."
      )
    default:
      Finding(
        .fail,
        "\(named) does not let this machine through to \(host) (\(status)).",
        hint: "Ask whoever runs the proxy to allow \(host) port \(origin.port)."
      )
    }
  }

  // MARK: The name

  var lookup: Finding {
    let what = proxy == nil ? "The name \(host)" : "The name of the proxy"
    guard let problem = report.problem, problem.step == .lookup else {
      if proxy != nil {
        return Finding(.pass, "The proxy is found at \(addresses); \(host) is looked up by the proxy.")
      }
      return Finding(.pass, host == addresses ? "\(host) is an address." : "The name \(host) is known: \(addresses).")
    }
    switch problem.reason {
    case .failed, .refused:
      let spelled = proxy == nil ? field : source
      return Finding(
        .fail,
        "\(what) is not known.",
        hint: "Is it spelled right in \(spelled)? If it is, this machine's name servers do not know it: "
          + "try getent hosts \(proxy == nil ? host : "with the proxy's name"), and look at /etc/resolv.conf."
      )
    case .timedOut, .cancelled:
      return Finding(
        .fail,
        "No name server answered when \(proxy == nil ? host : "the proxy's name") was looked up.",
        hint: "Look at the name servers in /etc/resolv.conf, and at the firewall for port 53."
      )
    }
  }

  // MARK: The connection

  var connection: Finding {
    guard let problem = report.problem, problem.step == .connect else {
      let address = report.address ?? addresses
      if proxy != nil { return Finding(.pass, "The proxy takes connections at \(address).") }
      return Finding(
        .pass,
        "\(host) takes connections \(host == address ? "at" : "at \(address),") port \(origin.port)."
      )
    }
    let place = proxy == nil ? "\(host), at \(place(addresses))," : "The proxy, at \(addresses),"
    switch problem.reason {
    case .failed(let found):
      return Finding(
        .fail,
        "\(place) does not take connections: \(found).",
        hint: proxy == nil
          ? "Is the port in \(field) right? If it is, the server is down or a firewall refuses: ask for TCP port "
            + "\(origin.port) to be opened."
          : "Does the proxy run, and is its port in \(source) right?"
      )
    case .refused, .timedOut, .cancelled:
      return Finding(
        .fail,
        "\(place) does not answer.",
        hint: proxy == nil
          ? "A firewall drops the packets, as a rule: ask for TCP port \(origin.port) to be opened. If this network "
            + "wants a proxy, name it in the profile's proxy."
          : "A firewall drops the packets, as a rule: ask whoever runs the proxy."
      )
    }
  }

  private func place(_ address: String) -> String { "\(address) port \(origin.port)" }

  // MARK: TLS

  var tls: Finding {
    if let problem = report.problem, problem.step == .tls { return refusedTLS(problem.reason) }
    if isPlain { return Finding(.pass, "\(origin.text) is this machine, so it needs no TLS.") }
    let issuer = report.certificate.map { ", issued by \($0.issuer)" } ?? ""
    let version = report.tlsVersion ?? "TLS"
    guard let end = report.certificate?.notAfter else {
      return Finding(.pass, "The certificate of \(host)\(issuer), is trusted, over \(version).")
    }
    if end <= now.advanced(bySeconds: Self.noticeDays * 86_400) {
      return Finding(
        .warn,
        "The certificate of \(host)\(issuer), is trusted and ends soon, at \(end.rfc3339).",
        hint: "Whoever runs \(host) must renew it; where a proxy re-signs TLS, whoever runs the proxy."
      )
    }
    return Finding(.pass, "The certificate of \(host)\(issuer), is trusted until \(end.rfc3339), over \(version).")
  }

  private func refusedTLS(_ reason: ConnectionReport.Problem.Reason) -> Finding {
    guard case .failed(let found) = reason else {
      return Finding(
        .fail,
        "\(host) took the connection and then stayed silent.",
        hint: "Is the port in \(field) that of https? If it is, a firewall that inspects TLS may hold it back."
      )
    }
    if found.hasPrefix("caFile ") {
      return Finding(
        .fail,
        "The certificates of the profile cannot be read: \(found).",
        hint: "caFile must be the path of a PEM file that this process may read. Remove it when no proxy re-signs TLS."
      )
    }
    // A handshake that broke off may succeed the next time, when the certificate is read.
    guard let certificate = report.certificate, found.contains("certificate") else {
      return Finding(
        .fail,
        "TLS with \(host) could not be agreed: \(found).",
        hint: "Is the port in \(field) that of https? At least TLS 1.2 is needed; an old proxy may not let it pass."
      )
    }
    return refused(certificate, found)
  }

  /// By OpenSSL's and libcurl's own words; the name of what they mean has no other source.
  private func refused(_ certificate: ConnectionReport.ServerCertificate, _ found: String) -> Finding {
    let issuer = certificate.issuer
    if found.contains("certificate has expired") { return expired(certificate) }
    if found.contains("certificate is not yet valid") {
      return Finding(
        .fail,
        "The certificate of \(host), issued by \(issuer), is not valid yet.",
        hint: "Set this machine's clock (timedatectl, NTP)."
      )
    }
    if found.contains("subject name") {
      return Finding(
        .fail,
        "What answers for \(host) shows the certificate of another server: \(certificate.subject).",
        hint: "Is \(field) right? If it is, the name leads to the wrong machine here: compare the address of the check "
          + "dns with that seen from another network."
      )
    }
    return Finding(
      .fail,
      "The certificate of \(host) was issued by \(issuer), who is not trusted here (\(found)).",
      hint: "If a proxy on this network re-signs TLS, name its CA in the profile's caFile. If none does, somebody is "
        + "between you and \(host): tell whoever runs the network. Verification cannot be switched off."
    )
  }

  private func expired(_ certificate: ConnectionReport.ServerCertificate) -> Finding {
    guard let end = certificate.notAfter, end <= now else {
      return Finding(
        .fail,
        "Of the certificates of \(host), one above its own has ended; the next is \(certificate.issuer).",
        hint: "Is this machine's clock right? If it is, update its ca-certificates, or the profile's caFile. If that "
          + "does not help, whoever runs \(host) must send newer ones. Verification cannot be switched off."
      )
    }
    return Finding(
      .fail,
      "The certificate of \(host), issued by \(certificate.issuer), ended at \(end.rfc3339).",
      hint: "Is this machine's clock right? If it is, whoever runs \(host), or the proxy that re-signs TLS, must "
        + "renew it. Verification cannot be switched off."
    )
  }
}
