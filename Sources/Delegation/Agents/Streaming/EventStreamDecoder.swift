/// Cuts a `text/event-stream` into the data of its events (WHATWG HTML, section 9.2), whatever pieces it arrives in.
///
/// Push bytes as they come, then take events until there is none. What it holds is bounded by one event, one line and
/// the piece pushed last. The fields `event`, `id` and `retry` are passed over: an answer to a POST is not resumed.
///
/// An event ends with an empty line, and, beyond the standard, with the line that completes a JSON object, or is `[DONE]`:
/// Oracle's own client takes every `data:` line for an event and looks for no empty line. Both give the same events,
/// because nothing but white space can follow a whole object.
package struct EventStreamDecoder: Sendable {
  /// Longer lines and longer events are refused.
  private let maximumEventBytes: Int
  private var events: [[UInt8]] = []
  private var upcoming = 0
  private var line: [UInt8] = []
  private var data = EventData()
  private var isFirstLine = true
  /// A line feed that comes now belongs to the carriage return before it.
  private var endedByReturn = false
  private var isBroken = false

  package init(maximumEventBytes: Int = 16 << 20) { self.maximumEventBytes = maximumEventBytes }

  package mutating func push(_ bytes: [UInt8]) {
    if upcoming == events.count { (events, upcoming) = ([], 0) }
    var rest = bytes[...]
    if endedByReturn, let first = rest.first {
      endedByReturn = false
      if first == .lineFeed { rest = rest.dropFirst() }
    }
    while !isBroken, let end = rest.firstIndex(where: { $0 == .lineFeed || $0 == .carriageReturn }) {
      append(rest[..<end])
      let isReturn = rest[end] == .carriageReturn
      rest = rest[(end + 1)...]
      if isReturn {
        endedByReturn = rest.isEmpty
        if rest.first == .lineFeed { rest = rest.dropFirst() }
      }
      endLine()
    }
    append(rest)
  }

  /// The data of the next whole event, or nil when more bytes are needed.
  ///
  /// - Throws: as soon as all events before it are taken, when one is too large. There is nothing to take behind it.
  package mutating func next() throws(EventTooLarge) -> [UInt8]? {
    if upcoming < events.count {
      defer { upcoming += 1 }
      return events[upcoming]
    }
    if isBroken { throw EventTooLarge(limit: maximumEventBytes) }
    return nil
  }

  /// To be called when no more bytes come. A last line need not be ended; an event that is not whole is dropped.
  package mutating func finish() {
    if !line.isEmpty { endLine() }
    data = EventData()
  }

  private mutating func append(_ bytes: ArraySlice<UInt8>) {
    guard !isBroken else { return }
    isBroken = line.count + bytes.count > maximumEventBytes
    if isBroken { line = [] } else { line += bytes }
  }

  private mutating func endLine() {
    guard !isBroken else { return }
    let text = isFirstLine && line.starts(with: [0xEF, 0xBB, 0xBF]) ? line[3...] : line[...]
    isFirstLine = false
    line = []
    guard !text.isEmpty else {
      if let event = data.take() { events.append(event) }
      return
    }
    guard let value = Self.data(of: text) else { return }
    data.append(value)
    if data.count > maximumEventBytes {
      isBroken = true
    } else if data.isWhole, let event = data.take() {
      events.append(event)
    }
  }

  /// The value of a line, if it is one of the field `data`. A comment is a field without a name.
  private static func data(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let name = line.prefix { $0 != UInt8(ascii: ":") }
    guard name.elementsEqual("data".utf8) else { return nil }
    let value = line[name.endIndex...].dropFirst()
    return value.first == UInt8(ascii: " ") ? value.dropFirst() : value
  }
}

/// More than we would hold, in one event or one line.
package struct EventTooLarge: Error, Equatable {
  package let limit: Int
}

/// The data of one event, line by line.
private struct EventData {
  private var bytes: [UInt8] = []
  private var lines = 0
  private var object = ObjectScan()

  var count: Int { bytes.count }

  /// Whether it is a JSON object, as far as its brackets tell, or the word that ends a stream.
  var isWhole: Bool { object.isClosed || lines == 1 && bytes.trimmingWhiteSpace.elementsEqual("[DONE]".utf8) }

  mutating func append(_ line: ArraySlice<UInt8>) {
    if lines > 0 { bytes.append(.lineFeed) }
    lines += 1
    bytes += line
    object.read(line)
  }

  /// Nil when no line of data came.
  mutating func take() -> [UInt8]? {
    defer { self = EventData() }
    return lines > 0 ? bytes : nil
  }
}

/// Looks where a JSON object ends, and each byte once. Whether it is one, a parser has to say.
private struct ObjectScan {
  private enum State { case before, inside, string, escape, closed, other }

  private var state = State.before
  private var depth = 0

  var isClosed: Bool { state == .closed }

  mutating func read(_ bytes: ArraySlice<UInt8>) {
    for byte in bytes { read(byte) }
  }

  private mutating func read(_ byte: UInt8) {
    switch (state, byte) {
    case (.escape, _): state = .string
    case (.string, UInt8(ascii: "\\")): state = .escape
    case (.string, UInt8(ascii: "\"")): state = .inside
    case (.inside, UInt8(ascii: "\"")): state = .string
    case (.before, UInt8(ascii: "{")), (.inside, UInt8(ascii: "{")), (.inside, UInt8(ascii: "[")):
      state = .inside
      depth += 1
    case (.inside, UInt8(ascii: "}")), (.inside, UInt8(ascii: "]")):
      depth -= 1
      if depth == 0 { state = .closed }
    case (.before, UInt8(ascii: " ")), (.before, UInt8(ascii: "\t")): break
    case (.closed, UInt8(ascii: " ")), (.closed, UInt8(ascii: "\t")): break
    case (.before, _), (.closed, _): state = .other
    case (.string, _), (.inside, _), (.other, _): break
    }
  }
}

extension UInt8 {
  fileprivate static let lineFeed = UInt8(ascii: "\n")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")
}
