import Delegation
import TestSupport
import Testing

/// Whoever may not call for a user may not try it out either.
struct DiagnosisPolicyTests {
  private let request = Diagnosis.Request(profile: nil, subject: "curtis.feitty", userToken: nil, online: true)

  /// Invariant 6: nothing is signed or sent before policy has let it pass, not even to try it.
  @Test func whatPolicyDeniesIsNotTried() async throws {
    let bench = try await Bench()
    bench.http.plan(200, Bench.discovery, date: bench.wallClock.now())
    bench.http.plan(302, "")
    let rules = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]},"scopes":["x"]}"#.utf8))
    let checks = await bench.diagnosis(profiles: try await .holding(Samples.profile()), policy: rules).run(
      request,
      deadline: .now + .seconds(9)
    ).checks
    #expect(
      Array(checks.statuses.suffix(6)) == [
        "clock pass", "client fail", "token fail", "fidelity skip", "fusion pass", "agent skip",
      ]
    )
    #expect(bench.http.requests.map(\.method) == [.get, .head])
  }

  private static let denied: [(String?, String?)] = [
    ("curtis.feitty", nil), (nil, Samples.userToken("curtis.feitty")),
  ]

  /// Whoever tries out subjects this way is seen.
  @Test(arguments: denied)
  func whatPolicyDeniesIsRecorded(_ subject: String?, _ userToken: String?) async throws {
    let bench = try await Bench()
    bench.http.plan(200, Bench.discovery, date: bench.wallClock.now())
    bench.http.plan(200, Samples.grant("client-token"))
    let rules = #"{"subjects":{"allow":["*"],"deny":["curtis.*"]}}"#
    let file = InMemoryGuardedFile("/policy.json", bytes: Array(rules.utf8))
    let request = Diagnosis.Request(profile: nil, subject: subject, userToken: userToken, online: true)
    _ = await bench.diagnosis(profiles: try await .holding(Samples.profile()), policy: file).run(
      request,
      deadline: .now + .seconds(9)
    ).checks
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
      return .success(HTTPResponse(status: 200, headers: [], body: Array(Bench.discovery.utf8), date: date))
    }
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant("user-token"))
    bench.http.plan(302, "")
    _ = await bench.diagnosis(profiles: book).run(request, deadline: .now + .seconds(9)).checks
    let forms = bench.http.requests.filter { $0.method == .post }.map { String(decoding: $0.body ?? [], as: UTF8.self) }
    #expect(forms.count == 2)
    #expect(forms.allSatisfy { $0.contains("scope=urn%3Anarrower") })
  }

  @Test func anAgentThatPolicyDeniesIsNotAskedFor() async throws {
    let bench = try await Bench()
    bench.planAll()
    let checks = try await bench.diagnose() { $0.policy.agents = [] }
    #expect(checks.statuses.last == "agent fail")
    #expect(bench.http.requests.count == 4)
    let denials = bench.audit.rows.filter { $0.contains(#""event":"denied""#) }
    #expect(denials.count == 1)
    #expect(denials.first?.contains(#""agent":"PAYABLES_TEAM""#) == true)
    #expect(denials.first?.contains(#""operation":"diagnose""#) == true)
  }

  /// The token was made for another pod.
  @Test func aProfileThatChangesMeanwhileGetsNoToken() async throws {
    let bench = try await Bench()
    let book = try await ProfileBook.holding(Samples.profile())
    let date = bench.wallClock.now()
    bench.http.plan(200, Bench.discovery, date: date)
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan { _ in
      _ = try? await book.save(try Samples.profile { $0.fusionUrl = "https://other.example" }, for: RecordingCaller())
      return .success(HTTPResponse(status: 302, headers: [], body: [], date: date))
    }
    let checks = await bench.diagnosis(profiles: book).run(.all, deadline: .now + .seconds(9)).checks
    #expect(checks.statuses.last == "agent fail")
    #expect(bench.http.requests.count == 4)
  }

  @Test func behindTheAnswerToLockNothingIsUsed() async throws {
    let bench = try await Bench()
    let date = bench.wallClock.now()
    bench.http.plan(200, Bench.discovery, date: date)
    bench.http.plan(200, Samples.grant("client-token"))
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.plan { _ in
      await bench.domain.lock()
      return .success(HTTPResponse(status: 302, headers: [], body: [], date: date))
    }
    #expect(try await bench.diagnose().statuses.last == "agent fail")
    #expect(bench.http.requests.count == 4)
  }
}
