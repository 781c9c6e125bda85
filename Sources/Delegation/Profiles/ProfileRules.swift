extension Profile {
  static let defaultAudience = "https://identity.oraclecloud.com/"

  /// The profile with its URLs in their canonical form.
  ///
  /// - Throws: `.invalid`, naming the first field that is wrong.
  package func validated() throws(ProfileFailure) -> Profile {
    do { return try checked() } catch {
      throw .invalid(profile: name, field: error.field, problem: error.problem)
    }
  }

  private func checked() throws(ParamsFailure) -> Profile {
    try FieldRules.name(name, field: "name")
    try FieldRules.printable(clientId, field: "clientId", maximum: 256)
    try FieldRules.printable(scope, field: "scope", maximum: 1024, spaces: true)
    if let key { try FieldRules.alias(key, field: "key") }
    if key == nil, clientAuthentication == .clientAssertion {
      throw ParamsFailure("key", "is needed for client_assertion")
    }
    if let kid { try FieldRules.printable(kid, field: "kid", maximum: 128) }
    if let audience {
      guard (1...10).contains(audience.count) else { throw ParamsFailure("audience", "must hold 1 to 10 values") }
      for (index, value) in audience.enumerated() {
        try FieldRules.printable(value, field: "audience[\(index)]", maximum: 1024)
      }
    }
    if let tenantName { try FieldRules.printable(tenantName, field: "tenantName", maximum: 256) }
    try FieldRules.range(assertionLifetimeSeconds, 1...300, field: "assertionLifetimeSeconds")
    try checkAPIScopes()
    try FieldRules.range(rateLimit?.perSecond, 1...1000, field: "rateLimit.perSecond")
    try FieldRules.range(rateLimit?.perMinute, 1...60_000, field: "rateLimit.perMinute")
    try FieldRules.range(maxStaleSeconds, 0...86_400, field: "maxStaleSeconds")
    try FieldRules.range(keyIdleSeconds, 1...86_400, field: "keyIdleSeconds")
    if let subjectClaim { try FieldRules.printable(subjectClaim, field: "subjectClaim", maximum: 256) }
    if let caFile { try FieldRules.absolutePath(caFile, field: "caFile") }
    if let proxy { try Self.checkProxy(proxy) }
    try policy.check(field: "policy")
    var canonical = self
    canonical.identityDomainUrl = try FieldRules.origin(identityDomainUrl, field: "identityDomainUrl").text
    canonical.fusionUrl = try FieldRules.origin(fusionUrl, field: "fusionUrl").text
    return canonical
  }

  private func checkAPIScopes() throws(ParamsFailure) {
    let scopes = apiScopes ?? []
    guard scopes.count <= 100 else { throw ParamsFailure("apiScopes", "must hold at most 100 entries") }
    for (index, entry) in scopes.enumerated() {
      let field = "apiScopes[\(index)]"
      try PathRule.checkPrefix(entry.pathPrefix, field: "\(field).pathPrefix")
      try FieldRules.printable(entry.scope, field: "\(field).scope", maximum: 1024, spaces: true)
    }
    guard Set(scopes.map(\.pathPrefix)).count == scopes.count else {
      throw ParamsFailure("apiScopes", "must name no pathPrefix twice")
    }
  }

  /// `http://host:port` or `https://host:port`; a proxy on the way may be plain, what goes through it is TLS.
  private static func checkProxy(_ proxy: String) throws(ParamsFailure) {
    let asHTTPS = proxy.hasPrefix("http://") ? "https://" + proxy.dropFirst("http://".count) : proxy
    _ = try FieldRules.origin(asHTTPS, field: "proxy")
  }
}

