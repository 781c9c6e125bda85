import JSON
import Synchronization
import TestSupport
import Testing

@testable import Delegation

/// Three thousand users at once, at a domain that takes 40 a second and 1,000 a minute and not one more.
struct BurstTests {
  private static let limit = RateLimit(perSecond: 40, perMinute: 1000)

  /// Counts what arrives, on the same clock. Each request is some time on its way, and so is its answer.
  private final class Domain: Sendable {
    private struct State {
      var random = SeededRandom(4)
      var arrivals: [ContinuousClock.Instant] = []
      var refused = 0
      var answered = 0
      var order: [String] = []
    }

    private let clock: ManualClock
    private let state = Mutex(State())

    init(clock: ManualClock) { self.clock = clock }

    var refused: Int { state.withLock(\.refused) }
    var answered: Int { state.withLock(\.answered) }
    /// Users, as they arrived.
    var order: [String] { state.withLock(\.order) }

    func answer(_ request: HTTPRequest) async -> ScriptedHTTP.Answer {
      await travel()
      let form = String(decoding: request.body ?? [], as: UTF8.self).split(separator: "&")
      let assertion = form.first { $0.hasPrefix("assertion=") }?.dropFirst("assertion=".count)
      let subject = JWT(decoding: String(assertion ?? ""))?.text("sub") ?? ""
      let isTaken = state.withLock { state in
        let now = clock.now
        let (arrivals, limit) = (state.arrivals, BurstTests.limit)
        let isFull = [(limit.perSecond, Duration.seconds(1)), (limit.perMinute, .seconds(60))].contains {
          most,
          window in
          arrivals.count >= most && now - arrivals[arrivals.count - most] < window
        }
        if isFull { state.refused += 1 } else { state.arrivals.append(now) }
        state.order.append(subject)
        return !isFull
      }
      await travel()
      state.withLock { $0.answered += 1 }
      let body = isTaken ? Samples.grant(Samples.userToken(subject)) : ""
      return .success(HTTPResponse(status: isTaken ? 200 : 429, headers: [], body: Array(body.utf8), date: nil))
    }

    private func travel() async {
      let end = clock.now + .milliseconds(state.withLock { $0.random.next(250) })
      try? await clock.sleep(until: end, tolerance: nil)
    }
  }

  @Test(.timeLimit(.minutes(2))) func nobodyIsRefusedTheOrderIsFairAndDeadlinesAreKept() async throws {
    let bench = try await Bench(profileFile: try Self.profiles())
    let domain = Domain(clock: bench.clock)
    let limiter = try bench.domain.identityDomains.domain(of: Samples.profile()).limiter
    let count = 3000
    for _ in 0..<count { bench.http.plan { await domain.answer($0) } }
    let start = bench.clock.now
    let batch = try (0..<2900).map { try ask(bench, "batch", "user\($0)", within: .seconds(600)) }
    while limiter.status.queued < 2860 { await Task.yield() }
    // The turn of another profile's users comes soon, whatever the batch.
    let single = try (0..<100).map { try ask(bench, "single", "single\($0)", within: .seconds(60)) }
    while limiter.status.queued < 2960 { await Task.yield() }
    // Whose turn cannot come in time hears it before any time has passed.
    let late = try (0..<100).map { try ask(bench, "batch", "late\($0)", within: .seconds(100)) }
    for task in late {
      guard case .failure(.token(.heldBack(let held))) = await task.value else {
        Issue.record("it was not held back")
        continue
      }
      #expect(held.queued == 2960 && held.retryAfterMs > 100_000)
    }
    #expect(bench.clock.now == start)

    while domain.answered < count {
      // Everybody sleeps: those on their way, the limiter, and the one who looks for idle keys.
      let status = limiter.status
      guard bench.clock.sleeperCount >= status.granted - domain.answered + (status.queued > 0 ? 2 : 1) else {
        await Task.yield()
        continue
      }
      bench.clock.advance(by: .milliseconds(100))
    }
    #expect(domain.refused == 0)
    for task in batch + single { _ = try await task.value.get() }
    // 200 turns, half of them theirs, behind the first 40.
    #expect(try #require(domain.order.lastIndex { $0.hasPrefix("single") }) < 300)
    // Two windows of a minute and the rest: the limit is used, not only kept.
    #expect((.seconds(120)..<Duration.seconds(190)).contains(bench.clock.now - start))
    #expect(limiter.status.queued == 0)
  }

  private func ask(
    _ bench: Bench,
    _ profile: String,
    _ subject: String,
    within patience: Duration
  ) throws -> Task<TokenCache.Outcome, Never> {
    let caller = RecordingCaller(deadline: bench.clock.now + patience)
    let permit = try bench.domain.authorization.permit(
      profile: profile,
      subject: subject,
      userToken: nil,
      deadline: caller.deadline
    )
    return Task {
      do throws(Failure) {
        return .success(try await bench.tokens.token(TokenService.Request(permit), for: caller).token)
      } catch {
        return .failure(error)
      }
    }
  }

  private static func profiles() throws -> InMemoryGuardedFile {
    let profiles = try ["batch", "single"].map { name in
      try Samples.profile {
        $0.name = name
        $0.rateLimit = limit
      }
    }
    let file = ProfileFile(profiles: Dictionary(uniqueKeysWithValues: profiles.map { ($0.name, $0) }))
    return InMemoryGuardedFile("/config.json", bytes: try JSONWriter.encode(file))
  }
}
