import CCurl
import Delegation
import Glibc

/// libcurl's set of transfers and kept connections. Used on one thread alone.
final class MultiHandle {
  /// Kept connections beyond this many are closed, the longest unused first.
  private static let keptConnections = 1024

  /// All connections together; half of it to one host. Three quarters of the descriptors at most: the rest is for
  /// files, stores and lookups.
  private static var mostConnections: Int { min(4096, max(16, DescriptorLimit.current / 4 * 3)) }

  private let handle: UnsafeMutableRawPointer  // <CURLM>

  init() throws(HTTPFailure) {
    guard let handle = curl_multi_init() else { throw .unreachable(found: "no memory for transfers") }
    self.handle = handle
    onbehalf_multi_setopt_long(handle, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX)
    onbehalf_multi_setopt_long(handle, CURLMOPT_MAXCONNECTS, Self.keptConnections)
    // Transfers beyond these limits wait inside libcurl, within their deadlines.
    onbehalf_multi_setopt_long(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, Self.mostConnections)
    onbehalf_multi_setopt_long(handle, CURLMOPT_MAX_HOST_CONNECTIONS, Self.mostConnections / 2)
    // What the server allows is less; one connection then carries as much as it may.
    onbehalf_multi_setopt_long(handle, CURLMOPT_MAX_CONCURRENT_STREAMS, 1000)
  }

  /// No easy handle may be inside any more.
  deinit { curl_multi_cleanup(handle) }

  func add(_ easy: UnsafeMutableRawPointer) throws(HTTPFailure) {
    let code = curl_multi_add_handle(handle, easy)
    guard code == CURLM_OK else { throw .unreachable(found: String(cString: curl_multi_strerror(code))) }
  }

  func remove(_ easy: UnsafeMutableRawPointer) { curl_multi_remove_handle(handle, easy) }

  /// Does what can be done without waiting and tells of every transfer that ended.
  func perform(_ ended: (_ easy: UnsafeMutableRawPointer, CURLcode) -> Void) {
    var running: Int32 = 0
    curl_multi_perform(handle, &running)
    var left: Int32 = 0
    while let message = curl_multi_info_read(handle, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
      ended(easy, message.pointee.data.result)
    }
  }

  /// Waits for network activity, a timer of libcurl's or `descriptor` to become readable.
  func poll(_ descriptor: Int32, atMost time: Duration) {
    var extra = curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
    let milliseconds = max(0, min(time.wholeMilliseconds, 60_000))
    curl_multi_poll(handle, &extra, 1, Int32(milliseconds), nil)
  }
}

extension Duration {
  /// Rounded up, so that waiting for a deadline does not end before it.
  var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
