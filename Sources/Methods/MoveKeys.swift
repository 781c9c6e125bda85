import Delegation
package import JSONRPC

package enum MoveKeys: Method {
  package static let name = "moveKeys"

  package struct Params: Decodable, Sendable {
    let fromStore: String
    let toStore: String
    let aliases: [String]?
    let fromPassphraseFile: String?
    let toPassphraseFile: String?
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let moved: [String]
    let movedClientSecrets: Int
  }

  package static func order(_ params: Params) -> Order { .changingAllKeysAndProfiles }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.changing(.moveKeys, AuditFacts(), prompt: params.prompt, for: call) { _ throws(Failure) in
      try checking { () throws(ParamsFailure) in
        for alias in params.aliases ?? [] { try FieldRules.alias(alias, field: "aliases") }
      }
      let move = KeyMove(
        from: try place(params.fromStore, params.fromPassphraseFile, field: "fromPassphraseFile"),
        to: try place(params.toStore, params.toPassphraseFile, field: "toPassphraseFile"),
        aliases: params.aliases
      )
      // Tokens that the keys brought are given out no more, also when only some were moved.
      defer { services.domain.tokens.cache.removeAll() }
      let moved = try await services.domain.keys.move(move, for: call)
      return Result(moved: moved.aliases, movedClientSecrets: moved.clientSecrets)
    }
  }

  private static func place(_ name: String, _ passphraseFile: String?, field: String) throws(Failure) -> KeyMove.Place {
    guard passphraseFile == nil || name.utf8.starts(with: "file:".utf8) else {
      throw .params(ParamsFailure(field, "is for file:PATH; \(name) has no passphrase"))
    }
    return KeyMove.Place(name, passphraseFile: passphraseFile)
  }
}
