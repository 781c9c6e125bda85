import CCurl
import Delegation

/// A URL in libcurl's own parser, so that what is checked is what is used.
struct ParsedURL: ~Copyable {
  private let handle: OpaquePointer  // <CURLU>

  init() throws(HTTPFailure) {
    guard let handle = curl_url() else { throw .invalidRequest(found: "no memory for a URL") }
    self.handle = handle
  }

  deinit { curl_url_cleanup(handle) }

  /// False when libcurl does not accept the part.
  func set(_ part: CURLUPart, _ value: String, flags: Int32 = 0) -> Bool {
    curl_url_set(handle, part, value, UInt32(flags)) == CURLUE_OK
  }

  func get(_ part: CURLUPart, flags: Int32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}

enum RequestURL {
  /// The URL of an origin's root, built from its parts and read again: its scheme, host and port are the origin's own,
  /// and it names no user. The request target does not pass through a URL at all.
  static func text(of origin: Origin) throws(HTTPFailure) -> String {
    guard origin.host.utf8.allSatisfy(isHostByte) else {
      throw .invalidRequest(
        found: "the host \(printable(origin.host)); lower-case ASCII letters, digits, '-' and '.' only"
      )
    }
    let written = origin.host.utf8.contains(UInt8(ascii: ":")) ? "[\(origin.host)]" : origin.host
    let built = try ParsedURL()
    guard
      built.set(CURLUPART_SCHEME, origin.scheme.rawValue),
      built.set(CURLUPART_HOST, written),
      built.set(CURLUPART_PORT, String(origin.port)),
      built.set(CURLUPART_PATH, "/"),
      let text = built.get(CURLUPART_URL)
    else { throw .invalidRequest(found: "no URL can be made of the origin \(printable(origin.text))") }

    let read = try ParsedURL()
    guard
      read.set(CURLUPART_URL, text),
      read.get(CURLUPART_SCHEME) == origin.scheme.rawValue,
      read.get(CURLUPART_HOST).map({ Array($0.utf8) }) == Array(written.utf8),
      read.get(CURLUPART_PORT, flags: Int32(CURLU_DEFAULT_PORT)) == String(origin.port),
      read.get(CURLUPART_PATH) == "/",
      [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT, CURLUPART_ZONEID]
        .allSatisfy({ read.get($0) == nil })
    else { throw .invalidRequest(found: "the URL made of the origin \(printable(origin.text)) leads elsewhere") }
    return text
  }

  /// A name or an address; what else libcurl would accept, it would rewrite.
  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "-._:".utf8.contains(byte)
    }
  }
}

/// Text from outside, fit for one line of an error: no control characters, at most 200 characters.
func printable(_ text: String) -> String {
  String(
    String.UnicodeScalarView(text.unicodeScalars.prefix(200).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : $0 })
  )
}
