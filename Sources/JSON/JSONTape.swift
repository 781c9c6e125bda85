/// A read text and its index: one word for each scalar, two for each object or array, in the order of the text.
///
/// Costs no more than about five times the text at worst (`[[],[],…`), and nothing for the insides of strings.
final class JSONTape: Sendable {
  let bytes: [UInt8]
  let nodes: [JSONNode]

  init(bytes: [UInt8], nodes: [JSONNode]) {
    self.bytes = bytes
    self.nodes = nodes
  }
}

/// One word of the tape: four bytes of start, four bits of kind, 28 bits of size.
///
/// Of a scalar the size counts bytes. Of an object or array it counts the nodes it occupies, itself included, and the
/// node that follows has the end of its text as start and the number of its children (two for a member) as size.
struct JSONNode: Sendable {
  enum Kind: UInt8 {
    case null, `true`, `false`, number, string, escapedString, array, object
  }

  private var word: UInt64

  init(_ kind: Kind, start: Int, size: Int) {
    word = UInt64(start) << 32 | UInt64(kind.rawValue) << 28 | UInt64(size)
  }

  var kind: Kind { Kind(rawValue: UInt8(truncatingIfNeeded: word >> 28) & 0xF) ?? .null }
  var start: Int { Int(word >> 32) }
  var size: Int { Int(word & 0xFFF_FFFF) }

  var isContainer: Bool { kind == .array || kind == .object }
  /// How many nodes further the next sibling stands.
  var stride: Int { isContainer ? size : 1 }
}
