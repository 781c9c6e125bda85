import Delegation
package import JSONRPC

package enum CreateKey: Method {
  package static let name = "createKey"

  package struct Params: Decodable, Sendable {
    let alias: String
    let bits: Int?
    let commonName: String?
    let validityDays: Int?
    let identityDomainUrl: String?
    let clientId: String?
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .changing(key: params.alias) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> KeyView
  {
    try await services.changing(.createKey, AuditFacts(key: params.alias), prompt: params.prompt, for: call) {
      facts throws(Failure) in
      let creation = try creation(params)
      let key = try await services.domain.keys.create(creation, for: call)
      facts.thumbprint = key.thumbprints.x5tS256
      return KeyView(key, in: services)
    }
  }

  private static func creation(_ params: Params) throws(Failure) -> KeyService.Creation {
    let binding = try BindingParams.binding(identityDomainUrl: params.identityDomainUrl, clientId: params.clientId)
    try checking { () throws(ParamsFailure) in
      try FieldRules.alias(params.alias, field: "alias")
      if let commonName = params.commonName {
        try FieldRules.printable(commonName, field: "commonName", maximum: 64, spaces: true)
      }
      try check(bits: params.bits, validityDays: params.validityDays)
    }
    var creation = KeyService.Creation(alias: params.alias, commonName: params.commonName, binding: binding)
    creation.bits = params.bits ?? creation.bits
    creation.validityDays = params.validityDays ?? creation.validityDays
    return creation
  }

  /// For every method that makes a key.
  static func check(bits: Int?, validityDays: Int?) throws(ParamsFailure) {
    try FieldRules.range(validityDays, 1...3650, field: "validityDays")
    guard [nil, 2048, 3072, 4096].contains(bits) else {
      throw ParamsFailure("bits", "must be 2048, 3072 or 4096")
    }
  }
}
