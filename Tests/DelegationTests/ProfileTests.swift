import Delegation
import JSON
import TestSupport
import Testing

struct ProfileTests {
  private func parse(_ value: JSONValue) throws(ProfileFailure) -> ProfileFile {
    try ProfileFile(parsing: ["profiles": ["dev5": value]], source: "test")
  }

  private func with(_ name: String, _ value: JSONValue?) -> JSONValue {
    guard case .object(var members) = Samples.profileJSON else { return .null }
    members.removeAll { $0.name == name }
    if let value { members.append(JSONValue.Member(name, value)) }
    return .object(members)
  }

  @Test func aValidProfileIsTakenWithCanonicalURLs() throws {
    let file = try parse(with("fusionUrl", "HTTPS://Pod.example:443/"))
    #expect(file.profiles["dev5"]?.fusionUrl == "https://pod.example")
  }

  @Test(
    arguments: [
      ("name", "other", "name"),
      ("identityDomainUrl", "https://x.example/oauth2", "identityDomainUrl"),
      ("identityDomainUrl", "http://x.example", "identityDomainUrl"),
      ("identityDomainUrl", 5, "identityDomainUrl"),
      ("clientId", "", "clientId"),
      ("clientId", "a\nb", "clientId"),
      ("clientAuthentication", "none", "clientAuthentication"),
      ("key", nil, "key"),
      ("key", "a/b", "key"),
      ("scope", "", "scope"),
      ("fusionUrl", nil, "fusionUrl"),
      ("audience", [], "audience"),
      ("audience", "x", "audience"),
      ("assertionLifetimeSeconds", 301, "assertionLifetimeSeconds"),
      ("assertionLifetimeSeconds", 0, "assertionLifetimeSeconds"),
      ("opaqueTokens", "maybe", "opaqueTokens"),
      ("caFile", "relative.pem", "caFile"),
      ("proxy", "proxy.example", "proxy"),
      ("keyIdleSeconds", 0, "keyIdleSeconds"),
      ("policy", nil, "policy"),
      ("policy", ["subjects": ["allow": []]], "policy.subjects.allow"),
      ("policy", ["subjects": [:]], "policy.subjects.allow"),
      ("policy", ["subjects": ["allow": ["*"], "denny": ["admin"]]], "policy.subjects.denny"),
      ("policy", ["subjects": ["allow": ["a b"]]], "policy.subjects.allow[0]"),
      ("policy", ["subjects": ["allow": ["*"], "deny": ["jose\u{301}"]]], "policy.subjects.deny[0]"),
      ("policy", ["subjects": ["allow": ["*"]], "extraClaims": ["sub"]], "policy.extraClaims[0]"),
      ("policy", Self.paths([["methods": ["GET"], "prefix": "x"]]), "policy.paths[0].prefix"),
      ("policy", Self.paths([["methods": ["GET"], "prefix": "/x?y"]]), "policy.paths[0].prefix"),
      ("policy", Self.paths([["methods": ["GET"], "prefix": "/x/%2e"]]), "policy.paths[0].prefix"),
      (
        "policy", Self.paths([["methods": ["*"], "prefix": "/api/fusion-ai/orchestrator/authz/"]]),
        "policy.paths[0].prefix"
      ),
      ("policy", Self.paths([["methods": ["get"], "prefix": "/x"]]), "policy.paths[0].methods"),
      ("policy", Self.paths([["methods": [], "prefix": "/x"]]), "policy.paths[0].methods"),
      ("policy", Self.paths([["methods": ["*", "GET"], "prefix": "/x"]]), "policy.paths[0].methods"),
      ("policy", Self.paths([["methods": ["GET"]]]), "policy.paths[0].prefix"),
      ("policy", Self.paths([["methods": ["GET"], "prefix": "/x", "not": 1]]), "policy.paths[0].not"),
      ("policy", ["subjects": ["allow": ["*"]], "readOnly": "yes"], "policy.readOnly"),
      ("polciy", [:], "polciy"),
      ("rateLimit", [:], "rateLimit.perSecond"),
      ("rateLimit", ["perSecond": 0, "perMinute": 250], "rateLimit.perSecond"),
      ("rateLimit", ["perSecond": 10, "perMinute": 60001], "rateLimit.perMinute"),
      ("rateLimit", ["perSecond": 10, "perMinute": 250, "perHour": 1], "rateLimit.perHour"),
      ("maxStaleSeconds", -1, "maxStaleSeconds"),
      ("apiScopes", [["pathPrefix": "/x"]], "apiScopes[0].scope"),
      ("apiScopes", [["pathPrefix": "x", "scope": "s"]], "apiScopes[0].pathPrefix"),
      ("apiScopes", [["pathPrefix": "/x", "scope": "a\nb"]], "apiScopes[0].scope"),
      ("apiScopes", [["pathPrefix": "/x", "scope": "s"], ["pathPrefix": "/x", "scope": "t"]], "apiScopes"),
    ] as [(String, JSONValue?, String)]
  )
  func aWrongFieldIsNamed(_ field: String, _ value: JSONValue?, _ named: String) {
    do {
      _ = try parse(with(field, value))
      Issue.record("taken")
    } catch ProfileFailure.invalid(_, let found, let problem) {
      #expect(found == named)
      #expect(!problem.isEmpty)
    } catch {
      Issue.record("\(error)")
    }
  }

