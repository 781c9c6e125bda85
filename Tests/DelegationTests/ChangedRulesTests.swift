import JSON
import TestSupport
import Testing

@testable import Delegation

/// Files that change while a sidecar runs: what is in memory, and what is under way.
struct ChangedRulesTests {
  private let profileFile = InMemoryGuardedFile("/config.json")
  private let policyFile = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]}}"#.utf8))
  private let bench: Bench

  init() async throws {
    bench = try await Bench(profileFile: profileFile, policyFile: policyFile)
    try save()
  }

  private func save(_ change: (inout Profile) -> Void = { _ in }) throws {
    profileFile.bytes = try JSONWriter.encode(ProfileFile(profiles: ["dev5": Samples.profile(change)]))
  }

  private func policy(_ text: String) { policyFile.bytes = Array(text.utf8) }

  private func permit(_ subject: String) throws(Failure) -> Authorization.Permit {
    try bench.domain.authorization.permit(profile: "dev5", subject: subject, userToken: nil, deadline: .now)
  }

  private func token(_ subject: String) async throws(Failure) -> TokenService.Answer {
    try await bench.tokens.token(TokenService.Request(try permit(subject)), for: RecordingCaller())
  }

  private func planTokens(_ subjects: String...) {
    for subject in subjects { bench.http.plan(200, Samples.grant(Samples.userToken(subject))) }
  }

  /// Any call by anybody notices.
  private func notice() { _ = try? bench.domain.authorization.rules(deadline: .now) }

  @Test(arguments: [
    (#"{"subjects":{"allow":["*"],"deny":["curtis.*"]}}"#, 1),
    (#"{"subjects":{"allow":["ap.*"]}}"#, 1),
    (#"{"subjects":{"allow":["*"],"deny":["*"]}}"#, 0),
    (#"{"subjects":{"allow":["*"]},"scopes":["other"]}"#, 0),
    (#"{"subjects":{"allow":["*"]},"agents":["HR_*"]}"#, 0),
    (#"{"subjects":{"allow":["*"]},"readOnly":true}"#, 0),
    (#"{"subjects":{"allow":["*"]},"readOnly":true,"rawCredentials":true}"#, 2),
    (#"{"subjects":{"allow":["*","ap.*"]}}"#, 2),
    ("{", 0),
  ])
  func tokensThatThePolicyFileRefusesAreDropped(_ text: String, _ kept: Int) async throws {
    planTokens("curtis.feitty", "ap.clerk")
    _ = try await token("curtis.feitty")
    _ = try await token("ap.clerk")
    policy(text)
    notice()
    #expect(bench.tokens.cache.count == kept)
  }

  @Test(
    arguments: [
      { $0.disabled = true }, { $0.policy.subjects.allow = ["ap.*"] }, { $0.policy.agents = ["*"] }, { $0.scope = "s" },
      { $0.name = "other" },
    ] as [@Sendable (inout Profile) -> Void]
  )
  func tokensOfAChangedProfileAreDropped(_ change: @Sendable (inout Profile) -> Void) async throws {
    planTokens("curtis.feitty")
    _ = try await token("curtis.feitty")
    try save()
    notice()
    #expect(bench.tokens.cache.count == 1)
    var changed = try Samples.profile()
    change(&changed)
    profileFile.bytes = try JSONWriter.encode(ProfileFile(profiles: [changed.name: changed]))
    notice()
    #expect(bench.tokens.cache.count == 0)
  }

  @Test func whoWasDeniedAndIsAllowedAgainGetsAnotherToken() async throws {
    planTokens("curtis.feitty", "curtis.feitty")
    _ = try await token("curtis.feitty")
    try save { $0.disabled = true }
    await #expect(throws: Failure.policy(.profileDisabled("dev5"))) { try await token("curtis.feitty") }
    try save()
    #expect(try await token("curtis.feitty").source == .exchange)
  }

  /// The rule is noticed by another call while the domain is asked, or by nobody until the token is there.
  @Test(arguments: [true, false]) func aTokenUnderWayIsNotHandedOut(noticed: Bool) async throws {
    let (domain, policyFile) = (bench.domain, policyFile)
    bench.http.plan { _ in
      policyFile.bytes = Array(#"{"subjects":{"allow":["ap.*"]}}"#.utf8)
      if noticed { _ = try? domain.authorization.rules(deadline: .now) }
      return .success(
        HTTPResponse(
          status: 200,
          headers: [],
          body: Array(Samples.grant(Samples.userToken("curtis.feitty")).utf8),
          date: nil
        )
      )
    }
    let denied = PolicyFailure.subjectDenied(
      rule: PolicyFailure.Rule(layer: "policy file", text: "no pattern of subjects.allow matches")
    )
    await #expect(throws: Failure.policy(denied)) { try await token("curtis.feitty") }
    #expect(bench.tokens.cache.count == 0)
    #expect(bench.http.requests.count == 1)
  }

  @Test func aTokenOfAProfileThatIsAnotherNowIsExchangedAnew() async throws {
    let profileFile = profileFile
    bench.http.plan { _ in
      var profile = try? Samples.profile()
      profile?.kid = "other-alias"
      profileFile.bytes = profile.flatMap { try? JSONWriter.encode(ProfileFile(profiles: ["dev5": $0])) }
      return .success(
        HTTPResponse(
          status: 200,
          headers: [],
          body: Array(Samples.grant(Samples.userToken("curtis.feitty")).utf8),
          date: nil
        )
      )
    }
    planTokens("curtis.feitty")
    #expect(try await token("curtis.feitty").source == .exchange)
    #expect(bench.http.requests.count == 2)
    #expect(bench.tokens.cache.count == 1)
  }

  /// A cached token is answered without reading; one look at each file decides.
  @Test func unchangedRulesNeedNoReading() async throws {
    let authorization = bench.domain.authorization
    #expect(authorization.unchangedRules == nil)
    notice()
    let reads = (profileFile.reads, policyFile.reads)
    let looks = (profileFile.looks, policyFile.looks)
    let rules = try #require(authorization.unchangedRules)
    _ = try authorization.permit(profile: "dev5", subject: "curtis.feitty", userToken: nil, under: rules)
    #expect((profileFile.reads, policyFile.reads) == reads)
    #expect((profileFile.looks, policyFile.looks) == (looks.0 + 1, looks.1 + 1))
    policy(#"{"subjects":{"allow":["a"]}}"#)
    #expect(authorization.unchangedRules == nil)
  }
}
