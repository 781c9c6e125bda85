package import JSON

/// The one who waits for an answer: how long, whether still, and what they may be told meanwhile.
package protocol Caller: Sendable {
  /// When the answer is of no more use.
  var deadline: ContinuousClock.Instant { get }

  /// Called right before what cannot be taken back: the bytes of a POST that is not idempotent, a store write.
  ///
  /// From here on a cancellation waits for the true result, 2 s at most.
  /// - Throws: `CancellationError` when the caller has left already; then nothing may be begun.
  func passCommitPoint() throws(CancellationError)

  /// Undoes `passCommitPoint` once the outcome is known and there is nothing to lose any more (a run that is polled).
  func leaveCommitPoint()

  /// What the error says, as `data.detail`, should the caller leave or the deadline pass from now on.
  func onAbandon(_ detail: JSONValue)

  /// Tells how far the work is. Dropped when nobody asked for progress.
  func report(_ message: String, detail: JSONValue?)

  /// Tells a piece of streamed text. Each one arrives, in order; waits while the client does not read.
  ///
  /// Returns at once when nobody asked for progress, or the caller has been answered.
  func stream(_ message: String, detail: JSONValue) async
}
