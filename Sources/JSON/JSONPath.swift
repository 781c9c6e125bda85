/// The way from the root to a value. Costs nothing until it is written out.
final class JSONPath: Sendable {
  enum Step: Sendable {
    case member(String)
    case element(Int)
  }

  private let parent: JSONPath?
  private let step: Step

  init(_ step: Step, in parent: JSONPath?) {
    self.parent = parent
    self.step = step
  }

  static func text(_ path: JSONPath?) -> String {
    path?.steps.reduce(into: "") { text, step in append(step, to: &text) } ?? ""
  }

  static func text(_ codingPath: [any CodingKey]) -> String {
    codingPath.reduce(into: "") { text, key in
      append(key.intValue.map(Step.element) ?? .member(key.stringValue), to: &text)
    }
  }

  var steps: [Step] { (parent?.steps ?? []) + [step] }

  /// Names that are not plain words are shown as JSON, and all of them cut at 64 characters: they come from outside.
  private static func append(_ step: Step, to text: inout String) {
    switch step {
    case .element(let index): text += "[\(index)]"
    case .member(let name) where isWord(name): text += text.isEmpty ? name : ".\(name)"
    case .member(let name):
      var quoted: [UInt8] = []
      JSONString.append(shortened(name), to: &quoted)
      text += "[\(String(decoding: quoted, as: UTF8.self))]"
    }
  }

  private static func isWord(_ name: String) -> Bool {
    let bytes = name.utf8
    return (1...64).contains(bytes.count)
      && bytes.allSatisfy { $0 == 0x23 || $0 == 0x24 || $0 == 0x2D || $0 == 0x5F || isAlphanumeric($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  private static func shortened(_ name: String) -> String {
    let start = String(String.UnicodeScalarView(name.unicodeScalars.prefix(64)))
    return start.utf8.count == name.utf8.count ? name : start + "…"
  }
}

/// A step of a path as `Codable` wants it.
struct JSONPathKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ step: JSONPath.Step) {
    switch step {
    case .member(let name): (stringValue, intValue) = (name, nil)
    case .element(let index): (stringValue, intValue) = ("\(index)", index)
    }
  }

  init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
  init(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
}