  private static func paths(_ rules: JSONValue) -> JSONValue {
    ["subjects": ["allow": ["*"]], "paths": rules]
  }

  @Test(arguments: ["[]", "{", #"{"profile":{}}"#, #"{"profiles":[]}"#, #"{"profiles":{"a":1}}"#, ""])
  func aWrongFileIsAnErrorAndNeverAnEmptyList(_ text: String) {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json", bytes: Array(text.utf8)))
    #expect(throws: Failure.self) { try book.all(deadline: .now) }
    #expect(throws: Failure.self) { try book.current(deadline: .now).profile("a") }
  }

  @Test func theFileIsReadAgainWhenItChanges() throws {
    let file = InMemoryGuardedFile("/config.json")
    let book = ProfileBook(file: file)
    #expect(try book.all(deadline: .now).isEmpty)
    file.bytes = JSONValue.object([.init("profiles", ["dev5": Samples.profileJSON])]).serialized()
    #expect(try book.all(deadline: .now).map(\.name) == ["dev5"])
    file.bytes = Array("broken".utf8)
    #expect(throws: Failure.self) { try book.all(deadline: .now) }
  }

  @Test func aGivenProfileMayNotTakeASavedName() async throws {
    let file = InMemoryGuardedFile("/config.json")
    let book = ProfileBook(file: file)
    try await book.save(Samples.profile(), for: RecordingCaller())
    book.give(ProfileFile(profiles: ["dev5": try Samples.profile { $0.policy.subjects.allow = ["*"] }]))
    #expect(throws: Failure.self) { try book.current(deadline: .now).profile("dev5") }
  }

  @Test func theDefaultIsTheOneNamedElseTheOnlyOne() async throws {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    #expect(throws: Failure.profile(.notFound(name: nil, known: []))) { try book.current(deadline: .now).profile(nil) }
    try await book.save(Samples.profile(), for: RecordingCaller())
    #expect(try book.current(deadline: .now).profile(nil).name == "dev5")
    try await book.save(Samples.profile { $0.name = "prod" }, for: RecordingCaller())
    #expect(throws: Failure.profile(.notFound(name: nil, known: ["dev5", "prod"]))) {
      try book.current(deadline: .now).profile(nil)
    }
    book.give(ProfileFile(defaultProfile: "prod"))
    #expect(try book.current(deadline: .now).profile(nil).name == "prod")
  }

  @Test func whatIsSavedComesBackByteForByte() async throws {
    let file = InMemoryGuardedFile("/config.json")
    try await ProfileBook(file: file).save(Samples.profile(), for: RecordingCaller())
    #expect(try ProfileBook(file: file).named("dev5", deadline: .now) == Samples.profile().validated())
    try await ProfileBook(file: file).delete("dev5", for: RecordingCaller())
    await #expect(throws: Failure.profile(.notFound(name: "dev5", known: []))) {
      try await ProfileBook(file: file).delete("dev5", for: RecordingCaller())
    }
  }

  /// Another sidecar holds the lock of the file: nobody else waits, and nothing is committed meanwhile.
  @Test func aLockIsWaitedForWithoutAThread() async throws {
    let file = InMemoryGuardedFile("/config.json")
    let clock = ManualClock()
    let caller = RecordingCaller()
    file.failure = .lockTimedOut(path: "/config.json.lock")
    async let saved: Void = ProfileBook(file: file, clock: clock).save(Samples.profile(), for: caller)
    await clock.sleepers(atLeast: 1)
    #expect(caller.commits == 0)
    file.failure = nil
    clock.advance(by: .milliseconds(20))
    try await saved
    #expect(caller.commits == 1)
  }

  @Test func aLockIsNotWaitedForPastTheDeadline() async throws {
    let file = InMemoryGuardedFile("/config.json")
    let clock = ManualClock()
    let failure = FileFailure.lockTimedOut(path: "/config.json.lock")
    file.failure = failure
    await #expect(throws: Failure.file(failure, path: "/config.json")) {
      try await ProfileBook(file: file, clock: clock).save(Samples.profile(), for: RecordingCaller(deadline: clock.now))
    }
  }

  @Test func whoHasLeftSavesNothing() async throws {
    let file = InMemoryGuardedFile("/config.json")
    let caller = RecordingCaller()
    caller.leave()
    await #expect(throws: Failure.abandoned) {
      try await ProfileBook(file: file).save(Samples.profile(), for: caller)
    }
    #expect(file.bytes == nil)
  }

  @Test func aDisabledProfileIsNotUsed() async throws {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    try await book.save(Samples.profile { $0.disabled = true }, for: RecordingCaller())
    #expect(throws: Failure.policy(.profileDisabled("dev5"))) { try book.current(deadline: .now).profile("dev5") }
    #expect(try book.named("dev5", deadline: .now).disabled == true)
  }
}
