/// What a session has done so far.
package struct Statistics: Sendable, Equatable {
  package struct Method: Sendable, Equatable {
    /// Answers given.
    package var count: Int
    /// Those of them that were errors.
    package var errors: Int

    package init(count: Int = 0, errors: Int = 0) {
      self.count = count
      self.errors = errors
    }
  }

  /// Requests not answered yet.
  package var inFlight: Int
  /// By name; methods that were never called, or do not exist, are absent.
  package var methods: [String: Method]

  package init(inFlight: Int = 0, methods: [String: Method] = [:]) {
    self.inFlight = inFlight
    self.methods = methods
  }

  mutating func count(_ method: String, _ answer: Answer) {
    methods[method, default: Method()].count += 1
    if answer.error != nil { methods[method, default: Method()].errors += 1 }
  }
}
