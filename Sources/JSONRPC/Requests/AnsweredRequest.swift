import JSON

/// What a log may say of a request that has been answered: never what was in it.
package struct AnsweredRequest: Sendable, Equatable {
  package let method: String
  /// `error.data.kind`, or nil for a result.
  package let errorKind: String?
  /// From its arrival to its answer, waiting in queues included.
  package let elapsed: Duration

  init(method: String, answer: Answer, elapsed: Duration) {
    self.method = method
    self.elapsed = elapsed
    errorKind = answer.error?.kind
  }
}

extension AnsweredRequest: CustomStringConvertible {
  package var description: String {
    "\(method) \(errorKind.map { "failed, \($0)," } ?? "answered") after \(elapsed.wholeMilliseconds) ms"
  }
}
