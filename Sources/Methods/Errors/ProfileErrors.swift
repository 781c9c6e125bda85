import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func profile(_ failure: ProfileFailure) -> ResponseError {
    switch failure {
    case .notFound(let name?, let known):
      ResponseError(
        .profileNotFound,
        "There is no profile \(name).",
        hint: known.isEmpty
          ? "There are no profiles; save one with saveProfile, or give it at initialize."
          : "The profiles are \(known.prefix(20).joined(separator: ", ")).",
        detail: [.text("profile", name)]
      )
    case .notFound(nil, let known):
      ResponseError(
        .profileNotFound,
        "No profile was named, and there is no default.",
        hint: known.isEmpty
          ? "Save a profile with saveProfile, or give one at initialize."
          : "Send profile: one of \(known.prefix(20).joined(separator: ", ")); or set defaultProfile."
      )
    case .invalid(let profile, let field, let problem):
      ResponseError(
        .profileInvalid,
        "The profile \(profile) cannot be used: \(field.isEmpty ? "it" : field) \(problem).",
        hint: "Correct the field. Until then the profile is not used at all.",
        detail: [.text("profile", profile), .text("field", field)]
      )
    }
  }

  /// Trouble with the profile file itself.
  static func file(_ failure: FileFailure, path: String) -> ResponseError {
    let hint =
      switch failure {
      case .unsafe: "Make the named path yours alone: chown it and chmod go-w it."
      case .tooLarge: "Delete profiles that are not used."
      case .lockTimedOut: "Another sidecar is writing; try again."
      case .unsettled: "Look with getProfile what the file holds now, and at the disk."
      case .system, .refused: "Make the file readable and writable for this user, or name another with --config."
      }
    let passesByItself = if case .lockTimedOut = failure { true } else { false }
    return ResponseError(
      .profileInvalid,
      "The profile file \(path) cannot be used: \(failure).",
      retryable: passesByItself,
      hint: hint,
      detail: [.text("path", path)]
    )
  }
}
