package import JSON

/// One piece of work that several may wait for, as the work sees it.
///
/// Until it departs it is given up when nobody waits any more: its task is cancelled and the next who asks begins
/// another. From there on it is done to its end, whoever is left.
package struct Flight: Sendable {
  private let departure: @Sendable () -> Bool
  private let stop: @Sendable () -> Bool
  private let patience: @Sendable () -> ContinuousClock.Instant?
  private let watch: @Sendable (_ change: (@Sendable () -> Void)?) -> Bool
  private let telling: @Sendable (String, JSONValue?) -> Void

  init(
    depart: @escaping @Sendable () -> Bool,
    stop: @escaping @Sendable () -> Bool,
    patience: @escaping @Sendable () -> ContinuousClock.Instant?,
    watch: @escaping @Sendable (_ change: (@Sendable () -> Void)?) -> Bool,
    tell: @escaping @Sendable (String, JSONValue?) -> Void
  ) {
    departure = depart
    self.stop = stop
    self.patience = patience
    self.watch = watch
    telling = tell
  }

  /// Work for one, who ends it by cancelling the task.
  package init(deadline: ContinuousClock.Instant, tell: @escaping @Sendable (String, JSONValue?) -> Void = { _, _ in })
  {
    self.init(depart: { true }, stop: { true }, patience: { deadline }, watch: { _ in true }, tell: tell)
  }

  /// To be called before what is worth finishing even for nobody.
  ///
  /// - Throws: `.abandoned` when everybody has left already.
  func depart() throws(Failure) { guard departure() else { throw .abandoned } }

  /// To be called before waiting once more: from here on it is given up again when nobody waits.
  ///
  /// - Throws: `.abandoned` when everybody has left already.
  func wait() throws(Failure) { guard stop() else { throw .abandoned } }

  /// When the last of those who wait now will have gone; nil when nobody does.
  var deadline: ContinuousClock.Instant? { patience() }

  /// False for what was begun for whoever will ask, until somebody does.
  var isAwaited: Bool { watch(nil) }

  /// Calls `change` once, as soon as somebody waits; at once when somebody does.
  func whenAwaited(_ change: @escaping @Sendable () -> Void) { if watch(change) { change() } }

  /// Progress for all who wait, and for those who come while it is the latest; `detail` is also what the error says should
  /// they leave now.
  func report(_ message: String, detail: JSONValue? = nil) { telling(message, detail) }
}

/// Who has something of their own to say should they leave: only progress reaches them.
struct ListeningCaller: Caller {
  let caller: any Caller

  init(_ caller: any Caller) { self.caller = caller }

  var deadline: ContinuousClock.Instant { caller.deadline }
  func passCommitPoint() throws(CancellationError) { try caller.passCommitPoint() }
  func leaveCommitPoint() { caller.leaveCommitPoint() }
  func onAbandon(_ detail: JSONValue) {}
  func report(_ message: String, detail: JSONValue?) { caller.report(message, detail: detail) }
  func stream(_ message: String, detail: JSONValue) async { await caller.stream(message, detail: detail) }
}

/// Who waits, and hears nothing meanwhile.
struct SilentCaller: Caller {
  let deadline: ContinuousClock.Instant

  func passCommitPoint() {}
  func leaveCommitPoint() {}
  func onAbandon(_ detail: JSONValue) {}
  func report(_ message: String, detail: JSONValue?) {}
  func stream(_ message: String, detail: JSONValue) {}
}
