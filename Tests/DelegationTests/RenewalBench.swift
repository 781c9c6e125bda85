import JSON
import Synchronization
import TestSupport

@testable import Delegation

/// A sidecar's domain with a clock that passes by hand, and an identity domain that answers as a test says.
struct RenewalBench {
  let bench: Bench
  let identityDomain: ScriptedDomain
  let profileFile: InMemoryGuardedFile
  let policyFile: InMemoryGuardedFile

  var cache: TokenCache { bench.tokens.cache }
  var clock: ManualClock { bench.clock }

  init(_ change: (inout Profile) -> Void = { _ in }) async throws {
    let profile = try Samples.profile { profile in
      // Nobody waits for a turn, unless a test is about that.
      profile.rateLimit = RateLimit(perSecond: 1000, perMinute: 60_000)
      change(&profile)
    }
    profileFile = InMemoryGuardedFile(
      "/config.json",
      bytes: try JSONWriter.encode(ProfileFile(defaultProfile: "dev5", profiles: ["dev5": profile]))
    )
    policyFile = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["*"]}}"#.utf8))
    bench = try await Bench(profileFile: profileFile, policyFile: policyFile)
    identityDomain = ScriptedDomain(bench)
  }

  func request(_ subject: String = "curtis.feitty", minimumSeconds: Int? = nil, forceRefresh: Bool = false)
    throws(Failure) -> TokenService.Request
  {
    TokenService.Request(
      try bench.domain.authorization.permit(profile: nil, subject: subject, userToken: nil, deadline: .now),
      minimumSeconds: minimumSeconds,
      forceRefresh: forceRefresh
    )
  }

  func token(
    _ subject: String = "curtis.feitty",
    minimumSeconds: Int? = nil,
    forceRefresh: Bool = false,
    within patience: Duration = .seconds(30)
  ) async throws(Failure) -> TokenService.Answer {
    try await bench.tokens.token(
      try request(subject, minimumSeconds: minimumSeconds, forceRefresh: forceRefresh),
      for: RecordingCaller(deadline: clock.now + patience)
    )
  }

  /// Whoever sleeps is not waited for.
  func pass(_ duration: Duration) {
    bench.wallClock.advance(bySeconds: duration.components.seconds)
    clock.advance(by: duration)
  }

  /// Returns when no exchange is under way.
  func settle() async { while cache.flightCount > 0 { await Task.yield() } }
}

/// An identity domain that grants, until a test says otherwise.
final class ScriptedDomain: Sendable {
  typealias Answer = @Sendable (_ subject: String, _ number: Int) async -> ScriptedHTTP.Answer

  private struct State {
    var subjects: [String] = []
    var answer: Answer = { subject, number in ScriptedDomain.grant(subject, number) }
  }

  private let state = Mutex(State())

  init(_ bench: Bench) {
    for _ in 0..<1000 { bench.http.plan { await self.answer($0) } }
  }

  /// Requests that have come.
  var count: Int { subjects.count }
  /// For whom, as they came.
  var subjects: [String] { state.withLock(\.subjects) }

  func answers(_ answer: @escaping Answer) { state.withLock { $0.answer = answer } }
  func answers(_ status: Int, _ body: String) { answers { _, _ in Self.response(status, body) } }
  func fails(_ failure: HTTPFailure) { answers { _, _ in .failure(failure) } }
  func grants() { answers { subject, number in Self.grant(subject, number) } }

  /// Each has a text of its own.
  static func grant(_ subject: String, _ number: Int, seconds: Int = 3600) -> ScriptedHTTP.Answer {
    let token = Samples.token([
      "tok_type": "AT", "sub_type": "user", "sub": .string(subject), "scope": .string(Samples.scope),
      "exp": 4_000_000_000, "jti": .string("\(number)"),
    ])
    return response(200, Samples.grant(token, expiresIn: "\(seconds)"))
  }

  static func response(_ status: Int, _ body: String) -> ScriptedHTTP.Answer {
    .success(HTTPResponse(status: status, headers: [], body: Array(body.utf8), date: nil))
  }

  private func answer(_ request: HTTPRequest) async -> ScriptedHTTP.Answer {
    let form = String(decoding: request.body ?? [], as: UTF8.self).split(separator: "&")
    let assertion = form.first { $0.hasPrefix("assertion=") }?.dropFirst("assertion=".count)
    let subject = JWT(decoding: String(assertion ?? ""))?.text("sub") ?? ""
    let (answer, number) = state.withLock { state in
      state.subjects.append(subject)
      return (state.answer, state.subjects.count)
    }
    return await answer(subject, number)
  }
}

extension RenewalBench {
  func key(_ subject: String = "curtis.feitty") throws(Failure) -> TokenCache.Key {
    let request = try request(subject)
    return bench.tokens.key(request, try request.permitted())
  }
}

/// Holds up whoever waits until it is opened, and stays open.
final class AsyncGate: Sendable {
  private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

  func open() {
    let waiting = state.withLock { state in
      defer { state = (true, []) }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
