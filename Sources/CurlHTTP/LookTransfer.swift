import CCurl
import Delegation
import Glibc

/// A look at the way to a server.
///
/// Nothing can be sent over it. libcurl asks `allowRequest` before the first byte of a request and is always refused,
/// whereupon it closes the connection; and it was told to connect only. That holds all the more for a look that reads a
/// certificate it does not verify.
final class LookTransfer: Transfer {
  private let continuation: CheckedContinuation<ConnectionReport, Never>
  private let start = ContinuousClock.now
  /// The addresses, each with its socket.
  private var tried: [(address: String, socket: curl_socket_t)] = []
  private var found: ContinuousClock.Instant?
  private var connected: (address: String?, at: ContinuousClock.Instant)?
  /// When all stood that was wanted.
  private var arrived: ContinuousClock.Instant?
  private var tlsVersion: String?

  init(
    _ job: Job,
    _ look: Look,
    _ continuation: CheckedContinuation<ConnectionReport, Never>
  ) throws(HTTPFailure) {
    self.continuation = continuation
    try super.init(job)
    try easy.set(CURLOPT_CONNECT_ONLY, 1)
    try easy.set(CURLOPT_FRESH_CONNECT, 1)
    try easy.set(CURLOPT_FORBID_REUSE, 1)
    try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    try easy.set(CURLOPT_CERTINFO, 1)
    if look == .reading {
      // A proxy's certificate is verified all the same: it is told the proxy's password.
      try easy.set(CURLOPT_SSL_VERIFYPEER, 0)
      try easy.set(CURLOPT_SSL_VERIFYHOST, 0)
    }
    try listen()
  }

  /// Called with a connection that stands. Nothing more is wanted of it.
  override func allowRequest() -> Bool {
    noteConnection()
    arrived = .now
    return false
  }

  override func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t? {
    if found == nil { found = .now }
    let opened = super.openSocket(address)
    if let text = NumericAddress.text(of: address) { tried.append((text, opened ?? -1)) }
    return opened
  }

  override func conclusion(_ code: CURLcode) -> Conclusion {
    let lookupFailure: HTTPFailure? = tried.isEmpty ? .unreachable(found: errorDescription(code)) : nil
    return concluding(report(code), lookupFailure)
  }

  override var cancelled: Conclusion {
    var report = report(CURLE_OK)
    let step: ConnectionReport.Step = found == nil ? .lookup : connected == nil ? .connect : .tls
    report.problem = ConnectionReport.Problem(step, .cancelled)
    return concluding(report, .cancelled(requestSent: false))
  }

  private func concluding(_ report: ConnectionReport, _ failure: HTTPFailure?) -> Conclusion {
    // What libcurl says when the handle goes would reach nobody: this object goes first.
    try? easy.set(CURLOPT_VERBOSE, 0)
    let continuation = continuation
    return Conclusion(failure: failure) { continuation.resume(returning: report) }
  }

  // MARK: What it met

  private func report(_ code: CURLcode) -> ConnectionReport {
    var report = ConnectionReport()
    report.proxy = job.request.route.shown
    for (address, _) in tried where !report.addresses.contains(address) { report.addresses.append(address) }
    report.lookupTime = found.map { $0 - start }
    if let connected {
      report.address = connected.address ?? tried.last?.address
      report.connectTime = connected.at - (found ?? start)
      if job.request.isEncrypted, let arrived {
        report.handshakeTime = arrived - connected.at
        report.tlsVersion = tlsVersion
      }
    }
    report.certificate = easy.leafCertificate
    report.problem = arrived == nil ? problem(code) : nil
    return report
  }

  private func problem(_ code: CURLcode) -> ConnectionReport.Problem? {
    guard code != CURLE_OK else { return nil }
    let step = step(code)
    if code == CURLE_OPERATION_TIMEDOUT { return ConnectionReport.Problem(step, .timedOut) }
    let status = onbehalf_info_long(handle, CURLINFO_HTTP_CONNECTCODE)
    if step == .tunnel, status >= 300 { return ConnectionReport.Problem(step, .refused(status: status)) }
    return ConnectionReport.Problem(step, .failed(found: words(code, step)))
  }

  private func step(_ code: CURLcode) -> ConnectionReport.Step {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .lookup
    case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT: return .settings
    case CURLE_PROXY: return .tunnel
    // Before the first byte of the handshake.
    case CURLE_SSL_CACERT_BADFILE: return .tls
    default: break
    }
    if tried.isEmpty { return .lookup }
    if connected == nil { return .connect }
    let proxy = job.request.route.proxy
    // Of a SOCKS proxy nothing is seen before the handshake with the server.
    let isOpened = onbehalf_info_long(handle, CURLINFO_HTTP_CONNECTCODE) / 100 == 2 || proxy.hasPrefix("socks")
    return proxy.isEmpty || isOpened ? .tls : .tunnel
  }

  private func words(_ code: CURLcode, _ step: ConnectionReport.Step) -> String {
    if code == CURLE_SSL_CACERT_BADFILE {
      return "\(job.request.roots.name): absent, or a certificate in it cannot be read"
    }
    // libcurl's own words for a refused connection leave the reason out.
    let error = onbehalf_info_long(handle, CURLINFO_OS_ERRNO)
    if step == .connect, error != 0 { return String(cString: strerror(Int32(truncatingIfNeeded: error))) }
    return errorDescription(code)
  }

  // MARK: What libcurl lets see of the wire

  private func listen() throws(HTTPFailure) {
    try easy.set(CURLOPT_VERBOSE, 1)
    try easy.set(CURLOPT_DEBUGDATA, pointer: context)
    try easy.setDebug { _, type, bytes, count, context in
      guard let context else { return 0 }
      let transfer = Unmanaged<LookTransfer>.fromOpaque(context).takeUnretainedValue()
      switch type {
      // The first byte of a handshake, or what is said to a proxy; that may hold its password, and is not looked at.
      case CURLINFO_SSL_DATA_OUT, CURLINFO_HEADER_OUT: transfer.noteConnection()
      case CURLINFO_TEXT:
        guard let bytes else { return 0 }
        transfer.hear(String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self))
      default: break
      }
      return 0
    }
  }

  /// Something is about to be written, so one of the sockets is connected.
  private func noteConnection() {
    guard connected == nil else { return }
    let answering = tried.first { NumericAddress.ofPeer($0.socket) == $0.address }
    connected = (answering?.address, .now)
  }

  /// `SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384`; the last such line is the server's.
  private func hear(_ line: String) {
    let beginning = "SSL connection using "
    guard line.hasPrefix(beginning) else { return }
    let version = line.dropFirst(beginning.count).prefix { $0 != " " && $0 != "\n" }
    tlsVersion = printable(String(version))
  }
}

extension EasyHandle {
  /// Lines as `Subject:CN = pod.example` and `Expire date:Nov 29 09:00:00 2027 GMT`.
  fileprivate var leafCertificate: ConnectionReport.ServerCertificate? {
    var fields: [String: String] = [:]
    var next = onbehalf_leaf_certificate(pointer)
    while let line = next {
      let parts = String(cString: line.pointee.data).split(separator: ":", maxSplits: 1).map(String.init)
      if parts.count == 2, fields[parts[0]] == nil { fields[parts[0]] = parts[1] }
      next = UnsafePointer(line.pointee.next)
    }
    guard let subject = fields["Subject"], let issuer = fields["Issuer"] else { return nil }
    return ConnectionReport.ServerCertificate(
      subject: printable(subject),
      issuer: printable(issuer),
      notAfter: fields["Expire date"].flatMap { UnixTime(httpDate: $0) }
    )
  }
}
