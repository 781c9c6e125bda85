import JSON

/// What must hold in `protocol/` beyond the shape of each file.
struct ProtocolCheck {
  private let description: ProtocolDescription

  init(_ description: ProtocolDescription) { self.description = description }

  func problems(files: Set<String>) -> [ProtocolProblem] {
    description.methods.flatMap { method in
      let file = "methods/\(method.name).json"
      guard files.contains(file) else {
        return [ProtocolProblem(file: "methods", problem: "there is no \(method.name).json of that name")]
      }
      return methodProblems(method).map { ProtocolProblem(file: file, problem: $0) }
    }
      + description.notifications.flatMap { notification in
        SchemaCheck(description.types).problems(in: notification.params, named: "params")
          .map { ProtocolProblem(file: "notifications", problem: "\(notification.name): \($0)") }
      }
      + typeProblems.map { ProtocolProblem(file: "types.json", problem: $0) }
      + errorProblems.map { ProtocolProblem(file: "errors.json", problem: $0) }
      + description.faults.problems(description.errors, description.methods)
      .map { ProtocolProblem(file: "vectors/faults.json", problem: $0) }
      + fixtureProblems.map { ProtocolProblem(file: "vectors/transcripts/fixtures.json", problem: $0) }
  }

  private func methodProblems(_ method: MethodEntry) -> [String] {
    let schemas = SchemaCheck(description.types)
    let transcripts = TranscriptCheck(description)
    var problems = schemas.problems(in: method.params, named: "params")
    problems += schemas.problems(in: method.result, named: "result")
    problems += method.errors.filter { description.errors[$0] == nil }.map { "errors.json has no kind \($0)" }
    problems += method.errors.filter { description.errors[$0]?.anyMethod == true }
      .map { "\($0) can occur with any method and is not listed" }
    if method.admin != method.errors.contains("admin_required") {
      problems.append("admin and the kind admin_required go together")
    }
    if method.transcripts.isEmpty { problems.append("there is no transcript") }
    return problems
      + method.transcripts.flatMap { transcript in
        transcripts.problems(in: transcript, of: method).map { "transcript \"\(transcript.name)\": \($0)" }
      }
  }

  private var typeProblems: [String] {
    (description.types.members ?? []).flatMap { type in
      SchemaCheck(description.types).problems(in: type.value, named: type.name)
        + (type.value["description"] == nil ? ["\(type.name) has no description"] : [])
    }
  }

  private var fixtureProblems: [String] {
    let samples = Placeholders(description.fixtures.placeholders)
    func problems(in fixtures: [String: JSONValue], of type: String) -> [String] {
      fixtures.sorted { $0.key < $1.key }.compactMap { name, fixture in
        SchemaValidator(types: description.types)
          .problem(with: samples.filling(fixture), against: ["$ref": .string("types.json#/\(type)")], at: name)
      }
    }
    let requests = description.fixtures.keys.sorted { $0.key < $1.key }.map(\.value)
    return problems(in: description.fixtures.profiles, of: "Profile")
      + problems(in: description.fixtures.policies, of: "Policy")
      + requests.flatMap {
        TranscriptCheck(description).problems(in: Transcript.Step(send: $0, expect: []).filled(samples))
      }
  }

  private var errorProblems: [String] {
    let kinds = description.errors.kinds
    let families = Set(description.errors.families.map(\.family))
    let used = Set(description.methods.flatMap(\.errors))
    return kinds.flatMap { kind in
      var problems: [String] = []
      if kinds.count(where: { $0.kind == kind.kind }) > 1 { problems.append("\(kind.kind) is there twice") }
      if !families.contains(kind.family) { problems.append("\(kind.kind) is of no known family") }
      // explain answers with kinds instead of failing with them.
      let isTold = description.methods.contains { $0.result.text.contains("\"\(kind.kind)\"") }
      if kind.anyMethod != true, kind.kind != "method_not_found", !used.contains(kind.kind), !isTold {
        problems.append("\(kind.kind) can occur with no method")
      }
      return problems
    }
  }
}
