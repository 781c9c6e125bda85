/// Why a step of a rotation does not fit what is there. Nothing was changed.
package enum RotationConflict: Sendable, Equatable {
  /// `try`, `finish` and `abort` need a successor, which `start` makes.
  case notStarted
  /// The key is itself made to succeed another, and is not in use yet.
  case isSuccessor(of: String)
  case isRetired(successor: String)
  /// `try` after `finish`: what it would try is in use.
  case isFinished(successor: String)
  /// The key that succeeded it has been deleted.
  case successorGone(String)
  /// The successor is being rotated itself, or has been.
  case successorMovedOn(String)
  case severalSuccessors([String])
  /// `start` again asks for something else than the successor that is there.
  case otherSuccessor(String, differsIn: String)
  /// The two keys sign for different clients.
  case bindingsDiffer(successor: String)
  /// A key that signs for nobody has no certificate to overlap with.
  case isUnbound
  /// Profiles name several certificate aliases for the one certificate of the key, so the way back would be lost.
  case kidsDiffer([String])
  /// `abort` would delete a key that saved profiles name.
  case successorInUse(String, profiles: [String])
}
