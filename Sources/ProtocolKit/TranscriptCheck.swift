import JSON

/// What must hold of every transcript: fixtures that exist, params and results that the schemas know, kinds that can
/// occur.
struct TranscriptCheck {
  private let description: ProtocolDescription

  init(_ description: ProtocolDescription) { self.description = description }

  func problems(in transcript: Transcript, of method: MethodEntry) -> [String] {
    let names = transcript.steps.compactMap { $0.send["method"]?.string }
    let samples = description.samples(for: transcript)
    return unknownFixtures(transcript.given)
      + (names.contains(method.name) ? [] : ["it does not send \(method.name)"])
      + transcript.steps.map { $0.filled(samples) }.flatMap(problems)
  }

  private func unknownFixtures(_ given: Transcript.Given) -> [String] {
    let fixtures = description.fixtures
    let unknown =
      (fixtures.store[given.store] == nil ? [given.store] : [])
      + given.keys.filter { fixtures.keys[$0] == nil }
      + given.profiles.filter { fixtures.profiles[$0] == nil }
      + [given.policy].compactMap(\.self).filter { fixtures.policies[$0] == nil }
      + given.faults.filter { fixtures.faults[$0] == nil }
    return unknown.map { "\($0) is no fixture" }
  }

  func problems(in step: Transcript.Step) -> [String] {
    guard let name = step.send["method"]?.string else { return ["a message has no method"] }
    if let unknown = ([step.send] + step.expect).first(where: { $0.text.contains("${") }) {
      return ["\(unknown.text) has a placeholder that is not known"]
    }
    guard let method = description.methods.first(where: { $0.name == name }) else {
      let isKnown = description.notifications.contains { $0.name == name } || step.send["id"] == nil
      return isKnown || kind(of: step.answer) == "method_not_found" ? [] : ["\(name) is no method"]
    }
    return errorProblems(step.answer, of: method) + resultProblems(step.answer, of: method)
      + paramsProblems(step, of: method)
  }

  /// Params that a refusal is expected for may be wrong.
  private func paramsProblems(_ step: Transcript.Step, of method: MethodEntry) -> [String] {
    let refusals = ["invalid_params", "profile_invalid"]
    if let kind = kind(of: step.answer), refusals.contains(kind) { return [] }
    let given = step.send["params"] ?? [:]
    let params: JSONValue = given == nil || given == [] ? [:] : given
    let problem = SchemaValidator(types: description.types)
      .problem(with: params, against: method.completeParams.whole, at: "params")
    return problem.map { ["\(method.name): \($0)"] } ?? []
  }

  private func errorProblems(_ answer: JSONValue?, of method: MethodEntry) -> [String] {
    guard let error = answer?["error"] else { return [] }
    guard let name = kind(of: answer), let kind = description.errors[name] else {
      return ["an expected error has no known kind"]
    }
    var problems: [String] = []
    if error["code"] != .number(JSONNumber(kind.code)) { problems.append("the code of \(name) is \(kind.code)") }
    if kind.anyMethod != true, !method.errors.contains(name) { problems.append("\(method.name) does not list \(name)") }
    let data = SchemaValidator(types: description.types, reading: .excerpt)
      .problem(with: error["data"] ?? [:], against: ["$ref": "types.json#/ErrorData"], at: "data")
    return problems + (data.map { [$0] } ?? [])
  }

  private func resultProblems(_ answer: JSONValue?, of method: MethodEntry) -> [String] {
    guard let result = answer?["result"] else { return [] }
    let problem = SchemaValidator(types: description.types, reading: .excerpt)
      .problem(with: result, against: method.result, at: "result")
    return problem.map { ["\(method.name): \($0)"] } ?? []
  }

  private func kind(of answer: JSONValue?) -> String? { answer?["error"]?["data"]?["kind"]?.string }
}
