import Delegation

/// The content of a store file, still sealed (protocol/encrypted-store.md).
struct StoreDocument: Sendable, Equatable {
  struct Entry: Sendable, Equatable {
    let item: SecretItem
    let attributes: [String: String]
    let nonce: [UInt8]
    let sealed: [UInt8]
  }

  let derivation: KeyDerivation
  let verifier: [UInt8]
  /// Counts the changes since the file was made.
  var generation: UInt64 = 0
  /// Ordered by kind and name, each once.
  private(set) var entries: [Entry] = []

  /// A store before its first change.
  init(derivation: KeyDerivation, verifier: [UInt8]) {
    self.derivation = derivation
    self.verifier = verifier
  }

  subscript(item: SecretItem) -> Entry? {
    get { entries.first { $0.item.isTheSame(as: item) } }
    set {
      entries.removeAll { $0.item.isTheSame(as: item) }
      guard let newValue else { return }
      let place = entries.firstIndex { item.comesBefore($0.item) } ?? entries.endIndex
      entries.insert(newValue, at: place)
    }
  }
}

// Names are compared by their bytes: two spellings of one text are two names.
extension SecretItem {
  fileprivate func isTheSame(as other: SecretItem) -> Bool {
    kind == other.kind && name.utf8.elementsEqual(other.name.utf8)
  }

  fileprivate func comesBefore(_ other: SecretItem) -> Bool {
    if kind != other.kind { return kind.rawValue < other.kind.rawValue }
    return name.utf8.lexicographicallyPrecedes(other.name.utf8)
  }
}

// MARK: - Text

extension StoreDocument {
  private static let format = "onbehalf-store/1"

  /// Every line but the last; what the authentication code is computed over.
  var lines: [UInt8] {
    let scrypt = "scrypt \(derivation.cost) \(KeyDerivation.blockSize) \(KeyDerivation.parallelism)"
    var lines = Array("\(Self.format)\nkdf \(scrypt) ".utf8) + encoded(derivation.salt)
    lines += "\nverifier ".utf8
    lines += encoded(verifier)
    lines += "\ngeneration \(generation)\n".utf8
    for entry in entries { lines += entry.line }
    return lines
  }

  func serialized(authenticationCode: [UInt8]) -> [UInt8] {
    lines + Array("mac ".utf8) + encoded(authenticationCode) + Array("\n".utf8)
  }

  /// Reads what `serialized` writes and nothing else: the one spelling of a document is the one that is authenticated.
  static func parse(_ bytes: [UInt8]) throws(StoreFailure) -> (document: StoreDocument, authenticationCode: [UInt8]) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
    guard let first = lines.popFirst(), first.elementsEqual(format.utf8) else {
      throw .corrupt(found: "its first line is not \(format)")
    }
    guard lines.popLast()?.isEmpty == true, let last = lines.popLast(),
      let code = fields(of: last, "mac", count: 1)?.first.flatMap(decoded),
      let derivation = lines.popFirst().flatMap(derivation),
      let verifier = lines.popFirst().flatMap({ fields(of: $0, "verifier", count: 1) })?.first.flatMap(decoded),
      let generation = lines.popFirst().flatMap({ fields(of: $0, "generation", count: 1) })?.first.flatMap(number)
    else { throw .corrupt(found: "it is cut or not in the form of \(format)") }
    guard derivation.isAcceptable else {
      throw .corrupt(found: "its scrypt parameters are outside of what is accepted")
    }
    var document = StoreDocument(derivation: derivation, verifier: verifier)
    document.generation = generation
    for line in lines {
      guard let entry = Entry(line: line) else {
        throw .corrupt(found: "an entry that is not in the form of \(format)")
      }
      document.entries.append(entry)
    }
    guard document.serialized(authenticationCode: code) == bytes else {
      throw .corrupt(found: "it is not spelt as \(format) is written")
    }
    return (document, code)
  }

  private static func derivation(_ line: Field) -> KeyDerivation? {
    guard let fields = fields(of: line, "kdf", count: 5), fields[0].elementsEqual("scrypt".utf8),
      let cost = number(fields[1]).flatMap(Int.init(exactly:)),
      number(fields[2]) == UInt64(KeyDerivation.blockSize),
      number(fields[3]) == UInt64(KeyDerivation.parallelism),
      let salt = decoded(fields[4])
    else { return nil }
    return KeyDerivation(cost: cost, salt: salt)
  }
}

extension StoreDocument.Entry {
  fileprivate var line: [UInt8] {
    var line = Array("entry \(item.kind.rawValue) ".utf8) + escaped(item.name)
    for (name, value) in attributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
      line += Array(" ".utf8) + escaped(name) + Array("=".utf8) + escaped(value)
    }
    return line + Array(" ".utf8) + encoded(nonce) + Array(" ".utf8) + encoded(sealed) + Array("\n".utf8)
  }

  fileprivate init?(line: Field) {
    guard var fields = fields(of: line, "entry", count: 4...),
      let kind = fields.popFirst().flatMap({ SecretItem.Kind(rawValue: String(decoding: $0, as: UTF8.self)) }),
      let name = fields.popFirst().flatMap(unescaped),
      let sealed = fields.popLast().flatMap(decoded),
      let nonce = fields.popLast().flatMap(decoded)
    else { return nil }
    var attributes: [String: String] = [:]
    for field in fields {
      let sides = field.split(separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
      guard sides.count == 2, let name = unescaped(sides[0]), let value = unescaped(sides[1]) else { return nil }
      attributes[name] = value
    }
    self.init(item: SecretItem(kind, name), attributes: attributes, nonce: nonce, sealed: sealed)
  }
}
