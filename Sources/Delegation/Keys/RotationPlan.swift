extension KeyRotation {
  /// Which key shall be succeeded, and by what; what is nil is as with the key itself.
  package struct Plan: Sendable {
    package var alias: String
    package var nextAlias: String?
    package var bits: Int?
    package var validityDays: Int?

    package init(alias: String, nextAlias: String? = nil, bits: Int? = nil, validityDays: Int? = nil) {
      self.alias = alias
      self.nextAlias = nextAlias
      self.bits = bits
      self.validityDays = validityDays
    }

    func creation(succeeding key: OpenKey, beside taken: Set<String>) throws(Failure) -> KeyService.Creation {
      let next = nextAlias ?? Self.following(alias, beside: taken)
      do { try FieldRules.alias(next, field: "nextAlias") } catch { throw .params(error) }
      guard !taken.contains(next) else { throw .key(.exists(alias: next)) }
      // X.520 holds a common name to 64 characters.
      var creation = KeyService.Creation(alias: next, commonName: String(next.prefix(64)), binding: key.item.binding)
      creation.bits = bits ?? key.signer.publicKey.bits
      creation.validityDays = validityDays ?? min(max(key.certificate.validityDays, 1), Self.maximumDays)
      creation.stage = .successor(of: alias)
      return creation
    }

    /// Holds a successor that is there against what is asked for.
    func check(_ next: OpenKey) throws(Failure) {
      let differences = [
        ("nextAlias", nextAlias.map { $0 == next.item.alias }),
        ("bits", bits.map { $0 == next.signer.publicKey.bits }),
        ("validityDays", validityDays.map { $0 == next.certificate.validityDays }),
      ]
      guard let (field, _) = differences.first(where: { $0.1 == false }) else { return }
      throw .key(.rotation(.otherSuccessor(next.item.alias, differsIn: field), alias: alias))
    }

    /// `payables`, `payables-2`, `payables-3`: the first that is free.
    private static func following(_ alias: String, beside taken: Set<String>) -> String {
      var stem = Substring(alias)
      var number = 2
      if let dash = alias.lastIndex(of: "-"), let counted = Int(alias[alias.index(after: dash)...]), counted >= 2,
        counted < 1_000_000, alias[dash...] == "-\(counted)"
      {
        stem = alias[..<dash]
        number = counted + 1
      }
      while taken.contains("\(stem)-\(number)") { number += 1 }
      return "\(stem)-\(number)"
    }

    private static let maximumDays = 3650
  }
}

extension Certificate {
  /// Whole days from begin to end.
  fileprivate var validityDays: Int { Int((notAfter.seconds - notBefore.seconds) / 86_400) }
}
