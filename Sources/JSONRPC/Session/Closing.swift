import Synchronization

/// The ways a session comes to its end.
extension Dispatcher {
  /// Nothing more is read; what was asked is finished, each request within its own deadline.
  func drain(as ending: Ending) {
    sessionEnd.drain(as: ending)
    settle()
  }

  /// Nothing more is read; what was asked is abandoned. Has ended after that time even if the client does not read.
  func close(as ending: Ending, within time: Duration) {
    guard sessionEnd.close(as: ending) else { return }
    _ = deadlines.schedule(at: deadlines.now + time) { [weak self] in self?.endNow() }
    // Half of the time for results behind their commit point, half for the client to read what it is told.
    abandonAll(patience: min(Self.patience, time / 2))
    output.appetiteChanged()
    settle()
  }

  /// The client no longer reads.
  func breakOutput() {
    outbox.fail()
    close(as: .outputBroken, within: Self.patience * 2)
    settle()
  }

  /// Ends the session if it is on its way to the end and all is answered and written.
  func settle() {
    let hasEnded = sessionEnd.settle { outbox.isFlushed && table.withLock { $0.unanswered == 0 } }
    if hasEnded { output.appetiteChanged() }
  }

  private func endNow() {
    sessionEnd.settle { true }
    outbox.fail()
    output.appetiteChanged()
  }
}
