import CCurl
import Delegation

/// A request, sent once. What becomes of the answer its kinds decide.
class RequestTransfer: Transfer {
  /// The whole header section, interim answers included.
  static let maximumHeaderBytes = 64 << 10

  private var headerBytes = 0
  /// What the answer was to have at most, once it has more.
  final var exceededLimit: Int?
  private var wasResendRefused = false

  override init(_ job: Job) throws(HTTPFailure) {
    try super.init(job)
    for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA] { try easy.set(option, pointer: context) }
    try easy.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      RequestTransfer.receiver(context)?.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
    }
    try easy.set(CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
      return RequestTransfer.receiver(context)?.takeHeader(line) ?? 0
    }
  }

  /// Bytes of the body. Fewer than were given end the transfer.
  func take(_ bytes: UnsafeRawBufferPointer) -> Int { 0 }

  /// The header section of an answer, interim or final, is complete.
  func endHeaders() {}

  /// Whether a byte of the request may have left.
  final var isSent: Bool { phase == .response }

  /// To be asked while libcurl has the transfer.
  final var head: ResponseHead {
    let headers = easy.responseHeaders
    let date = headers.first { $0.name == "date" }.flatMap { UnixTime(httpDate: $0.value) }
    return ResponseHead(status: easy.status, headers: headers, date: date)
  }

  /// Why there is no answer, or not all of it; nil when there is.
  final func failure(_ code: CURLcode) -> HTTPFailure? {
    if let exceededLimit { return .responseTooLarge(limit: exceededLimit) }
    if wasResendRefused {
      let found = "the kept connection ended before the answer; the request was not sent again"
      return .broken(found: found, requestSent: true)
    }
    switch code {
    case CURLE_OK:
      return nil
    case CURLE_OPERATION_TIMEDOUT:
      return .timedOut(phase: phase, requestSent: isSent)
    case CURLE_FILESIZE_EXCEEDED:
      return .responseTooLarge(limit: job.request.maximumResponseBytes)
    case CURLE_SSL_CACERT_BADFILE:
      return .tlsFailed(found: "\(job.request.roots.name): absent, or a certificate in it cannot be read")
    case CURLE_SSL_CONNECT_ERROR where isCut(errorDescription(code)):
      return .unreachable(found: errorDescription(code))
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

  /// Whether a handshake ended with the connection, and not with a word of either side. The code is the same for both.
  private func isCut(_ found: String) -> Bool {
    ["reset by peer", "SSL_ERROR_SYSCALL", "unexpected eof", "error:00000000"].contains { found.contains($0) }
  }

  // MARK: Callbacks, called by libcurl on the loop's thread

  private static func receiver(_ context: UnsafeMutableRawPointer?) -> RequestTransfer? {
    context.map { Unmanaged<RequestTransfer>.fromOpaque($0).takeUnretainedValue() }
  }

  private func takeHeader(_ line: UnsafeRawBufferPointer) -> Int {
    headerBytes += line.count
    guard headerBytes <= Self.maximumHeaderBytes else {
      exceededLimit = Self.maximumHeaderBytes
      return 0
    }
    if line.elementsEqual("\r\n".utf8) || line.elementsEqual("\n".utf8) { endHeaders() }
    return line.count
  }

  /// A second time means that libcurl would send it again after a kept connection has died; the request may have been
  /// carried out, so it must not.
  override func allowRequest() -> Bool {
    guard phase != .response else {
      wasResendRefused = true
      return false
    }
    phase = .response
    return true
  }
}

/// An answer without its body.
struct ResponseHead: Sendable {
  let status: Int
  let headers: [(name: String, value: String)]
  let date: UnixTime?
}
