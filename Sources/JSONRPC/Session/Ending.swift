/// How a session came to its end.
package enum Ending: Sendable, Equatable {
  /// The input ended between two messages, and what was asked has been answered.
  case endOfInput
  case exitAfterShutdown
  case exitWithoutShutdown
  /// The input ended inside a message, or cannot be cut into messages.
  case brokenInput
  /// The client no longer reads.
  case outputBroken
  /// The process was told to end: a signal, or the death of its host.
  case ended

  package var exitCode: Int32 {
    switch self {
    case .endOfInput, .exitAfterShutdown, .ended: 0
    case .exitWithoutShutdown, .brokenInput, .outputBroken: 1
    }
  }
}
