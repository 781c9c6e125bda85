import JSON
import Testing

/// Laws that hold for any value; the values come from a generator with a fixed seed.
@Suite struct JSONPropertyTests {
  @Test(arguments: 0..<200 as Range<UInt64>)
  func whatIsWrittenReadsTheSame(seed: UInt64) throws {
    let value = JSONValue.random(seed: seed)
    let bytes = value.serialized()
    let read = try JSONValue(parsing: bytes)
    #expect(read == value)
    #expect(read.serialized() == bytes)
    #expect(try JSONWriter.encode(value) == bytes)
    #expect(try JSONReader.decode(RawJSON.self, from: bytes).bytes == bytes)
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func spaceAndEscapesChangeNothing(seed: UInt64) throws {
    let value = JSONValue.random(seed: seed)
    var generator = SeededGenerator(seed: seed)
    let written = value.writtenLoosely(&generator)
    #expect(try JSONValue(parsing: written.utf8) == value)
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func documentAndValueAgree(seed: UInt64) throws {
    let value = JSONValue.random(seed: seed)
    let root = try JSONDocument(parsing: value.serialized()).root
    #expect(agree(root, value))
    #expect(JSONValue(root) == value)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func noPartOfATextIsAText(seed: UInt64) throws {
    let bytes = JSONValue.array([.random(seed: seed, levels: 2)]).serialized()
    for end in 0..<bytes.count {
      let error = #expect(throws: JSONError.self) { try JSONDocument(parsing: Array(bytes[..<end])) }
      // At the end, or where the character begins that is cut in two.
      #expect((end - 3...end).contains(error?.offset ?? -1))
    }
  }

  @Test(arguments: 0..<100 as Range<UInt64>)
  func damagedTextIsRefusedOrReadsTheSame(seed: UInt64) throws {
    let bytes = JSONValue.random(seed: seed, levels: 3).serialized()
    var generator = SeededGenerator(seed: seed)
    for index in bytes.indices {
      var damaged = bytes
      damaged[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      guard let value = try? JSONValue(parsing: damaged) else { continue }
      #expect(try JSONValue(parsing: value.serialized()) == value)
    }
  }

  private func agree(_ element: JSONElement, _ value: JSONValue) -> Bool {
    let written = Array(element.rawBytes) == value.serialized()
    switch value {
    case .null: return written && element.isNull
    case .bool(let bool): return written && element.bool == bool
    case .number(let number): return written && element.number == number
    case .string(let string): return written && element.string == string
    case .array(let values):
      guard let elements = element.elements, elements.count == values.count else { return false }
      return written && zip(elements, values).allSatisfy(agree)
    case .object(let expected):
      guard let members = element.members, members.count == expected.count else { return false }
      return written && zip(members, expected).allSatisfy { $0.name == $1.name && agree($0.value, $1.value) }
    }
  }
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension JSONValue {
  static func random(seed: UInt64, levels: Int = 4) -> JSONValue {
    var generator = SeededGenerator(seed: seed)
    return random(levels: levels, &generator)
  }

  private static func random(levels: Int, _ generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(levels > 0 ? 7 : 4), using: &generator) {
    case 0: return .null
    case 1: return .bool(.random(using: &generator))
    case 2: return .number(randomNumber(&generator))
    case 3: return .string(randomString(&generator))
    case 4, 5: return .array(randomChildren(&generator) { random(levels: levels - 1, &$0) })
    default:
      return .object(randomChildren(&generator) { Member(randomString(&$0), random(levels: levels - 1, &$0)) })
    }
  }

  private static func randomChildren<Child>(
    _ generator: inout SeededGenerator,
    _ child: (inout SeededGenerator) -> Child
  ) -> [Child] {
    (0..<Int.random(in: 0...5, using: &generator)).map { _ in child(&generator) }
  }

  private static func randomNumber(_ generator: inout SeededGenerator) -> JSONNumber {
    let whole = String(Int64.random(in: .min ... .max, using: &generator) >> Int.random(in: 0...60, using: &generator))
    let fraction = Bool.random(using: &generator) ? ".0\(UInt8.random(in: 0...99, using: &generator))" : ""
    let exponent = ["", "e7", "E+400", "e-03"].randomElement(using: &generator) ?? ""
    return JSONNumber(validated: whole + fraction + exponent)
  }

  private static func randomString(_ generator: inout SeededGenerator) -> String {
    let ranges: [ClosedRange<UInt32>] = [
      0...0x1F, 0x20...0x7E, 0x20...0x7E, 0x80...0x7FF, 0x800...0xFFFF, 0x10000...0x10FFFF,
    ]
    let scalars = (0..<Int.random(in: 0...12, using: &generator)).compactMap { _ in
      ranges.randomElement(using: &generator).flatMap { Unicode.Scalar(UInt32.random(in: $0, using: &generator)) }
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// The same value with space in every lawful place and characters escaped at will.
  fileprivate func writtenLoosely(_ generator: inout SeededGenerator) -> String {
    let space = ["", " ", "\n\t", "\r\n  "].randomElement(using: &generator) ?? ""
    let text: String
    switch self {
    case .null, .bool, .number: text = String(decoding: serialized(), as: UTF8.self)
    case .string(let string): text = Self.escapedLoosely(string, &generator)
    case .array(let elements):
      text = "[" + elements.map { $0.writtenLoosely(&generator) }.joined(separator: ",") + space + "]"
    case .object(let members):
      let parts = members.map {
        space + Self.escapedLoosely($0.name, &generator) + space + ":" + $0.value.writtenLoosely(&generator)
      }
      text = "{" + parts.joined(separator: ",") + space + "}"
    }
    return space + text + space
  }

  private static func escapedLoosely(_ string: String, _ generator: inout SeededGenerator) -> String {
    let plain: ClosedRange<UInt32> = 0x5D...0x10FFFF
    return "\""
      + string.unicodeScalars.map { scalar in
        if plain.contains(scalar.value), Bool.random(using: &generator) { return String(Character(scalar)) }
        return Character(scalar).utf16.map { unit in
          let digits = String(unit, radix: 16, uppercase: .random(using: &generator))
          return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
      }.joined() + "\""
  }
}
