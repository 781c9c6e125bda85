import JSON

/// The application at the identity domain that a key, or a profile, stands for.
struct ConfidentialApplication {
  let profile: Profile?
  let key: OpenKey?

  /// How the scope of a pod's agents is spelt.
  static let scopeForm = "urn:opc:resource:fusion:POD:fusion-ai/"

  var authentication: ClientAuthentication { profile?.clientAuthentication ?? .clientAssertion }
  var identityDomainUrl: String? { profile?.identityDomainUrl ?? key?.item.binding?.identityDomainUrl }
  var clientId: String? { profile?.clientId ?? key?.item.binding?.clientId }
  /// Of the certificate, and the `kid` of every assertion.
  var alias: String? { key.map { profile?.kid ?? $0.item.alias } }
  /// Where a person keeps the certificate.
  var file: String { "\(fileStem).pem" }
  var fileStem: String { key?.item.alias ?? "certificate" }
  var scope: String? { profile?.scope }
  var displayName: String { "onbehalf-\(profileName)" }
  var profileName: String { profile?.name ?? String((key?.item.alias ?? "NAME").prefix(64)) }

  /// Each once, in the order of the profile.
  var apiScopes: [String] {
    (profile?.apiScopes ?? []).map(\.scope).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// As the REST resource Apps has it (OCI IAM, Create and Activate an OAuth Client App).
  var json: JSONValue {
    let scopes = [scope ?? Self.scopeForm] + apiScopes
    var members: [JSONValue.Member] = [
      .init("schemas", ["urn:ietf:params:scim:schemas:oracle:idcs:App"]),
      .init("displayName", .string(displayName)),
      .init("basedOnTemplate", ["value": "CustomWebAppTemplateId"]),
      .init("isOAuthClient", true),
      .init("clientType", alias == nil ? "confidential" : "trusted"),
      .init("allowedGrants", [.string(TokenRequest.jwtBearer), "client_credentials"]),
      .init("allowedScopes", .array(scopes.map { ["fqs": .string($0)] })),
    ]
    if let alias { members.append(.init("certificates", [["certAlias": .string(alias)]])) }
    return .object(members + [.init("active", true)])
  }

  /// What is still to be filled in stands in capitals.
  var profileDraft: JSONValue {
    [
      "name": .string(profileName),
      "identityDomainUrl": .string(identityDomainUrl ?? "https://DOMAIN"),
      "clientId": .string(clientId ?? "CLIENT_ID"),
      "clientAuthentication": .string(authentication.rawValue),
      "key": .string(key?.item.alias ?? ""),
      "scope": .string(Self.scopeForm),
      "fusionUrl": "https://POD",
      "policy": ["subjects": ["allow": ["USER"]]],
    ]
  }
}
