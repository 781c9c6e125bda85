/// One entry of `paths`: these methods, on this path and what is below it.
package struct PathRule: Codable, Sendable, Equatable {
  /// Names of methods, or `*` alone.
  package var methods: [String]
  package var prefix: String

  package init(methods: [String], prefix: String) {
    self.methods = methods
    self.prefix = prefix
  }

  static let anyMethod = "*"

  /// A rule reaches into the orchestrator only when its own prefix is there.
  func matches(_ method: RequestMethod, _ path: RequestPath) -> Bool {
    guard methods == [Self.anyMethod] || methods.contains(method.rawValue), path.isAt(orBelow: prefix) else {
      return false
    }
    return !path.isOrchestrator || (try? RequestPath(prefix))?.isOrchestrator == true
  }

  /// As `explain` and errors name it.
  var text: String { "\(methods.joined(separator: ",")) \(prefix)" }

  func check(field: String) throws(ParamsFailure) {
    let known = RequestMethod.allCases.map(\.rawValue)
    let areKnown = methods == [Self.anyMethod] || (!methods.isEmpty && methods.allSatisfy(known.contains))
    guard areKnown, Set(methods).count == methods.count else {
      throw ParamsFailure("\(field).methods", "must be [\"*\"] or a list of \(known.joined(separator: ", "))")
    }
    try Self.checkPrefix(prefix, field: "\(field).prefix")
  }

  static func checkPrefix(_ prefix: String, field: String) throws(ParamsFailure) {
    let path: RequestPath
    do { path = try RequestPath(prefix) } catch { throw ParamsFailure(field, error.text) }
    guard path.query.isEmpty else { throw ParamsFailure(field, "must hold no query") }
    guard !path.isSealed else {
      throw ParamsFailure(field, "must not be authz or credentials of the orchestrator, which stay closed")
    }
  }
}
