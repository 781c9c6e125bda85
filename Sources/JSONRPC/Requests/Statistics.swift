/// What a session has done so far.
package struct Statistics: Sendable, Equatable {
  package struct Method: Sendable, Equatable {
    /// Answers given.
    package var count = 0
    /// Those of them that were errors.
    package var errors = 0
  }

  /// Requests not answered yet.
  package var inFlight = 0
  /// By name; methods that were never called, or do not exist, are absent.
  package var methods: [String: Method] = [:]

  mutating func count(_ method: String, _ answer: Answer) {
    methods[method, default: Method()].count += 1
    if answer.error != nil { methods[method, default: Method()].errors += 1 }
  }
}
