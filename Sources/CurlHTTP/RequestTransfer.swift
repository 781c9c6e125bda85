import CCurl
import Delegation

/// A request, sent once.
final class RequestTransfer: Transfer {
  /// The whole header section, interim answers included.
  static let maximumHeaderBytes = 64 << 10

  private let continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
  private var body: [UInt8] = []
  private var headerBytes = 0
  private var exceededLimit: Int?
  private var wasResendRefused = false

  init(
    _ job: Job,
    _ continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
  ) throws(HTTPFailure) {
    self.continuation = continuation
    try super.init(job)
    for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA] { try easy.set(option, pointer: context) }
    try easy.set(CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      RequestTransfer.receiver(context)?.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
    }
    try easy.set(CURLOPT_HEADERFUNCTION) { _, size, count, context in
      RequestTransfer.receiver(context)?.countHeader(size * count) ?? 0
    }
  }

  /// Whether a byte of the request may have left.
  private var isSent: Bool { phase == .response }

  override func conclusion(_ code: CURLcode) -> Conclusion { concluding(outcome(code)) }

  override var cancelled: Conclusion { concluding(.failure(.cancelled(requestSent: isSent))) }

  private func concluding(_ outcome: Result<HTTPResponse, HTTPFailure>) -> Conclusion {
    let continuation = continuation
    var failure: HTTPFailure?
    if case .failure(let found) = outcome { failure = found }
    return Conclusion(failure: failure) { continuation.resume(returning: outcome) }
  }

  private func outcome(_ code: CURLcode) -> Result<HTTPResponse, HTTPFailure> {
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
