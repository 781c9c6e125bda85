/// The target of a call to the Fusion pod, path and query, in the very bytes that are sent.
///
/// What policy reads is what a server reads: nothing is decoded, and a path that a server or a proxy might read as
/// another one is refused. That is every path which RFC 3986 section 6.2 would normalise (dot segments, escapes of
/// plain characters, escapes in lower case), and what servers are known to take as more than text: `//`, `\`, `;`,
/// escaped separators, escaped control characters, escaped escapes and bytes that are no UTF-8.
package struct RequestPath: Sendable, Hashable {
  /// Without the query.
  package let bytes: [UInt8]
  /// From its `?` on; empty when there is none.
  package let query: [UInt8]

  package static let maximumLength = 8192

  package init(_ text: String) throws(FieldProblem) {
    let all = Array(text.utf8)
    guard (1...Self.maximumLength).contains(all.count) else {
      throw FieldProblem("must be 1 to \(Self.maximumLength) bytes long")
    }
    let end = all.firstIndex(of: UInt8(ascii: "?")) ?? all.endIndex
    bytes = Array(all[..<end])
    query = Array(all[end...])
    try Self.check(path: bytes)
    try Self.check(query: query)
  }

  /// The path of a request that policy is asked about. One that is malformed is denied and not a wrong parameter: a rule
  /// decides where calls may go, and this is the first.
  init(_ text: String, of method: RequestMethod) throws(PolicyFailure) {
    do { try self.init(text) } catch {
      throw .pathDenied(path: "\(method.rawValue) (malformed)", rule: .builtIn("a path \(error.text)"))
    }
  }

  private static func check(path: [UInt8]) throws(FieldProblem) {
    guard path.first == UInt8(ascii: "/") else { throw FieldProblem("must start with one /") }
    guard path.allSatisfy({ isSegmentByte($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }) else {
      throw FieldProblem(
        "must hold nothing but / and what RFC 3986 allows in a segment, without ; (send other characters as %XX)"
      )
    }
    let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    // The last one is empty where the path ends in a slash.
    guard segments.dropLast().allSatisfy({ !$0.isEmpty }) else { throw FieldProblem("must not hold //") }
    guard !segments.contains(where: { $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) else {
      throw FieldProblem("must hold no segment . or ..")
    }
    // An overlong form of / or . is no UTF-8, and some servers take it all the same.
    guard String(validating: try decoded(path, isPathEscape), as: UTF8.self) != nil else {
      throw FieldProblem("must be UTF-8 once its escapes are read")
    }
  }

  private static func check(query: [UInt8]) throws(FieldProblem) {
    guard query.count != 1 else { throw FieldProblem("must have something behind its ?, or no ?") }
    guard query.dropFirst().allSatisfy({ isSegmentByte($0) || "/?;%".utf8.contains($0) }) else {
      throw FieldProblem("must hold nothing but what RFC 3986 allows in a query (send other characters as %XX)")
    }
    _ = try decoded(query) { _ in true }
  }

  private static func decoded(_ bytes: [UInt8], _ isTaken: (UInt8) -> Bool) throws(FieldProblem) -> [UInt8] {
    var decoded: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        decoded.append(byte)
        continue
      }
      let digits = rest.prefix(2).compactMap(hexadecimalValue)
      guard digits.count == 2 else { throw FieldProblem("must have two upper-case hexadecimal digits after each %") }
      let value = digits[0] << 4 | digits[1]
      guard isTaken(value) else {
        throw FieldProblem(
          "must not escape / \\ ; % . or a control character, nor what needs no escape (- _ ~ A-Z a-z 0-9)"
        )
      }
      decoded.append(value)
      rest = rest.dropFirst(2)
    }
    return decoded
  }

  /// `pchar` of RFC 3986 section 3.3 without escapes. A `;` begins parameters that servers cut off (`/authz;x/`).
  private static func isSegmentByte(_ byte: UInt8) -> Bool { isUnreserved(byte) || "!$&'()*+,=:@".utf8.contains(byte) }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    FieldRules.isAlphanumeric(byte) || "-._~".utf8.contains(byte)
  }

  private static func isPathEscape(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != 0x7f && !isUnreserved(byte) && !"/\\;%".utf8.contains(byte)
  }

  /// Upper-case digits only: `%2f` is `%2F` in another spelling.
  private static func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }

  /// As errors and the audit name a request: without the query, which may hold data.
  func text(of method: RequestMethod) -> String { "\(method.rawValue) \(String(decoding: bytes, as: UTF8.self))" }

  /// Whether the path is this prefix or below it: `/a` has `/a` and `/a/b` below it, `/a/` only what starts with it.
  package func isAt(orBelow prefix: String) -> Bool { Self.isAt(bytes, orBelow: Array(prefix.utf8)) }

  private static func isAt(_ path: [UInt8], orBelow prefix: [UInt8]) -> Bool {
    guard path.starts(with: prefix) else { return false }
    return path.count == prefix.count || prefix.last == UInt8(ascii: "/") || path[prefix.count] == UInt8(ascii: "/")
  }
}

extension RequestPath {
  /// Fusion's own interface to agents: what is below it acts on, or as, agents and their secrets.
  private static let orchestrator = Array("/api/fusion-ai/orchestrator".utf8)
  /// `authz` gives out tokens of other audiences, `credentials` the secrets of tools.
  private static let sealedAreas = ["authz", "credentials"].map { orchestrator + Array("/\($0)".utf8) }

  /// Closed unless a rule for paths begins there.
  package var isOrchestrator: Bool { Self.isAt(asTheMostForgivingReadIt, orBelow: Self.orchestrator) }

  /// Closed to every rule.
  package var isSealed: Bool {
    let reading = asTheMostForgivingReadIt
    return Self.sealedAreas.contains { Self.isAt(reading, orBelow: $0) }
  }

  /// Escapes read, cut at an escaped `?` or `#`, and in one case of letters by Unicode's own mapping, in which `ſ` is an
  /// `s`. What is closed is closed in every reading, not in that of the bytes alone.
  private var asTheMostForgivingReadIt: [UInt8] {
    let decoded = (try? Self.decoded(bytes) { _ in true }) ?? bytes
    let path = decoded.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    return Array(String(decoding: path, as: UTF8.self).uppercased().lowercased().utf8)
  }
}
