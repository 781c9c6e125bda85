import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func policy(_ failure: PolicyFailure) -> ResponseError {
    switch failure {
    case .subjectDenied(let rule):
      denied(.subjectDenied, "This user may not be acted for", rule, mend: "policy.subjects")
    case .scopeDenied(let scope, let rule):
      denied(.scopeDenied, "The scope \(scope) is not allowed", rule, mend: "policy.scopes")
    case .agentDenied(let agent, let rule):
      denied(.agentDenied, "The agent \(agent) is not allowed", rule, mend: "policy.agents")
    case .pathDenied(let path, let rule):
      denied(.pathDenied, "\(path) is not allowed", rule, mend: "policy.paths")
    case .rawCredentialsDenied(let profile, let rule):
      ResponseError(
        .rawCredentialsDenied,
        "The profile \(profile) gives out no tokens and no assertions, because \(rule.layer) limits what it is for "
          + "(\(rule.text)).",
        hint:
          "Call invokeAgent or callApi, or set policy.rawCredentials to true, knowing that a token reaches all of the user.",
        detail: [.text("profile", profile), .text("layer", rule.layer), .text("rule", rule.text)]
      )
    case .originDenied(let profile, let origin, let rule):
      ResponseError(
        .originDenied,
        "The profile \(profile) was given at initialize and sends tokens to \(origin) in a way that no saved profile does, "
          + "while \(rule.layer) limits what they are for (\(rule.text)).",
        hint:
          "Save a profile with this domain, fusionUrl, proxy and caFile, or set rawCredentials to true in that layer.",
        detail: [
          .text("profile", profile), .text("origin", origin), .text("layer", rule.layer), .text("rule", rule.text),
        ]
      )
    case .keyBound(let alias, let bound?, let asked):
      ResponseError(
        .keyBound,
        "The key \(alias) signs only for the client \(bound.clientId) at \(bound.identityDomainUrl).",
        hint: "Use the profile the key was made for, or create another key for this one. A binding never changes.",
        detail: [.text("alias", alias), .init("binding", bound.json), .init("asked", asked.json)]
      )
    case .keyBound(let alias, nil, let asked):
      ResponseError(
        .keyBound,
        "The key \(alias) is bound to no identity domain and client yet, so it signs for none.",
        hint:
          "Save a profile that names it (saveProfile, with --admin), or create it with identityDomainUrl and clientId.",
        detail: [.text("alias", alias), .init("asked", asked.json)]
      )
    case .adminRequired(let method):
      ResponseError(
        .adminRequired,
        "\(method) changes keys, profiles or secrets, and this sidecar was started without --admin.",
        hint: "Call it from a sidecar that a person starts with --admin. A backend needs no such right."
      )
    case .runDenied(let what):
      ResponseError(
        .runDenied,
        "This user has no part in \(what): another one was seen with it here.",
        hint: "Call it as the user who began it. Who acts on another's run does so in Fusion, or through a process of "
          + "their own, where the pod decides. What the pod says of it is not told."
      )
    case .locked:
      ResponseError(
        .locked,
        "This sidecar is locked: it signs nothing and uses no token.",
        hint: "Start it again. Who called lock had a reason: ask first."
      )
    case .profileDisabled(let profile):
      ResponseError(
        .profileDisabled,
        "The profile \(profile) is disabled.",
        hint:
          "Whoever keeps the profile can enable it: saveProfile without its field disabled, from a sidecar with --admin.",
        detail: [.text("profile", profile)]
      )
    case .unusable(let found):
      ResponseError(
        .profileInvalid,
        "The policy file cannot be used, so everything is denied: \(found).",
        hint: "Correct the file that --policy names; it is read again when it changes."
      )
    }
  }

  private static func denied(
    _ kind: ErrorKind,
    _ what: String,
    _ rule: PolicyFailure.Rule,
    mend: String
  ) -> ResponseError {
    let field = rule.text == "readOnly" ? "policy.readOnly" : mend
    let hint = rule.isBuiltIn ? "No policy can allow it." : "If it should be allowed, change \(field) in \(rule.layer)."
    return ResponseError(
      kind,
      "\(what): \(rule.layer) says so (\(rule.text)).",
      hint: "\(hint) Nothing was signed or sent.",
      detail: [.text("layer", rule.layer), .text("rule", rule.text)]
    )
  }
}

extension KeyBinding {
  fileprivate var json: JSONValue {
    ["identityDomainUrl": .string(identityDomainUrl), "clientId": .string(clientId)]
  }
}
