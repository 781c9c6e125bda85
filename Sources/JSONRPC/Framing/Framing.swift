/// How the messages of a stream are told apart. One stream keeps one framing, in both directions.
package enum Framing: Sendable, Equatable {
  /// `Content-Length: N`, an empty line, N bytes: the base protocol of LSP 3.17.
  case headers

  /// One message per line.
  case lines

  /// The message as it goes on the wire.
  func frame(_ message: [UInt8]) -> [UInt8] {
    switch self {
    case .headers: Array("Content-Length: \(message.count)\r\n\r\n".utf8) + message
    case .lines: message + [.lineFeed]
    }
  }
}

extension UInt8 {
  static let tab = UInt8(ascii: "\t")
  static let lineFeed = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")

  /// JSON's white space (RFC 8259 section 2).
  var isWhiteSpace: Bool {
    switch self {
    case .tab, .lineFeed, .carriageReturn, .space: true
    default: false
    }
  }

  var isASCIILetter: Bool {
    switch self | 0x20 {
    case UInt8(ascii: "a")...UInt8(ascii: "z"): true
    default: false
    }
  }
}
