import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func key(_ failure: KeyringFailure) -> ResponseError {
    switch failure {
    case .notFound(let alias):
      ResponseError(
        .keyNotFound,
        "There is no key \(alias) in the store.",
        hint: "listKeys shows the aliases; make one with createKey or importKey (with --admin).",
        detail: [.text("alias", alias)]
      )
    case .exists(let alias):
      ResponseError(
        .keyExists,
        "There is a key \(alias) already; it was not touched.",
        hint: "Use it, or choose another alias. A deleted key cannot be had back.",
        detail: [.text("alias", alias)]
      )
    case .occupied(let item, let store):
      ResponseError(
        .keyExists,
        "The store \(store) has another \(item.noun) \(item.name); it was not touched.",
        hint: "Compare the two with getKey on either store, and delete the one that is not wanted.",
        detail: [.text("alias", item.name), .text("store", store)]
      )
    case .material(let failure, let alias): material(failure, alias: alias)
    case .certificateExpired(let alias, let notAfter):
      ResponseError(
        .certificateExpired,
        "The certificate of the key \(alias) ended at \(notAfter.rfc3339), and the profile asks for a valid one.",
        hint: "Make a new key and register its certificate, or take requireValidCertificate out of the profile.",
        detail: [.text("alias", alias), .text("notAfter", notAfter.rfc3339)]
      )
    case .rotation(let conflict, let alias): rotation(conflict, alias: alias)
    case .successorRefused(let successor, let refusal): successorRefused(successor, refusal)
    case .noneNamed(let profile):
      ResponseError(
        .keyNotFound,
        "The profile \(profile) names no key, and this call signs with one.",
        hint: "Set key in the profile; getToken and invokeAgent also take userToken instead.",
        detail: [.text("profile", profile)]
      )
    }
  }

  private static func material(_ failure: KeyFailure, alias: String) -> ResponseError {
    switch failure {
    case .unreadable(let found):
      ResponseError(
        .keyUnreadable,
        "The material for the key \(alias) cannot be read: found \(found).",
        hint: "Give an unencrypted PEM (-----BEGIN PRIVATE KEY----- or RSA PRIVATE KEY) and its certificate as PEM.",
        detail: [.text("alias", alias), .text("found", found)]
      )
    case .unsupported(let found):
      ResponseError(
        .keyUnsupported,
        "The key \(alias) cannot sign RS256: found \(found).",
        hint: "Use an RSA key of 2048 to 4096 bits.",
        detail: [.text("alias", alias), .text("found", found)]
      )
    case .certificateMismatch:
      ResponseError(
        .keyMismatch,
        "The certificate does not belong to the key \(alias).",
        hint: "Give the certificate made from this key: both hold the same public key.",
        detail: [.text("alias", alias)]
      )
    case .failed(let operation):
      ResponseError(
        .internal,
        "OpenSSL failed at \(operation) with the key \(alias).",
        hint: "Please report it with the sidecar's log. It holds no secrets.",
        detail: [.text("alias", alias)]
      )
    }
  }
}

extension SecretItem {
  fileprivate var noun: String {
    switch kind {
    case .key: "key"
    case .clientSecret: "client secret of"
    case .trial: "trial item"
    }
  }
}
