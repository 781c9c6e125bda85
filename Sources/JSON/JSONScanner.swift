/// Checks one text against RFC 8259 and indexes it on the way. Needs no stack however deep the text is.
struct JSONScanner {
  let bytes: [UInt8]
  let maximumDepth: Int
  var position = 0
  var nodes: [JSONNode] = []
  private var open: [OpenContainer] = []

  private struct OpenContainer {
    let node: Int
    let isObject: Bool
    var children = 0
  }

  static func scan(_ bytes: [UInt8], limits: JSONLimits) throws(JSONError) -> [JSONNode] {
    guard bytes.count <= limits.bytes else {
      throw JSONError(offset: limits.bytes, problem: .tooLarge(maximumBytes: limits.bytes))
    }
    var scanner = JSONScanner(bytes: bytes, maximumDepth: limits.depth)
    try scanner.text()
    return scanner.nodes
  }

  private init(bytes: [UInt8], maximumDepth: Int) {
    self.bytes = bytes
    self.maximumDepth = maximumDepth
    nodes.reserveCapacity(bytes.count / 12 + 8)
  }

  private mutating func text() throws(JSONError) {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { throw JSONError(offset: 0, problem: .byteOrderMark) }
    skipSpace()
    try value()
    while let container = open.last { try advance(in: container) }
    skipSpace()
    if position < bytes.count { throw unexpected(.endOfText) }
  }

  /// Reads the next child of the innermost container, or its end.
  private mutating func advance(in container: OpenContainer) throws(JSONError) {
    skipSpace()
    if peek() == (container.isObject ? ASCII.closingBrace : ASCII.closingBracket) { return close(container) }
    if container.children > 0 {
      try expect(ASCII.comma, container.isObject ? .commaOrBrace : .commaOrBracket)
      skipSpace()
    }
    if container.isObject {
      guard peek() == ASCII.quote else { throw unexpected(.name) }
      try string()
      skipSpace()
      try expect(ASCII.colon, .colon)
      skipSpace()
    }
    open[open.count - 1].children += container.isObject ? 2 : 1
    try value()
  }

  private mutating func value() throws(JSONError) {
    guard let byte = peek() else { throw unexpected(.value) }
    switch byte {
    case ASCII.quote: try string()
    case ASCII.openingBrace: try open(.object)
    case ASCII.openingBracket: try open(.array)
    case ASCII.minus, ASCII.zero...ASCII.nine: try number()
    case ASCII.t: try literal("true", .true)
    case ASCII.f: try literal("false", .false)
    case ASCII.n: try literal("null", .null)
    default: throw unexpected(.value)
    }
  }

  private mutating func open(_ kind: JSONNode.Kind) throws(JSONError) {
    guard open.count < maximumDepth else {
      throw JSONError(offset: position, problem: .tooDeep(maximumDepth: maximumDepth))
    }
    open.append(OpenContainer(node: nodes.count, isObject: kind == .object))
    let node = JSONNode(kind, start: position, size: 0)
    nodes.append(node)
    nodes.append(node)
    position += 1
  }

  private mutating func close(_ container: OpenContainer) {
    position += 1
    open.removeLast()
    let node = nodes[container.node]
    nodes[container.node] = JSONNode(node.kind, start: node.start, size: nodes.count - container.node)
    nodes[container.node + 1] = JSONNode(node.kind, start: position, size: container.children)
  }

  private mutating func skipSpace() {
    while position < bytes.count, ASCII.isSpace(bytes[position]) { position += 1 }
  }

  private mutating func expect(_ byte: UInt8, _ expected: JSONError.Expectation) throws(JSONError) {
    guard peek() == byte else { throw unexpected(expected) }
    position += 1
  }

  func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  func unexpected(_ expected: JSONError.Expectation) -> JSONError {
    guard let byte = peek() else { return JSONError(offset: position, problem: .unexpectedEnd(expected: expected)) }
    return JSONError(offset: position, problem: .unexpectedByte(byte, expected: expected))
  }
}
