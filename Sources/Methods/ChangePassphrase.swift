import Delegation
package import JSONRPC

package enum ChangePassphrase: Method {
  package static let name = "changePassphrase"

  package struct Params: Decodable, Sendable {
    let newPassphraseFile: String
  }

  package struct Result: Encodable, Sendable {
    let changed = true
  }

  package static func order(_ params: Params) -> Order { .changingAllKeysAndProfiles }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.changing(.changePassphrase, AuditFacts(), for: call) { _ throws(Failure) in
      try await services.domain.keys.changePassphrase(toFile: params.newPassphraseFile, for: call)
      return Result()
    }
  }
}
