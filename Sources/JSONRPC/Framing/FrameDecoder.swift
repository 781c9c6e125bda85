/// Cuts a stream of bytes into messages, whatever pieces it arrives in.
///
/// Push bytes as they come, then take messages until there is none. What it holds is bounded by one message, one
/// header block and the piece pushed last. The messages are not looked into.
package struct FrameDecoder: Sendable {
  private enum State {
    case undecided
    case line
    case headers(HeaderBlock)
    case body(length: Int)
    case broken
  }

  /// The framing given, or found so far.
  package private(set) var framing: Framing?

  private let maximumMessageBytes: Int
  private let maximumHeaderBytes: Int
  private var buffer: [UInt8] = []
  /// Where what has not been taken yet starts.
  private var start = 0
  /// Up to here no line feed was found, so that a long line is not searched again with each piece.
  private var searched = 0
  private var state: State

  /// Without a framing, the first byte that is not white space decides.
  package init(framing: Framing? = nil, limits: Limits = .standard) {
    self.framing = framing
    maximumMessageBytes = limits.maximumMessageBytes
    maximumHeaderBytes = limits.maximumHeaderBytes
    state =
      switch framing {
      case nil: .undecided
      case .lines: .line
      case .headers: .headers(HeaderBlock())
      }
  }

  package mutating func push(_ bytes: some Collection<UInt8>) {
    reclaim()
    buffer.append(contentsOf: bytes)
  }

  /// The next whole message, or nil when more bytes are needed or the stream was found broken before.
  package mutating func next() throws(BrokenFrame) -> [UInt8]? {
    do {
      return try advance()
    } catch {
      state = .broken
      buffer = []
      (start, searched) = (0, 0)
      throw error
    }
  }

  /// The last message, which in lines need not end with a line feed. Call it once, when `next` has nothing left.
  package mutating func finish() throws(BrokenFrame) -> [UInt8]? {
    switch state {
    case .undecided, .broken: return nil
    case .line:
      let line = take(buffer.count - start)
      return line.allSatisfy(\.isWhiteSpace) ? nil : line
    case .headers(let block) where block.isEmpty && start == buffer.count: return nil
    case .headers, .body: throw .endOfInput
    }
  }

  private mutating func advance() throws(BrokenFrame) -> [UInt8]? {
    while true {
      switch state {
      case .undecided:
        guard try decide() else { return nil }
      case .line:
        guard let line = try takeLine(limit: maximumMessageBytes, orThrow: .messageTooLarge(limit: maximumMessageBytes))
        else { return nil }
        if !line.allSatisfy(\.isWhiteSpace) { return line }
      case .headers(var block):
        let limit = maximumHeaderBytes
        guard let line = try takeLine(limit: limit - block.bytes, orThrow: .headersTooLarge(limit: limit))
        else { return nil }
        if let length = try block.add(line, maximumMessageBytes: maximumMessageBytes) {
          state = .body(length: length)
        } else {
          state = .headers(block)
        }
      case .body(let length):
        guard buffer.count - start >= length else { return nil }
        state = .headers(HeaderBlock())
        return take(length)
      case .broken: return nil
      }
    }
  }

  /// Whether the framing is known now.
  private mutating func decide() throws(BrokenFrame) -> Bool {
    guard let first = buffer[start...].firstIndex(where: { !$0.isWhiteSpace }) else {
      start = buffer.count
      return false
    }
    (start, searched) = (first, first)
    switch buffer[first] {
    case UInt8(ascii: "{"), UInt8(ascii: "["): (framing, state) = (.lines, .line)
    case let byte where byte.isASCIILetter: (framing, state) = (.headers, .headers(HeaderBlock()))
    case let byte: throw .unknownFraming(found: byte)
    }
    return true
  }

  /// The bytes before the next line feed, which is dropped, or nil while there is none.
  private mutating func takeLine(limit: Int, orThrow failure: BrokenFrame) throws(BrokenFrame) -> [UInt8]? {
    let from = max(start, searched)
    let end = buffer.withUnsafeBufferPointer { $0[from...].firstIndex(of: .lineFeed) }
    searched = buffer.count
    guard (end ?? buffer.count) - start <= limit else { throw failure }
    guard let end else { return nil }
    let line = take(end - start)
    start += 1
    searched = start
    return line
  }

  private mutating func take(_ count: Int) -> [UInt8] {
    defer { start += count }
    return Array(buffer[start..<start + count])
  }

  /// Gives back the room of what was taken; a buffer that once held a large message is not kept.
  private mutating func reclaim() {
    guard start > 0 else { return }
    if start == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.capacity <= 256 << 10)
    } else if start >= buffer.count / 2 {
      buffer.removeSubrange(..<start)
    } else {
      return
    }
    searched = max(0, searched - start)
    start = 0
  }
}
