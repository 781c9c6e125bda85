/// A key as it is kept in a store: header lines, an empty line, the private key and its certificate as PEM.
///
/// The format is published in protocol/key-item.md. OpenSSL reads it as it is, because it skips text before the first
/// `-----BEGIN`. The private part stays in `SecretBytes`; only the header and the certificate become Swift values.
package struct KeyItem: Sendable, Equatable {
  package enum Origin: String, Sendable, Codable {
    case generated
    case imported
  }

  package var alias: String
  package var origin: Origin
  package var createdAt: UnixTime
  package var binding: KeyBinding?
  package var stage: KeyStage
  package var certificateDER: [UInt8]

  private static let version = "OnBehalf-Key: 1"
  private static let maximumHeaderBytes = 4096

  package init(
    alias: String,
    origin: Origin,
    createdAt: UnixTime,
    binding: KeyBinding?,
    stage: KeyStage = .current,
    certificateDER: [UInt8]
  ) {
    self.alias = alias
    self.origin = origin
    self.createdAt = createdAt
    self.binding = binding
    self.stage = stage
    self.certificateDER = certificateDER
  }

  /// The stored form; `privateKeyPEM` is PKCS#8 and ends with a line feed.
  package func serialized(privateKeyPEM: borrowing SecretBytes) -> SecretBytes {
    var header = "\(Self.version)\nAlias: \(alias)\nOrigin: \(origin.rawValue)\nCreated: \(createdAt.rfc3339)\n"
    if let binding {
      header += "Identity-Domain: \(binding.identityDomainUrl)\nClient-Id: \(binding.clientId)\n"
    }
    let before = Array((header + stage.header + "\n").utf8)
    let after = Array(PEM.encode(certificateDER, label: "CERTIFICATE").utf8)
    return privateKeyPEM.withUnsafeBytes { key in
      SecretBytes(count: before.count + key.count + after.count) { whole in
        whole.copyBytes(from: before)
        UnsafeMutableRawBufferPointer(rebasing: whole[before.count...]).copyMemory(from: key)
        UnsafeMutableRawBufferPointer(rebasing: whole[(before.count + key.count)...]).copyBytes(from: after)
      }
    }
  }

  /// The stored item again with another header: how it is bound or retired without opening the key.
  package func replacingHeader(of stored: borrowing SecretBytes) -> SecretBytes {
    let key = stored.withUnsafeBytes { bytes in
      let start = Self.headerEnd(bytes) ?? 0
      let end = bytes.count - PEM.encode(certificateDER, label: "CERTIFICATE").utf8.count
      return SecretBytes(copying: UnsafeRawBufferPointer(rebasing: bytes[start..<max(start, end)]))
    }
    return serialized(privateKeyPEM: key)
  }

  /// Reads a stored item. Every header must be known and stand once; `alias` must be the one it is kept under.
  package init(parsing stored: borrowing SecretBytes, alias: String) throws(KeyFailure) {
    let parts = stored.withUnsafeBytes { bytes -> (header: String, certificate: [UInt8]?)? in
      guard let end = Self.headerEnd(bytes) else { return nil }
      return (
        String(decoding: bytes[..<end], as: UTF8.self),
        PEM.decode(UnsafeRawBufferPointer(rebasing: bytes[end...]), label: "CERTIFICATE")
      )
    }
    guard let parts else { throw .unreadable(found: "an item without the header of an OnBehalf key") }
    guard let certificate = parts.certificate else { throw .unreadable(found: "an item without a certificate") }
    var fields: [String: String] = [:]
    for line in parts.header.split(separator: "\n").dropFirst() {
      guard let colon = line.firstIndex(of: ":"), line[line.index(after: colon)...].first == " " else {
        throw .unreadable(found: "an item with a damaged header")
      }
      let name = String(line[..<colon])
      guard Self.known.contains(name), fields[name] == nil else {
        throw .unreadable(found: "an item with a header this version does not know")
      }
      fields[name] = String(line[line.index(colon, offsetBy: 2)...])
    }
    guard fields["Alias"] == alias, let origin = fields["Origin"].flatMap(Origin.init(rawValue:)),
      let createdAt = fields["Created"].flatMap(UnixTime.init(rfc3339:)), let stage = KeyStage(fields),
      (fields["Identity-Domain"] == nil) == (fields["Client-Id"] == nil)
    else { throw .unreadable(found: "an item with a header that does not fit its alias") }
    var binding: KeyBinding?
    if let domain = fields["Identity-Domain"], let client = fields["Client-Id"] {
      binding = KeyBinding(identityDomainUrl: domain, clientId: client)
    }
    self.init(
      alias: alias,
      origin: origin,
      createdAt: createdAt,
      binding: binding,
      stage: stage,
      certificateDER: certificate
    )
  }

  private static let known = KeyStage.headers.union(["Alias", "Origin", "Created", "Identity-Domain", "Client-Id"])

  /// The offset behind the empty line, when the item begins as one of ours does.
  private static func headerEnd(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.starts(with: (version + "\n").utf8) else { return nil }
    let lineFeed = UInt8(ascii: "\n")
    return bytes.prefix(maximumHeaderBytes).indices.dropFirst().first {
      bytes[$0] == lineFeed && bytes[$0 - 1] == lineFeed
    }.map { $0 + 1 }
  }
}