extension Policy {
  func check(field: String) throws(ParamsFailure) {
    guard !subjects.allow.isEmpty else {
      throw ParamsFailure("\(field).subjects.allow", "must name who may be acted for; write \"*\" to mean everybody")
    }
    try Self.check(subjects.allow, field: "\(field).subjects.allow")
    try Self.check(subjects.deny ?? [], field: "\(field).subjects.deny")
    try Self.check(scopes ?? [], field: "\(field).scopes")
    try Self.check(agents ?? [], field: "\(field).agents")
    guard (paths ?? []).count <= 1000 else { throw ParamsFailure("\(field).paths", "must hold at most 1000 rules") }
    for (index, rule) in (paths ?? []).enumerated() { try rule.check(field: "\(field).paths[\(index)]") }
    guard (extraClaims ?? []).count <= 100 else {
      throw ParamsFailure("\(field).extraClaims", "must hold at most 100 names")
    }
    for (index, claim) in (extraClaims ?? []).enumerated() {
      try FieldRules.printable(claim, field: "\(field).extraClaims[\(index)]", maximum: 256)
      guard !AssertionClaims.reserved.contains(claim) else {
        throw ParamsFailure("\(field).extraClaims[\(index)]", "must not be \(claim), which OnBehalf sets itself")
      }
    }
  }

  private static func check(_ patterns: [Pattern], field: String) throws(ParamsFailure) {
    guard patterns.count <= 1000 else { throw ParamsFailure(field, "must hold at most 1000 patterns") }
    for (index, pattern) in patterns.map(\.text).enumerated() {
      guard (1...256).contains(pattern.utf8.count) else {
        throw ParamsFailure("\(field)[\(index)]", "must be 1 to 256 bytes long")
      }
      guard pattern.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
        throw ParamsFailure("\(field)[\(index)]", "must not contain spaces or control characters")
      }
      do { try Subject.requireComposed(pattern) } catch { throw ParamsFailure("\(field)[\(index)]", error.text) }
    }
  }
}

/// What a name, an alias or a text field may hold.
package enum FieldRules {
  package static func name(_ text: String, field: String) throws(ParamsFailure) {
    try plainName(text, field: field, maximum: 64)
  }

  package static func alias(_ text: String, field: String) throws(ParamsFailure) {
    try plainName(text, field: field, maximum: 128)
  }

  private static func plainName(_ text: String, field: String, maximum: Int) throws(ParamsFailure) {
    let bytes = Array(text.utf8)
    guard (1...maximum).contains(bytes.count), let first = bytes.first, isAlphanumeric(first),
      bytes.allSatisfy({ isAlphanumeric($0) || ".-_".utf8.contains($0) })
    else {
      throw ParamsFailure(
        field,
        "must be 1 to \(maximum) letters, digits, dots, dashes or underscores, and start with a letter or digit"
      )
    }
  }

  package static func printable(
    _ text: String,
    field: String,
    maximum: Int,
    spaces: Bool = false
  ) throws(ParamsFailure) {
    let lowest: UInt8 = spaces ? 0x20 : 0x21
    guard (1...maximum).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= lowest && $0 < 0x7f }) else {
      throw ParamsFailure(
        field,
        "must be 1 to \(maximum) printable ASCII characters\(spaces ? "" : " without spaces")"
      )
    }
  }

  package static func range(_ value: Int?, _ range: ClosedRange<Int>, field: String) throws(ParamsFailure) {
    guard let value, !range.contains(value) else { return }
    throw ParamsFailure(field, "must be from \(range.lowerBound) to \(range.upperBound), not \(value)")
  }

  package static func length(_ text: String, _ range: ClosedRange<Int>, field: String) throws(ParamsFailure) {
    guard range.contains(text.utf8.count) else {
      throw ParamsFailure(
        field,
        "must be \(range.lowerBound) to \(range.upperBound) bytes long, not \(text.utf8.count)"
      )
    }
  }

  package static func origin(_ text: String, field: String) throws(ParamsFailure) -> Origin {
    do { return try Origin(parsing: text) } catch { throw ParamsFailure(field, error.text) }
  }

  package static func absolutePath(_ path: String, field: String) throws(ParamsFailure) {
    guard path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 4096,
      path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
    else { throw ParamsFailure(field, "must be an absolute path") }
  }

  static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }
}
