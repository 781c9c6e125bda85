import JSON

/// A request and its answer, for readers: placeholders filled, values that vary shown as `…`.
struct MethodExample {
  let name: String
  let params: JSONValue
  let result: JSONValue

  /// The first request of the method's transcripts that gets a result.
  init?(of method: MethodEntry, _ description: ProtocolDescription) {
    for transcript in method.transcripts {
      let samples = description.samples(for: transcript)
      for step in transcript.steps where step.send["method"]?.string == method.name {
        guard let result = step.answer?["result"] else { continue }
        name = transcript.name
        params = samples.filling(step.send["params"] ?? [:])
        self.result = Self.shown(samples.filling(result))
        return
      }
    }
    return nil
  }

  /// Matchers stand for values that differ from run to run.
  private static func shown(_ value: JSONValue) -> JSONValue {
    if let matcher = Expectation.Matcher(value) { return matcher.sample }
    return switch value {
    case .object(let members): .object(members.map { JSONValue.Member($0.name, shown($0.value)) })
    case .array(let elements): .array(elements.map(shown))
    case .null, .bool, .number, .string: value
    }
  }
}

extension Expectation.Matcher {
  fileprivate var sample: JSONValue {
    switch self {
    case .any("integer"), .any("number"): 0
    case .any("boolean"): true
    case .any("array"): ["…"]
    case .any("object"): ["…": "…"]
    case .any, .pattern: "…"
    case .capture(let name): .string(Self.sample(ofCapture: name))
    }
  }
}
