import CCurl
import Delegation

/// One of libcurl's easy handles and the memory it points to.
final class EasyHandle {
  let pointer: UnsafeMutableRawPointer  // <CURL>
  private var lines: UnsafeMutablePointer<curl_slist>?
  private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

  init() throws(HTTPFailure) {
    guard let pointer = curl_easy_init() else { throw .unreachable(found: "no memory for a transfer") }
    self.pointer = pointer
    errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    try set(CURLOPT_ERRORBUFFER, pointer: errorBuffer)
  }

  deinit {
    curl_easy_cleanup(pointer)
    curl_slist_free_all(lines)
    errorBuffer.deallocate()
  }

  func set(_ option: CURLoption, _ value: Int) throws(HTTPFailure) {
    try check(option, onbehalf_setopt_long(pointer, option, value))
  }

  func set(_ option: CURLoption, bytes value: Int) throws(HTTPFailure) {
    try check(option, onbehalf_setopt_offset(pointer, option, curl_off_t(value)))
  }

  /// libcurl copies the text.
  func set(_ option: CURLoption, _ value: String?) throws(HTTPFailure) {
    try check(option, onbehalf_setopt_string(pointer, option, value))
  }

  /// The memory must outlive the handle.
  func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) throws(HTTPFailure) {
    try check(option, onbehalf_setopt_pointer(pointer, option, value))
  }

  func set(_ option: CURLoption, data callback: curl_write_callback) throws(HTTPFailure) {
    try check(option, onbehalf_setopt_data(pointer, option, callback))
  }

  func setOpenSocket(_ callback: curl_opensocket_callback) throws(HTTPFailure) {
    try check(CURLOPT_OPENSOCKETFUNCTION, onbehalf_setopt_opensocket(pointer, callback))
  }

  func setBeforeRequest(_ callback: curl_prereq_callback) throws(HTTPFailure) {
    try check(CURLOPT_PREREQFUNCTION, onbehalf_setopt_prereq(pointer, callback))
  }

  func setDebug(_ callback: curl_debug_callback) throws(HTTPFailure) {
    try check(CURLOPT_DEBUGFUNCTION, onbehalf_setopt_debug(pointer, callback))
  }

  func setHeaderLines(_ texts: [String]) throws(HTTPFailure) {
    for text in texts {
      guard let longer = curl_slist_append(lines, text) else { throw .unreachable(found: "no memory for headers") }
      lines = longer
    }
    try set(CURLOPT_HTTPHEADER, pointer: lines)
  }

  /// A POST with this body, which libcurl copies.
  func setBody(_ bytes: [UInt8]) throws(HTTPFailure) {
    try set(CURLOPT_POST, 1)
    try set(CURLOPT_POSTFIELDSIZE_LARGE, bytes: bytes.count)
    let code = bytes.withUnsafeBytes {
      onbehalf_setopt_pointer(pointer, CURLOPT_COPYPOSTFIELDS, $0.baseAddress ?? UnsafeRawPointer(pointer))
    }
    try check(CURLOPT_COPYPOSTFIELDS, code)
  }

  /// libcurl's own words on what went wrong, or nothing.
  var errorText: String { String(cString: errorBuffer) }

  var status: Int { onbehalf_response_code(pointer) }

  /// The fields of the last answer's header section, without those of interim answers, proxies and trailers.
  var responseHeaders: [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    var last: UnsafeMutablePointer<curl_header>?
    while let header = curl_easy_nextheader(pointer, UInt32(CURLH_HEADER), -1, last) {
      headers.append((String(cString: header.pointee.name).lowercased(), String(cString: header.pointee.value)))
      last = header
    }
    return headers
  }

  /// An option that libcurl does not take is never gone without: it may be the one that verifies the peer.
  private func check(_ option: CURLoption, _ code: CURLcode) throws(HTTPFailure) {
    guard code != CURLE_OK else { return }
    let reason = String(cString: curl_easy_strerror(code))
    throw .invalidRequest(found: "libcurl does not take option \(option.rawValue): \(reason)")
  }
}
