import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func rotation(_ conflict: RotationConflict, alias: String) -> ResponseError {
    let (message, hint) = words(conflict, alias)
    return ResponseError(
      .rotationConflict,
      "\(message). Nothing was changed.",
      hint: hint,
      detail: [.text("alias", alias)] + facts(conflict)
    )
  }

  private static func words(_ conflict: RotationConflict, _ alias: String) -> (message: String, hint: String) {
    switch conflict {
    case .notStarted:
      ("The key \(alias) has no successor yet", "Make one with step start.")
    case .isSuccessor(let predecessor):
      (
        "The key \(alias) is to succeed \(predecessor) and is not in use yet",
        "Name \(predecessor) and go on with its rotation: try, then finish; or abort."
      )
    case .isRetired(let successor):
      (
        "The key \(alias) is retired; \(successor) has succeeded it",
        "Use \(successor), or take the rotation of \(alias) back with step abort."
      )
    case .isFinished(let successor):
      (
        "The rotation of the key \(alias) is finished",
        "Profiles use \(successor): getToken and diagnose try it. Step abort takes the rotation back."
      )
    case .successorGone(let successor):
      (
        "The key \(alias) is retired, and \(successor), which succeeded it, is not in the store any more",
        "Step abort brings \(alias) back into use."
      )
    case .successorMovedOn(let successor):
      (
        "The key \(successor), which follows \(alias), is being rotated itself, or has been",
        "Take the rotation of \(successor) back first (step abort), or leave that of \(alias) as it is."
      )
    case .severalSuccessors(let successors):
      (
        "The key \(alias) has several successors: \(successors.joined(separator: ", "))",
        "Keep one and delete the others with deleteKey."
      )
    case .otherSuccessor(let successor, let field):
      (
        "The key \(alias) has the successor \(successor) already, and it differs in \(field)",
        "Leave \(field) out to go on with \(successor), or delete it with step abort first."
      )
    case .bindingsDiffer(let successor):
      (
        "The keys \(alias) and \(successor) sign for different clients",
        "Delete \(successor), which is not the key that start made, and send the step again."
      )
    case .isUnbound:
      (
        "The key \(alias) is bound to no identity domain and client yet",
        "No profile uses it: make another with createKey and delete this one."
      )
    case .kidsDiffer(let kids):
      (
        "Profiles name several certificate aliases for the key \(alias): \(kids.joined(separator: ", "))",
        "Let them name the same kid; it is what step abort goes back to."
      )
    case .successorInUse(let successor, let profiles):
      (
        "The key \(successor) is named by \(profiles.joined(separator: ", ")), so it is not deleted",
        "Let these profiles name \(alias) again (saveProfile), or go on with step finish."
      )
    }
  }

  private static func facts(_ conflict: RotationConflict) -> [JSONValue.Member] {
    switch conflict {
    case .notStarted, .isUnbound: []
    case .isSuccessor(let predecessor): [.text("succeeds", predecessor)]
    case .isRetired(let next), .isFinished(let next), .successorGone(let next), .successorMovedOn(let next),
      .bindingsDiffer(let next):
      [.text("next", next)]
    case .severalSuccessors(let aliases): [.init("successors", .array(aliases.map(JSONValue.string)))]
    case .otherSuccessor(let next, let field): [.text("next", next), .text("field", field)]
    case .kidsDiffer(let kids): [.init("kids", .array(kids.map(JSONValue.string)))]
    case .successorInUse(let next, let profiles):
      [.text("next", next), .init("profiles", .array(profiles.map(JSONValue.string)))]
    }
  }

  /// As `getToken` would say it, but for what is to be done where the successor is not known at the domain.
  static func successorRefused(_ successor: String, _ refusal: TokenFailure.Refusal) -> ResponseError {
    let plain = token(.refused(refusal))
    switch refusal.kind {
    case .invalidClient, .assertionRejected:
      return plain.hinting(
        "Import the certificate of \(successor) into the application under the alias \(successor), beside the old one, "
          + "and try again. Nothing was switched."
      )
    case .clientInactive, .invalidGrant, .invalidScope, .unauthorizedClient, .clockSkew, .rateLimited, .other:
      return plain
    }
  }

  private func hinting(_ hint: String) -> ResponseError {
    guard case .object(let members) = data else { return self }
    let changed = members.map { $0.name == "hint" ? JSONValue.Member("hint", .string(hint)) : $0 }
    return ResponseError(code: code, message: message, data: .object(changed))
  }
}
