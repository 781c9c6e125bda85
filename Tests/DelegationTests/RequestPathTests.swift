import Delegation
import Testing

struct RequestPathTests {
  @Test(arguments: [
    "/", "/a", "/a/", "/fscmRestApi/resources/11.13.18.05/invoices", "/a/b?c=//../%2F", "/a?b", "/a?b?c/d;e",
    "/a/...", "/a/.b", "/a/b..", "/caf%C3%A9", "/a%20b", "/a%3Fb", "/a%23", "/!$&'()*+,=:@~-_",
  ])
  func takesWhatEverybodyReadsAlike(_ text: String) throws { _ = try RequestPath(text) }

  @Test(arguments: [
    "", "a", "?", "*", "//", "/a?", "//host/a", "/a//b", "/a//", "/.", "/..", "/a/.", "/a/..", "/a/../b", "/./a",
    "/a\\b",
    "/a b", "/a\n", "/a\u{0}", "/a\u{7f}", "/caf\u{e9}", "/a#b", "/a?b#c", "/a?b c", "/%2e", "/%2E%2e/x", "/a%2fb",
    "/a%2Fb",
    "/a%5cb", "/a%5Cb", "/a%00", "/a%0A", "/a%7F", "/%61uthz", "/a%7E", "/%c3%a9", "/%", "/%4", "/%zz", "/a%", "/%252F",
    "/%C0%AF", "/%C0%AE%C0%AE/a", "/%FF", "/a;b", "/..;/a", "/a%3Bb", "/a\"", "/<a>", "/[a]", "/{a}", "/a|b", "/a^b",
    "/a`b", "/a?b\\c", "/a?%zz", "/a?%2f",
    "http://host/a",
  ])
  func refusesEverythingElse(_ text: String) { #expect(throws: FieldProblem.self) { try RequestPath(text) } }

  @Test func lengthIsBounded() throws {
    _ = try RequestPath("/" + String(repeating: "a", count: RequestPath.maximumLength - 1))
    #expect(throws: FieldProblem.self) {
      try RequestPath("/" + String(repeating: "a", count: RequestPath.maximumLength))
    }
  }

  @Test(arguments: [
    ("/fscmRestApi/resources", "/fscmRestApi/resources", true),
    ("/fscmRestApi/resources", "/fscmRestApi/resources/x", true),
    ("/fscmRestApi/resources", "/fscmRestApi/resources?x=1", true),
    ("/fscmRestApi/resources", "/fscmRestApi/resources/?x=1", true),
    ("/fscmRestApi/resources", "/fscmRestApi/resourcesX", false),
    ("/fscmRestApi/resources", "/fscmrestapi/resources", false),
    ("/fscmRestApi/resources", "/fscmRestApi", false),
    ("/fscmRestApi/", "/fscmRestApi/x", true),
    ("/fscmRestApi/", "/fscmRestApi/", true),
    ("/fscmRestApi/", "/fscmRestApi", false),
    ("/", "/anything", true),
    ("/a%20b", "/a%20b/c", true),
  ])
  func isMatchedAtSegments(_ prefix: String, _ path: String, _ expected: Bool) throws {
    #expect(try RequestPath(path).isAt(orBelow: prefix) == expected)
  }

  /// The reference compares lists of segments.
  @Test func agreesWithSegments() {
    var random = SystemRandomNumberGenerator()
    var compared = 0
    for _ in 0..<5000 {
      let path = word("//aab", 1...8, &random)
      let prefix = "/" + word("//aab", 0...5, &random)
      guard let parsed = try? RequestPath(path) else { continue }
      compared += 1
      var wanted = prefix.split(separator: "/", omittingEmptySubsequences: false)
      let found = path.split(separator: "/", omittingEmptySubsequences: false)
      let isBelow = wanted.last == "" && wanted.count <= found.count
      if isBelow { wanted.removeLast() }
      let expected = found.starts(with: wanted)
      #expect(parsed.isAt(orBelow: prefix) == expected, "\(prefix) \(path)")
    }
    #expect(compared > 500)
  }

  /// Dot segments (RFC 3986 section 5.2.4), escapes of plain characters and in lower case (section 6.2.2): whatever is
  /// taken stays as it is.
  @Test func normalisingChangesNothing() {
    var random = SystemRandomNumberGenerator()
    var taken = 0
    for _ in 0..<20_000 {
      let text = "/" + word("/..a%25eEfF;A~", 0...8, &random)
      guard let path = try? RequestPath(text) else { continue }
      taken += 1
      #expect(normalised(path.bytes) == path.bytes, "\(text)")
    }
    #expect(taken > 500)
  }

  private func normalised(_ path: [UInt8]) -> [UInt8] {
    var decoded: [UInt8] = []
    var rest = path[...]
    while let byte = rest.popFirst() {
      let digits = String(decoding: rest.prefix(2), as: UTF8.self)
      guard byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
        decoded.append(byte)
        continue
      }
      rest = rest.dropFirst(2)
      let scalar = Unicode.Scalar(value)
      let isPlain =
        scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar))
      decoded += isPlain ? [value] : Array("%\(digits.uppercased())".utf8)
    }
    var kept: [String] = []
    let segments = String(decoding: decoded, as: UTF8.self).split(separator: "/", omittingEmptySubsequences: false)
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        if kept.count > 1 { kept.removeLast() }
        if isLast { kept.append("") }
      default: kept.append(String(segment))
      }
    }
    return Array(kept.joined(separator: "/").utf8)
  }

  private func word(_ alphabet: String, _ length: ClosedRange<Int>, _ random: inout some RandomNumberGenerator)
    -> String
  {
    String((0..<Int.random(in: length, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) })
  }
}

