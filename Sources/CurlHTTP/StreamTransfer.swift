import CCurl
import Delegation

/// A request whose answer is read while it comes.
///
/// It has a connection of its own, of HTTP/1.1, which goes with it: on a shared one, a body that nobody reads would hold
/// up the others, and the server could push as much as all their windows hold. So it never goes out over a kept
/// connection that may have died.
final class StreamTransfer: RequestTransfer {
  private let opened: CheckedContinuation<Result<ResponseHead, HTTPFailure>, Never>
  private let channel: BodyChannel
  private var isOpened = false
  private var bodyBytes = 0

  init(
    _ job: Job,
    _ opened: CheckedContinuation<Result<ResponseHead, HTTPFailure>, Never>,
    _ channel: BodyChannel
  ) throws(HTTPFailure) {
    self.opened = opened
    self.channel = channel
    try super.init(job)
    try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    try easy.set(CURLOPT_PIPEWAIT, 0)
    try easy.set(CURLOPT_FRESH_CONNECT, 1)
    try easy.set(CURLOPT_FORBID_REUSE, 1)
  }

  // MARK: Callbacks

  override func endHeaders() {
    // Not of a proxy, which answers before the request is sent, nor trailers, when the head has long been told.
    guard isSent, !isOpened, !(100..<200).contains(easy.status) else { return }
    tellHead()
  }

  /// What is refused for now libcurl keeps, and reads no more of it until it goes on.
  override func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard bodyBytes + bytes.count <= job.request.maximumResponseBytes else {
      exceededLimit = job.request.maximumResponseBytes
      return 0
    }
    guard channel.take(bytes) else { return Int(CURL_WRITEFUNC_PAUSE) }
    bodyBytes += bytes.count
    return bytes.count
  }

  // MARK: Orders

  /// Asked outside of callbacks alone. What libcurl has kept comes before this returns, and may end the transfer.
  override func goOn() -> CURLcode { curl_easy_pause(handle, CURLPAUSE_CONT) }

  override func silenceEnds(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    guard isOpened, let time = job.request.idleTimeout else { return nil }
    // Where nobody waits, the wait begins now or later.
    return (channel.waitsSince ?? now) + time
  }

  // MARK: The end

  override func conclusion(_ code: CURLcode) -> Conclusion {
    let failure = failure(code)
    if failure == nil, !isOpened { tellHead() }
    return concluding(failure)
  }

  override var cancelled: Conclusion { concluding(.cancelled(requestSent: isSent)) }

  override var silent: Conclusion { concluding(.timedOut(phase: .response, requestSent: true)) }

  private func tellHead() {
    isOpened = true
    opened.resume(returning: .success(head))
  }

  private func concluding(_ failure: HTTPFailure?) -> Conclusion {
    let (channel, opened, wasOpened) = (channel, opened, isOpened)
    return Conclusion(failure: failure) {
      channel.end(failure)
      if let failure, !wasOpened { opened.resume(returning: .failure(failure)) }
    }
  }
}
