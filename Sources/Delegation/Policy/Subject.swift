/// The user name of an end user in the identity domain, as bytes.
///
/// Printable ASCII without spaces, 1 to 256 bytes; a profile with `unicodeSubjects` takes UTF-8 in NFC. There is no
/// `==` on its text: in Swift two spellings of `é` are one String, and `\r\n` is one Character.
package struct Subject: Sendable, Hashable {
  package let bytes: [UInt8]

  package init(_ text: String, unicode: Bool) throws(FieldProblem) {
    bytes = Array(text.utf8)
    guard (1...256).contains(bytes.count) else { throw FieldProblem("must be 1 to 256 bytes long") }
    if unicode {
      guard text.unicodeScalars.allSatisfy(Self.isVisible) else {
        throw FieldProblem("must not contain spaces or control characters")
      }
      try Self.requireComposed(text)
    } else {
      guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw FieldProblem("must be printable ASCII without spaces; a profile with unicodeSubjects takes more")
      }
    }
  }

  /// - Parameter checked: bytes that were those of a subject before.
  init(checked bytes: [UInt8]) { self.bytes = bytes }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// In lower case, for deny patterns.
  var folded: [UInt8] {
    bytes.allSatisfy { $0 < 0x80 } ? bytes.map(asciiLowerCase) : Array(text.lowercased().utf8)
  }

  /// Equal without regard to ASCII case: how the subject of a token is compared with the one that was asked for.
  func matchesIgnoringASCIICase(_ other: some Sequence<UInt8>) -> Bool {
    bytes.elementsEqual(other) { asciiLowerCase($0) == asciiLowerCase($1) }
  }

  /// In another form the same name is other bytes, so that a rule for one would not meet the other.
  static func requireComposed(_ text: String) throws(FieldProblem) {
    // The standard library's own normaliser; FoundationEssentials has none.
    guard text._nfcCodeUnits.elementsEqual(text.utf8) else {
      throw FieldProblem("must be in Unicode normalisation form C; send the composed characters")
    }
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }
}

func asciiLowerCase(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
