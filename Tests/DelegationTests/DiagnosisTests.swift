import Delegation
import TestSupport
import Testing

struct DiagnosisTests {
  private func diagnosis(
    _ bench: Bench,
    profiles: ProfileBook,
    policy: (any GuardedFile)? = nil,
    store: (any SecretStore)? = nil
  ) -> Diagnosis {
    var ports = bench.ports
    ports.store = store ?? bench.store
    return Diagnosis(
      authorization: Authorization(profiles: profiles, policy: PolicyBook(file: policy)),
      mint: bench.mint,
      exchange: bench.tokens.exchange,
      ports: ports,
      explain: { ("failed: \($0)", "mend it") }
    )
  }

  private func book(_ profile: Profile?) async throws -> ProfileBook {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    if let profile { try await book.save(profile, for: RecordingCaller()) }
    return book
  }

  private func statuses(_ checks: [Check]) -> [String] { checks.map { "\($0.id.rawValue) \($0.status.rawValue)" } }

  private let request = Diagnosis.Request(profile: nil, subject: "curtis.feitty", userToken: nil, online: true)

  @Test func everythingWorks() async throws {
    let bench = try await Bench()
    bench.http.plan(200, "{}", date: bench.wallClock.now())
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    let checks = await diagnosis(bench, profiles: try await book(Samples.profile())).run(
      request,
      deadline: .now + .seconds(9)
    )
    #expect(
      statuses(checks) == [
        "configuration pass", "store pass", "key pass", "certificate pass", "clock pass", "client pass", "token pass",
      ]
    )
    #expect(bench.store.names(of: .trial, deadline: .now).isEmpty)
  }

  @Test func almostEverythingIsBroken() async throws {
    let bench = try await Bench()
    let checks = await diagnosis(bench, profiles: try await book(nil), store: BrokenStore()).run(
      request,
      deadline: .now
    )
    #expect(
      statuses(checks) == [
        "configuration fail", "store fail", "key skip", "certificate skip", "clock skip", "client skip", "token skip",
      ]
    )
    #expect(checks.filter { $0.status == .fail }.allSatisfy { $0.hint == "mend it" })
    #expect(bench.http.requests.isEmpty)
  }

  @Test(arguments: [(0, "pass"), (59, "pass"), (90, "warn"), (-90, "warn"), (900, "fail"), (-900, "fail")])
  func theClocksAreCompared(_ offset: Int64, _ status: String) async throws {
    let bench = try await Bench()
    bench.http.plan(404, "", date: bench.wallClock.now().advanced(bySeconds: offset))
    bench.http.plan(.unreachable(found: "refused"))
    bench.http.plan(.unreachable(found: "refused"))
    let checks = await diagnosis(bench, profiles: try await book(Samples.profile())).run(
      request,
      deadline: .now + .seconds(9)
    )
    #expect(checks.first { $0.id == .clock }?.status.rawValue == status)
  }

  /// Invariant 6: nothing is signed or sent before policy has let it pass, not even to try it.
  @Test func whatPolicyDeniesIsNotTried() async throws {
    let bench = try await Bench()
    bench.http.plan(200, "{}", date: bench.wallClock.now())
    let rules = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]},"scopes":["x"]}"#.utf8))
    let checks = await diagnosis(bench, profiles: try await book(Samples.profile()), policy: rules).run(
      request,
      deadline: .now + .seconds(9)
    )
    #expect(Array(statuses(checks).suffix(3)) == ["clock pass", "client fail", "token fail"])
    #expect(bench.http.requests.count == 1)
  }

  private static let denied: [(String?, String?)] = [
    ("curtis.feitty", nil), (nil, Samples.userToken("curtis.feitty")),
  ]

  /// Whoever tries out subjects this way is seen.
  @Test(arguments: denied)
  func whatPolicyDeniesIsRecorded(_ subject: String?, _ userToken: String?) async throws {
    let bench = try await Bench()
    bench.http.plan(200, "{}", date: bench.wallClock.now())
    bench.http.plan(200, Samples.grant("client-token"))
    let rules = #"{"subjects":{"allow":["*"],"deny":["curtis.*"]}}"#
    let file = InMemoryGuardedFile("/policy.json", bytes: Array(rules.utf8))
    let request = Diagnosis.Request(profile: nil, subject: subject, userToken: userToken, online: true)
    _ = await diagnosis(bench, profiles: try await book(Samples.profile()), policy: file).run(
      request,
      deadline: .now + .seconds(9)
    )
    let denials = bench.audit.rows.filter { $0.contains(#""event":"denied""#) }
    #expect(denials.count == 1)
    #expect(denials.first?.contains(#""operation":"diagnose""#) == true)
    #expect(denials.first?.contains(#""subject":"curtis.feitty""#) == true)
  }

  /// The clocks take a while to compare, and another profile may be the default one then.
  @Test func whatIsTriedIsTheProfileThatPolicyLetPass() async throws {
    let bench = try await Bench()
    let file = InMemoryGuardedFile("/config.json")
    let book = ProfileBook(file: file)
    try await book.save(try Samples.profile(), for: RecordingCaller())
    let date = bench.wallClock.now()
    bench.http.plan { _ in
      _ = try? await book.save(try Samples.profile { $0.scope = "urn:narrower" }, for: RecordingCaller())
      return .success(HTTPResponse(status: 200, headers: [], body: [], date: date))
    }
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant("user-token"))
    _ = await diagnosis(bench, profiles: book).run(request, deadline: .now + .seconds(9))
    let forms = bench.http.requests.dropFirst().map { String(decoding: $0.body ?? [], as: UTF8.self) }
    #expect(forms.count == 2)
    #expect(forms.allSatisfy { $0.contains("scope=urn%3Anarrower") })
  }

  @Test func offlineAsksNobody() async throws {
    let bench = try await Bench()
    var offline = request
    offline.online = false
    let checks = await diagnosis(bench, profiles: try await book(Samples.profile())).run(
      offline,
      deadline: .now + .seconds(9)
    )
    #expect(Array(statuses(checks).suffix(3)) == ["clock skip", "client skip", "token skip"])
    #expect(bench.http.requests.isEmpty)
  }

  @Test(arguments: [(0, "pass"), (90_000_000, "pass"), (98_000_000, "warn"), (200_000_000, "warn")])
  func theCertificatesEndIsWatched(_ seconds: Int64, _ status: String) async throws {
    let bench = try await Bench()
    bench.wallClock.advance(bySeconds: seconds)
    var offline = request
    offline.online = false
    let checks = await diagnosis(bench, profiles: try await book(Samples.profile())).run(
      offline,
      deadline: .now + .seconds(9)
    )
    #expect(checks.first { $0.id == .certificate }?.status.rawValue == status)
  }
}

/// A store that is not there.
private struct BrokenStore: SecretStore {
  let name = "broken"
  private let failure = StoreFailure.unavailable(.noBus, found: "no bus")

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> SecretBytes? {
    throw failure
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) { throw failure }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> Bool {
    throw failure
  }

  func names(
    of kind: SecretItem.Kind,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) -> [String] { throw failure }
}
