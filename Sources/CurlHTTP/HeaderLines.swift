import Delegation

/// Header fields as libcurl takes them, one line each.
enum HeaderLines {
  /// What frames the message or belongs to the connection is set by the client alone: a second opinion about it is
  /// how requests are smuggled (RFC 9112 section 11.2).
  private static let reserved: Set<String> = [
    "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
  ]

  static func make(_ headers: [(name: String, value: String)]) throws(HTTPFailure) -> [String] {
    // A name without a value takes away a line that libcurl would add.
    var lines = ["Expect:"]
    if !headers.contains(where: { $0.name.lowercased() == "content-type" }) { lines.append("Content-Type:") }
    for (name, value) in headers {
      guard !name.isEmpty, name.utf8.allSatisfy(isTokenByte) else {
        throw .invalidRequest(found: "a header name that is not a token (RFC 9110 section 5.6.2)")
      }
      guard !reserved.contains(name.lowercased()) else {
        throw .invalidRequest(found: "the header \(name), which only the client itself may set")
      }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
        throw .invalidRequest(found: "a control character in the header \(name)")
      }
      lines.append(value.utf8.allSatisfy { $0 == 0x20 } ? "\(name);" : "\(name): \(value)")
    }
    return lines
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
