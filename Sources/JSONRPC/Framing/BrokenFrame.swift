/// Why no further message can be found in a stream: after any of these there is no place to go on reading from.
package enum BrokenFrame: Error, Equatable {
  /// The first byte starts neither a header, nor an object, nor an array.
  case unknownFraming(found: UInt8)
  case messageTooLarge(limit: Int)
  case headersTooLarge(limit: Int)
  case headerLineWithoutCarriageReturn
  case headerWithoutColon
  case contentLengthMissing
  case contentLengthMalformed
  case contentLengthRepeated
  /// The stream ended inside a message.
  case endOfInput

  /// One sentence that says what was found.
  package var message: String {
    switch self {
    case .unknownFraming(let found):
      "The first byte is 0x\(String(found, radix: 16)), which starts neither a header nor a JSON message."
    case .messageTooLarge(let limit): "A message is larger than \(limit) bytes."
    case .headersTooLarge(let limit): "The headers of a message are larger than \(limit) bytes."
    case .headerLineWithoutCarriageReturn: "A header line ends without a carriage return."
    case .headerWithoutColon: "A header line has no name followed by a colon."
    case .contentLengthMissing: "A message has no Content-Length header."
    case .contentLengthMalformed: "The Content-Length header is not a whole number written in digits."
    case .contentLengthRepeated: "A message has more than one Content-Length header."
    case .endOfInput: "The input ended inside a message."
    }
  }

  /// What the client's author does about it.
  package var hint: String {
    switch self {
    case .unknownFraming:
      "Send one JSON message per line, or LSP headers (Content-Length: N, CRLF, CRLF) before each message."
    case .messageTooLarge: "Send less in one message; initialize answers the limit as limits.maxMessageBytes."
    case .headersTooLarge, .headerLineWithoutCarriageReturn, .headerWithoutColon, .contentLengthMissing,
      .contentLengthMalformed, .contentLengthRepeated:
      "Precede each message with Content-Length: N in digits, CRLF, CRLF, where N counts the bytes of the message."
    case .endOfInput: "Write whole messages, and check that Content-Length counts bytes and not characters."
    }
  }
}
