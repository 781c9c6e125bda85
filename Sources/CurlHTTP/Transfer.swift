import CCurl
import Delegation
import Glibc

/// One attempt: an easy handle and what its callbacks gather. Lives on the loop's thread.
final class Transfer {
  /// The whole header section, interim answers included.
  static let maximumHeaderBytes = 64 << 10

  let job: Job
  private let easy: EasyHandle
  private(set) var phase = HTTPFailure.Phase.resolve
  private var body: [UInt8] = []
  private var headerBytes = 0
  private var exceededLimit: Int?
  private var wasResendRefused = false

  init(_ job: Job) throws(HTTPFailure) {
    self.job = job
    easy = try EasyHandle()
    try easy.configure(for: job.request)
    try installCallbacks()
  }

  var handle: UnsafeMutableRawPointer { easy.pointer }

  /// Whether a byte of the request may have left.
  var isSent: Bool { phase == .response }

  /// The transfer of an easy handle. It is alive as long as the handle is among the loop's transfers.
  static func of(_ easy: UnsafeMutableRawPointer) -> Transfer? {
    onbehalf_private(easy).map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// What came of it, after libcurl has ended it with `code`.
  func outcome(_ code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
    if let exceededLimit { return .failure(.responseTooLarge(limit: exceededLimit)) }
    if wasResendRefused {
      let found = "the kept connection ended before the answer; the request was not sent again"
      return .failure(.broken(found: found, requestSent: true))
    }
    guard code == CURLE_OK else { return .failure(failure(code)) }
    let headers = easy.responseHeaders
    let date = headers.first { $0.name == "date" }.flatMap { UnixTime(httpDate: $0.value) }
    return .success(HTTPResponse(status: easy.status, headers: headers, body: body, date: date))
  }

  private func failure(_ code: CURLcode) -> HTTPFailure {
    switch code {
    case CURLE_OPERATION_TIMEDOUT:
      return .timedOut(phase: phase, requestSent: isSent)
    case CURLE_FILESIZE_EXCEEDED:
      return .responseTooLarge(limit: job.request.maximumResponseBytes)
    case CURLE_SSL_CACERT_BADFILE:
      return .tlsFailed(found: "\(job.request.roots.name): absent, or a certificate in it cannot be read")
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
      CURLE_USE_SSL_FAILED:
      return .tlsFailed(found: errorDescription(code))
    case CURLE_URL_MALFORMAT, CURLE_BAD_FUNCTION_ARGUMENT:
      return .invalidRequest(found: errorDescription(code))
    default:
      let found = errorDescription(code)
      return isSent ? .broken(found: found, requestSent: true) : .unreachable(found: found)
    }
  }

  /// libcurl's own words: about names, addresses and TLS, never about headers or bodies.
  private func errorDescription(_ code: CURLcode) -> String {
    let text = easy.errorText
    return printable(text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
  }

  // MARK: Callbacks, called by libcurl on the loop's thread

  private func installCallbacks() throws(HTTPFailure) {
    // Not retained: the engine holds a transfer as long as its handle is in use.
    let context = Unmanaged.passUnretained(self).toOpaque()
    for option in [
      CURLOPT_PRIVATE, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA,
    ] {
      try easy.set(option, pointer: context)
    }
    try easy.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      Transfer.from(context)?.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
    }
    try easy.set(CURLOPT_HEADERFUNCTION) { _, size, count, context in
      Transfer.from(context)?.countHeader(size * count) ?? 0
    }
    try easy.setOpenSocket { context, _, address in
      address.flatMap { Transfer.from(context)?.openSocket($0) } ?? -1
    }
    try easy.setBeforeRequest { context, _, _, _, _ in
      Transfer.from(context)?.allowRequest() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Fewer bytes than were given end the transfer.
  private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard body.count + bytes.count <= job.request.maximumResponseBytes else {
      exceededLimit = job.request.maximumResponseBytes
      return 0
    }
    body.append(contentsOf: bytes)
    return bytes.count
  }

  private func countHeader(_ count: Int) -> Int {
    headerBytes += count
    guard headerBytes <= Self.maximumHeaderBytes else {
      exceededLimit = Self.maximumHeaderBytes
      return 0
    }
    return count
  }

  /// The lookup is over. Whatever the name led to, a loopback origin is reached at a loopback address or not at all.
  private func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t? {
    if phase == .resolve { phase = .connect }
    guard !job.request.isLoopback || isLoopback(address) else { return nil }
    let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Called when a connection is ready and nothing of the request has been written. A second time means that libcurl
  /// would send it again after a kept connection has died; the request may have been carried out, so it must not.
  private func allowRequest() -> Bool {
    guard phase != .response else {
      wasResendRefused = true
      return false
    }
    phase = .response
    return true
  }
}

/// An address of 127.0.0.0/8 or ::1. libcurl's structure ends in a `sockaddr` of the family's own length.
private func isLoopback(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
  guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return false }
  let bytes = UnsafeRawPointer(address) + offset
  switch address.pointee.family {
  case AF_INET:
    return UInt32(bigEndian: bytes.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr) >> 24 == 127
  case AF_INET6:
    let host = bytes.loadUnaligned(as: sockaddr_in6.self).sin6_addr
    return withUnsafeBytes(of: host) { $0.elementsEqual([UInt8](repeating: 0, count: 15) + [1]) }
  default:
    return false
  }
}

extension UnixTime {
  /// Nil when libcurl cannot read it; all forms of RFC 9110 section 5.6.7 are read. They have four digits for a year,
  /// where libcurl would go on to years whose milliseconds no number holds.
  init?(httpDate: String) {
    let seconds = curl_getdate(httpDate, nil)
    let endOfYear9999 = 253_402_300_799
    guard (0...endOfYear9999).contains(seconds) else { return nil }
    self.init(seconds: Int64(seconds))
  }
}
