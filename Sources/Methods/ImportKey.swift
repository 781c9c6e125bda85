import Delegation
package import JSONRPC

package enum ImportKey: Method {
  package static let name = "importKey"

  /// Longer text is no key or certificate.
  private static let maximumBytes = 64 << 10

  package struct Params: Decodable, Sendable {
    let alias: String
    let pem: String
    let certificatePem: String
    let identityDomainUrl: String?
    let clientId: String?
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .changing(key: params.alias) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> KeyView
  {
    try await services.changing(.importKey, AuditFacts(key: params.alias), prompt: params.prompt, for: call) {
      facts throws(Failure) in
      let binding = try BindingParams.binding(identityDomainUrl: params.identityDomainUrl, clientId: params.clientId)
      try checking { () throws(ParamsFailure) in
        try FieldRules.alias(params.alias, field: "alias")
        try FieldRules.length(params.pem, 1...maximumBytes, field: "pem")
        try FieldRules.length(params.certificatePem, 1...maximumBytes, field: "certificatePem")
      }
      let key = try await services.domain.keys.importKey(
        alias: params.alias,
        pem: SecretBytes(copying: Array(params.pem.utf8)),
        certificatePEM: Array(params.certificatePem.utf8),
        binding: binding,
        for: call
      )
      facts.thumbprint = key.thumbprints.x5tS256
      return KeyView(key, in: services)
    }
  }
}
