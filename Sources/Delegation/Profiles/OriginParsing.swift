extension Origin {
  /// Reads what a person pastes: `https://host[:port][/]`.
  ///
  /// Plain `http` is taken for loopback only. A path, a user or a query is refused with what to paste instead.
  package init(parsing text: String) throws(FieldProblem) {
    let bytes = Array(text.utf8)
    guard bytes.count <= 300, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw FieldProblem("must be an origin such as https://host, in printable ASCII")
    }
    guard let schemeEnd = text.range(ofASCII: "://"),
      let scheme = Scheme(rawValue: text[..<schemeEnd.lower].lowercased())
    else {
      throw FieldProblem("must start with https:// (or http:// for a loopback address)")
    }
    let rest = text[schemeEnd.upper...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
    let tail = rest[authority.endIndex...]
    guard !authority.utf8.contains(UInt8(ascii: "@")) else {
      throw FieldProblem("must not contain a user name")
    }
    let (host, port) = try Self.split(authority, default: scheme == .https ? 443 : 80)
    self.init(scheme: scheme, host: host, port: port)
    guard tail.isEmpty || tail == "/" else {
      throw FieldProblem("must be an origin without a path; paste \(self.text)")
    }
    guard scheme == .https || isLoopback else {
      throw FieldProblem("must be https; plain http is taken for loopback addresses only")
    }
  }

  private static func split(
    _ authority: Substring,
    default defaultPort: Int
  ) throws(FieldProblem) -> (host: String, port: Int) {
    var host = authority
    var port = defaultPort
    let isBracketed = authority.utf8.first == UInt8(ascii: "[")
    let hostEnd =
      isBracketed ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex(of: ":")
    if let hostEnd, hostEnd < authority.endIndex {
      host = authority[..<hostEnd]
      let digits = authority[authority.index(after: hostEnd)...]
      guard authority[hostEnd] == ":", digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(digits),
        (1...65535).contains(number)
      else { throw FieldProblem("must have a port from 1 to 65535, or none") }
      port = number
    }
    if isBracketed {
      let address = host.dropFirst().dropLast().lowercased()
      guard host.last == "]", address.utf8.contains(UInt8(ascii: ":")),
        address.utf8.allSatisfy({ $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") || isHexadecimal($0) })
      else { throw FieldProblem("must have an IPv6 address between the brackets") }
      return (address, port)
    }
    let name = host.lowercased()
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    let isName = labels.allSatisfy { label in
      !label.isEmpty && label.utf8.count <= 63 && label.utf8.first != UInt8(ascii: "-")
        && label.utf8.allSatisfy { $0 == UInt8(ascii: "-") || isLowerCaseAlphanumeric($0) }
    }
    guard isName, name.utf8.count <= 253 else { throw FieldProblem("must have a host name") }
    return (name, port)
  }
}

/// What is wrong with one field, without its path.
package struct FieldProblem: Error, Sendable, Equatable {
  package let text: String
  package init(_ text: String) { self.text = text }
}

private func isHexadecimal(_ byte: UInt8) -> Bool {
  (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
}

private func isLowerCaseAlphanumeric(_ byte: UInt8) -> Bool {
  (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte)
}

extension String {
  /// Where an ASCII needle first stands, found byte by byte.
  fileprivate func range(ofASCII needle: StaticString) -> (lower: String.Index, upper: String.Index)? {
    let length = needle.utf8CodeUnitCount
    let wanted = UnsafeBufferPointer(start: needle.utf8Start, count: length)
    var index = utf8.startIndex
    while index < utf8.endIndex {
      if utf8[index...].starts(with: wanted) { return (index, utf8.index(index, offsetBy: length)) }
      index = utf8.index(after: index)
    }
    return nil
  }
}
