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
    guard let error = answer.error else {
      errorKind = nil
      return
    }
    if case .string(let kind) = error.data?["kind"] { errorKind = kind } else { errorKind = "\(error.code)" }
  }
}

extension AnsweredRequest: CustomStringConvertible {
  package var description: String {
    "\(method) \(errorKind.map { "failed, \($0)," } ?? "answered") after \(elapsed.wholeMilliseconds) ms"
  }
}
