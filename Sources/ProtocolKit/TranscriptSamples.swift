import JSON

extension ProtocolDescription {
  /// Values for the placeholders of a transcript when it is read, not replayed.
  func samples(for transcript: Transcript) -> Placeholders {
    var samples = Placeholders(fixtures.placeholders)
    for name in transcript.steps.flatMap(\.expect).flatMap(\.captures) {
      samples.set(name, to: Expectation.Matcher.sample(ofCapture: name))
    }
    return samples
  }
}

extension Expectation.Matcher {
  static func sample(ofCapture name: String) -> String { "\(name)-1" }
}

extension JSONValue {
  /// Names of what the value captures.
  fileprivate var captures: [String] {
    if case .capture(let name) = Expectation.Matcher(self) { return [name] }
    return ((elements ?? []) + (members ?? []).map(\.value)).flatMap(\.captures)
  }
}
