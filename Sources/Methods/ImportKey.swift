import Delegation
package import JSONRPC

package enum ImportKey: Method {
  package static let name = "importKey"

  /// Longer text is no key or certificate.
  private static let maximumBytes = 64 << 10
  /// OpenSSL's own bound for an encrypted PEM.
  private static let maximumPassphraseBytes = 1024

  package struct Params: Decodable, Sendable {
    let alias: String
    let pem: String?
    let pkcs12Base64: String?
    let passphrase: String?
    let certificatePem: String?
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
        if let certificate = params.certificatePem {
          try FieldRules.length(certificate, 1...maximumBytes, field: "certificatePem")
        }
      }
      let given = KeyImport(
        alias: params.alias,
        material: try material(params),
        certificatePEM: params.certificatePem.map { Array($0.utf8) },
        binding: binding
      )
      let key = try await services.domain.keys.importKey(given, for: call)
      facts.thumbprint = key.thumbprints.x5tS256
      return KeyView(key, in: services)
    }
  }

  private static func material(_ params: Params) throws(Failure) -> KeyMaterial {
    do throws(ParamsFailure) {
      let passphrase = params.passphrase ?? ""
      try FieldRules.length(passphrase, 0...maximumPassphraseBytes, field: "passphrase")
      let (form, text, field): (KeyMaterial.Form, String, String) =
        switch (params.pem, params.pkcs12Base64) {
        case (let pem?, nil): (.pem, pem, "pem")
        case (nil, let file?): (.pkcs12, file, "pkcs12Base64")
        case (nil, nil): throw ParamsFailure("pem", "or pkcs12Base64 is needed")
        case (_?, _?): throw ParamsFailure("pem", "must not be given beside pkcs12Base64")
        }
      try FieldRules.length(text, 1...maximumBytes, field: field)
      return KeyMaterial(form, text: SecretBytes(copying: text.utf8), passphrase: SecretBytes(copying: passphrase.utf8))
    } catch {
      throw .params(error)
    }
  }
}
