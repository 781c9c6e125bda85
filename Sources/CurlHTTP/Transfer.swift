import CCurl
import Delegation
import Glibc

/// One attempt: an easy handle and what its callbacks gather. Lives on the loop's thread.
class Transfer {
  /// What came of it. To be made while libcurl has the transfer, and told when it has it no more.
  struct Conclusion {
    /// Also that of those who wait for the same lookup, when it failed there.
    let failure: HTTPFailure?
    /// Resumes whoever waits.
    let tell: () -> Void
  }

  let job: Job
  let easy: EasyHandle
  final var phase = HTTPFailure.Phase.resolve

  static func make(_ job: Job) throws(HTTPFailure) -> Transfer {
    switch job.purpose {
    case .request(let continuation): try WholeTransfer(job, continuation)
    case .stream(let opened, let channel): try StreamTransfer(job, opened, channel)
    case .look(let look, let continuation): try LookTransfer(job, look, continuation)
    }
  }

  init(_ job: Job) throws(HTTPFailure) {
    self.job = job
    easy = try EasyHandle()
    try easy.configure(for: job.request)
    for option in [CURLOPT_PRIVATE, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA] {
      try easy.set(option, pointer: context)
    }
    try easy.setOpenSocket { context, _, address in
      address.flatMap { Transfer.from(context)?.openSocket($0) } ?? -1
    }
    try easy.setBeforeRequest { context, _, _, _, _ in
      Transfer.from(context)?.allowRequest() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }
  }

  final var handle: UnsafeMutableRawPointer { easy.pointer }

  /// Of callbacks. Not retained: the engine holds a transfer as long as its handle is in use.
  final var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The transfer of an easy handle. It is alive as long as the handle is among the loop's transfers.
  static func of(_ easy: UnsafeMutableRawPointer) -> Transfer? { from(onbehalf_private(easy)) }

  // MARK: What each kind decides

  /// After libcurl has ended it with `code`.
  func conclusion(_ code: CURLcode) -> Conclusion { Conclusion(failure: nil) {} }

  /// When nobody waits for it any more.
  var cancelled: Conclusion { Conclusion(failure: nil) {} }

  /// When it ends for the silence of the server, should there be none until then; nil when it does not.
  func silenceEnds(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? { nil }

  /// When it ended so.
  var silent: Conclusion { cancelled }

  /// There is room again for what was refused. What is not `CURLE_OK` has ended it.
  func goOn() -> CURLcode { CURLE_OK }

  /// Asked when a connection is ready and nothing of the request has been written. False ends the transfer.
  func allowRequest() -> Bool { false }

  /// The lookup is over. Whatever the name led to, a loopback origin is reached at a loopback address or not at all.
  func openSocket(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t? {
    if phase == .resolve { phase = .connect }
    guard !job.request.isLoopback || isLoopback(address) else { return nil }
    let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
    return descriptor >= 0 ? descriptor : nil
  }

  /// libcurl's own words: about names, addresses and TLS, never about headers or bodies.
  final func errorDescription(_ code: CURLcode) -> String {
    let text = easy.errorText
    return printable(text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
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
