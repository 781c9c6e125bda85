import Delegation
import Foundation
import OpenSSLKeys
import Testing

/// One file of protocol/vectors/key-import.
struct ImportVector: Decodable, Sendable, CustomTestStringConvertible {
  let file: String
  let passphrase: String
  let certificate: String?
  let kind: String?
  let found: String?

  var testDescription: String { file }

  var form: KeyMaterial.Form {
    [".p12", ".jks", ".der"].contains(where: file.hasSuffix) ? .pkcs12 : .pem
  }

  /// As it goes into `importKey`.
  func text() throws -> [UInt8] {
    let content = try Data(contentsOf: Self.folder.appending(path: file))
    return switch form {
    case .pem: [UInt8](content)
    case .pkcs12: Array(content.base64EncodedString(options: .lineLength76Characters).utf8)
    }
  }

  static let all = load()
  static let accepted = all.filter { $0.found == nil }
  static let refused = all.filter { $0.found != nil }
  static let encrypted = accepted.filter { !$0.passphrase.isEmpty }

  /// The private key of most files, as it is stored.
  static func payables() throws -> [UInt8] {
    [UInt8](try Data(contentsOf: transcripts.appending(path: "payables.key.pem")))
  }

  static let transcripts = folder.deletingLastPathComponent().appending(path: "transcripts")

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "protocol/vectors/key-import")

  /// Empty when it cannot be read, which a test of its own notices.
  private static func load() -> [ImportVector] {
    guard let text = try? Data(contentsOf: folder.appending(path: "cases.json")) else { return [] }
    return (try? JSONDecoder().decode([ImportVector].self, from: text)) ?? []
  }
}

extension OpenSSLSigningKeys {
  func unpack(_ form: KeyMaterial.Form, _ text: [UInt8], passphrase: String = "") throws(KeyFailure) -> UnpackedKey {
    try unpack(
      KeyMaterial(form, text: SecretBytes(copying: text), passphrase: SecretBytes(copying: passphrase.utf8))
    )
  }
}
