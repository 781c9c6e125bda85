package import JSON

/// What a person enters in the OCI console so that a key, or a profile, works.
///
/// The names are those of the console and of Oracle's pages. What they and working programs do not both confirm says
/// that it is assumed.
package struct SetupGuide: Sendable {
  package struct Step: Sendable, Encodable {
    package let title: String
    package let detail: String
  }

  package let steps: [Step]
  /// The certificate to import; nil when the profile names no key.
  package let certificatePEM: String?
  /// The same application for the REST resource Apps.
  package let application: JSONValue

  /// - Parameters:
  ///   - profile: nil for a key that no profile names yet.
  ///   - key: nil for a profile that names none.
  package init(profile: Profile?, key: OpenKey?) throws(Failure) {
    let facts = ConfidentialApplication(profile: profile, key: key)
    certificatePEM = facts.key.map { PEM.encode($0.certificate.der, label: "CERTIFICATE") }
    application = facts.json
    var steps = [Self.domain(facts)]
    if let key = facts.key { steps.append(Self.certificate(key, facts)) }
    steps += [
      Self.add(facts),
      Step(title: "Resource server", detail: "OAuth configuration: no resource server."),
      Self.clientType(facts), Self.grants(facts), Self.resources(facts),
      Step(
        title: "Allowed operations",
        detail: "On behalf of may stay off (assumed: it narrows scopes of the domain itself, not those of the pod; a "
          + "guide of Oracle's for Transportation Management ticks it)."
      ),
      Step(title: "Activate", detail: "Activate the application: it is created inactive."),
    ]
    if facts.key != nil { steps.append(Self.trustedPartner(facts)) }
    if facts.authentication == .clientSecretBasic { steps.append(Self.secret(facts)) }
    do { steps += [Self.rest(facts)] + (try Self.afterwards(facts)) } catch { throw .params(error) }
    self.steps = steps
  }

  private static func domain(_ facts: ConfidentialApplication) -> Step {
    let place = facts.identityDomainUrl.map { ", which is at \($0)" } ?? ""
    return Step(
      title: "Open the identity domain",
      detail: "In the OCI console: Identity domains, then the domain of this Fusion environment\(place). "
        + "Each environment has its own."
    )
  }

  private static func certificate(_ key: OpenKey, _ facts: ConfidentialApplication) -> Step {
    Step(
      title: "Put the certificate into a file",
      detail: "Save certificatePem as \(facts.file). It holds nothing secret. Its thumbprint x5t is "
        + "\(key.thumbprints.x5t), and it ends at \(key.certificate.notAfter.rfc3339). Its dates and its name are said "
        + "not to matter to the domain (assumed)."
    )
  }

  private static func add(_ facts: ConfidentialApplication) -> Step {
    let existing = facts.clientId.map { " If the one with the client id \($0) is there, open it instead." } ?? ""
    return Step(
      title: "Add the application",
      detail: "Integrated applications → Add application → Confidential application, under any name of up to 125 "
        + "characters, such as \(facts.displayName); the rest as it is. Then edit its OAuth configuration.\(existing)"
    )
  }

  private static func clientType(_ facts: ConfidentialApplication) -> Step {
    guard let alias = facts.alias else {
      return Step(
        title: "Client type",
        detail: "Confidential: the profile names no key, so no user assertion is signed for it, and only calls with "
          + "userToken work (assumed: one sample of Oracle's has it so)."
      )
    }
    return Step(
      title: "Client type",
      detail: "Trusted. Import certificate: upload \(facts.file) under the alias \(alias). "
        + "The alias is the kid of every assertion."
    )
  }

  private static func grants(_ facts: ConfidentialApplication) -> Step {
    let reason =
      switch facts.authentication {
      case .clientAssertion:
        "Without the second, client assertions are refused with a \"system error\" (seen, not documented)."
      case .clientSecretBasic:
        "diagnose tries the client with the second; a client with a secret may not need it otherwise (assumed)."
      }
    return Step(title: "Allowed grant types", detail: "JWT assertion and Client credentials. \(reason)")
  }

  private static func resources(_ facts: ConfidentialApplication) -> Step {
    let scope = facts.scope ?? ConfidentialApplication.scopeForm
    var detail = "Add scope, the Fusion AI resource of the pod. Its scope is \(scope), with the slash."
    if !facts.apiScopes.isEmpty {
      detail += " Also those of other Fusion REST resources: \(facts.apiScopes.joined(separator: ", "))."
    }
    return Step(title: "Resources", detail: detail)
  }

  private static func trustedPartner(_ facts: ConfidentialApplication) -> Step {
    Step(
      title: "If the certificate is not known",
      detail: "When the application knows neither certificate nor alias although they are there, import the "
        + "certificate under Settings → Trusted partner certificates too, with the same alias (assumed: one report of "
        + "2024 needed it). That takes DER: openssl x509 -in \(facts.file) -outform der -out \(facts.fileStem).der"
    )
  }

  private static func secret(_ facts: ConfidentialApplication) -> Step {
    Step(
      title: "Client secret",
      detail: "Copy the application's client secret into a file of your own, and keep it: ONBEHALF_ARGS=--admin obo "
        + "setClientSecret profile=\(facts.profile?.name ?? "NAME") clientSecret=@FILE. Then delete the file."
    )
  }

  private static func rest(_ facts: ConfidentialApplication) -> Step {
    let certificate =
      facts.alias.map {
        " The certificate must be in the domain under the alias \($0) before (assumed: as in the step on a "
          + "certificate that is not known)."
      } ?? ""
    let url = facts.identityDomainUrl ?? "https://DOMAIN"
    return Step(
      title: "Or all of it by REST",
      detail: "POST \(url)/admin/v1/Apps with appJson makes the same application, with a token of somebody who may "
        + "manage applications.\(certificate) Its schemas and displayName are those of other SCIM resources (assumed)."
    )
  }

  private static func afterwards(_ facts: ConfidentialApplication) throws(ParamsFailure) -> [Step] {
    guard let profile = facts.profile else {
      let draft = try ShellQuoting.quote(String(decoding: facts.profileDraft.serialized(), as: UTF8.self))
      return [
        Step(
          title: "Save a profile",
          detail: "With the client id of the application, and what else is in capitals: ONBEHALF_ARGS=--admin obo "
            + "saveProfile profile:=\(draft)"
        ),
        Step(title: "Try it", detail: "obo diagnose profile=\(facts.profileName) subject=USER. \(userName)"),
      ]
    }
    var steps = [
      Step(title: "Try it", detail: "obo diagnose profile=\(profile.name) subject=USER. \(userName)")
    ]
    let asked = KeyBinding(identityDomainUrl: profile.identityDomainUrl, clientId: profile.clientId)
    if let key = facts.key, let bound = key.item.binding, bound != asked {
      steps.insert(
        Step(
          title: "The key belongs elsewhere",
          detail: "\(key.item.alias) signs for \(bound.clientId) at \(bound.identityDomainUrl) alone: "
            + "this profile needs a key of its own, by createKey."
        ),
        at: 0
      )
    }
    return steps
  }

  private static let userName = "USER is the userName of an active user of the domain."
}