struct PathRuleTests {
  private func layers(_ rules: [PathRule]?, file: [PathRule]? = nil) throws -> PolicyLayers {
    var policy = Policy(subjects: Policy.Subjects(allow: ["*"]))
    policy.paths = file
    return PolicyLayers(policyFile: policy, profile: try Samples.profile { $0.policy.paths = rules })
  }

  private func any(_ prefix: String) -> PathRule { PathRule(methods: ["*"], prefix: prefix) }

  @Test func methodsAreThoseOfTheRule() throws {
    let layers = try layers([PathRule(methods: ["GET", "PATCH"], prefix: "/a")])
    try layers.permit(.get, RequestPath("/a/b"))
    try layers.permit(.patch, RequestPath("/a"))
    #expect(throws: PolicyFailure.self) { try layers.permit(.head, RequestPath("/a")) }
    #expect(throws: PolicyFailure.self) { try layers.permit(.get, RequestPath("/b")) }
  }

  @Test func everyLayerMustAllow() throws {
    let layers = try layers([any("/a")], file: [any("/a/b")])
    try layers.permit(.get, RequestPath("/a/b/c"))
    #expect(throws: PolicyFailure.self) { try layers.permit(.get, RequestPath("/a/c")) }
  }

  private static let orchestrator = "/api/fusion-ai/orchestrator"

  @Test(arguments: ["", "/", "/agent/v2/X/invokeAsync", "?x=1"])
  func theOrchestratorIsClosedUnlessNamed(_ tail: String) throws {
    for prefix in [Self.orchestrator, "/API/Fusion-AI/Orchestrator"] {
      let path = try RequestPath(prefix + tail)
      for rules in [nil, [any("/")], [any("/api")], [any("/api/fusion-ai/")]] {
        #expect(throws: PolicyFailure.self) { try layers(rules).permit(.get, path) }
        #expect(throws: PolicyFailure.self) { try layers([any(prefix)], file: [any("/")]).permit(.get, path) }
      }
      try layers([any(prefix)]).permit(.get, path)
      try layers([any(prefix)], file: [any("/"), any(prefix)]).permit(.get, path)
      #expect(throws: PolicyFailure.self) { try layers(nil, file: [any(prefix)]).permit(.get, path) }
    }
    try layers(nil).permit(.get, RequestPath(Self.orchestrator + "2/x"))
  }

  /// Who limits agents does not open all of them by another way.
  @Test func limitedAgentsCloseItToo() throws {
    var policy = Policy(subjects: Policy.Subjects(allow: ["*"]))
    policy.agents = ["A"]
    let profile = try Samples.profile { $0.policy.paths = [any(Self.orchestrator), any("/fscmRestApi")] }
    let path = try RequestPath("\(Self.orchestrator)/agent/v2/B/invokeAsync")
    #expect(throws: PolicyFailure.self) {
      try PolicyLayers(policyFile: policy, profile: profile).permit(.post, path)
    }
    policy.paths = [any(Self.orchestrator)]
    try PolicyLayers(policyFile: policy, profile: profile).permit(.post, path)
    policy.paths = nil
    try PolicyLayers(policyFile: policy, profile: profile).permit(.post, RequestPath("/fscmRestApi"))
  }

  /// `ſ` (U+017F) is an `S` to who ignores case, and `ﬆ` (U+FB06) is `ST`; an escaped `?` or `#` ends a path for some.
  @Test(arguments: [
    "/api/fu%C5%BFion-ai/orchestrator", "/api/fusion-ai/orche%EF%AC%86rator/agent", "/api/fusion-ai/orchestrator%3Fx",
    "/api/fusion-ai/orchestrator%23x", "/API/FUSION-AI/ORCHESTRATOR/x%3F",
  ])
  func itIsClosedInEveryReading(_ text: String) throws {
    #expect(try RequestPath(text).isOrchestrator)
    #expect(throws: PolicyFailure.self) { try layers(nil).permit(.get, RequestPath(text)) }
  }

  @Test(arguments: ["auth%3Fz", "authz%3Fx", "authz%23/x", "credential%C5%BF/v1", "AUTHZ/%3F"])
  func aSealIsSoToo(_ tail: String) throws {
    #expect(try RequestPath("\(Self.orchestrator)/\(tail)").isSealed == (tail != "auth%3Fz"))
  }

  @Test(arguments: ["authz", "authz/", "authz/v1/tokens", "credentials/v1", "Authz/v1", "CREDENTIALS"])
  func someOfItStaysClosed(_ tail: String) throws {
    let path = try RequestPath("\(Self.orchestrator)/\(tail)")
    for rules in [nil, [any("/")], [any(Self.orchestrator)], [any("\(Self.orchestrator)/")]] {
      #expect(throws: PolicyFailure.self) { try layers(rules).permit(.get, path) }
    }
    try layers([any(Self.orchestrator)]).permit(.get, RequestPath("\(Self.orchestrator)/authzX"))
  }
}
