import Synchronization

/// The public keys that identity domains sign their tokens with, as each shows them. In memory.
///
/// They are fetched from the one place that is known of every domain, never from where a document or a token says, and
/// without a credential. One fetch at a time for each domain, which goes on when nobody waits any more: the next who asks
/// has its outcome.
package final class SigningCertificates: Sendable {
  static let path = "/admin/v1/SigningCert/jwk"

  /// Keys of a domain, and when they came.
  struct Shown: Sendable {
    let keys: JSONWebKeySet
    let at: UnixTime
    fileprivate let instant: ContinuousClock.Instant
  }

  /// Why there are none.
  enum Problem: Sendable, Equatable {
    /// 401 or 403: only who brings a token is shown them.
    case closed(status: Int)
    case network(NetworkFailure)
    /// The caller's time is over first.
    case late
  }

  enum Answer: Sendable {
    case keys(Shown)
    case problem(Problem)
  }

  /// Keys are as good as the road they came by.
  private struct Source: Hashable {
    let domain: Origin
    let caFile: String?
    let proxy: String?

    init(_ profile: Profile) throws(Failure) {
      domain = try profile.identityDomain
      caFile = profile.caFile
      proxy = profile.proxy
    }
  }

  private struct Memory {
    var shown: Shown?
    /// When keys were fetched anew because they verified nothing.
    var lookedAgain: ContinuousClock.Instant?
    var problem: (found: Problem, at: ContinuousClock.Instant)?
  }

  /// How long keys are used, and how often they are fetched anew in that time because one does not verify: once. Oracle
  /// asks for no more (OCI IAM, Token validation); keys change rarely.
  private static let lifetime: Duration = .seconds(3600)
  /// What has just come is not asked for again, nor what has just failed.
  private static let pause: Duration = .seconds(60)
  /// How long a fetch may take, whoever waits for it.
  private static let timeout: Duration = .seconds(10)
  private static let maximumSources = 256

  private let http: any HTTPClient
  private let wallClock: any WallClock
  private let clock: any MonotonicClock
  private let memories = Mutex<[Source: Memory]>([:])
  private let flights = SingleFlight<Source, Answer>()

  init(http: any HTTPClient, wallClock: any WallClock, clock: any MonotonicClock) {
    self.http = http
    self.wallClock = wallClock
    self.clock = clock
  }

  /// The keys of the profile's identity domain.
  ///
  /// - Throws: `.abandoned` when the calling task is cancelled.
  func keys(of profile: Profile, by limit: ContinuousClock.Instant) async throws(Failure) -> Answer {
    let source = try Source(profile)
    if let shown = memory(of: source).shown, clock.now - shown.instant < Self.lifetime { return .keys(shown) }
    return try await fetched(source, by: limit)
  }

  /// Keys that are newer than those, which do not verify what they should; nil when none are asked for yet.
  func keys(
    of profile: Profile,
    newerThan shown: Shown,
    by limit: ContinuousClock.Instant
  ) async throws(Failure) -> Answer? {
    let source = try Source(profile)
    let memory = memory(of: source)
    if let newer = memory.shown, newer.instant > shown.instant { return .keys(newer) }
    let now = clock.now
    guard now - shown.instant >= Self.pause, memory.lookedAgain.map({ now - $0 >= Self.lifetime }) ?? true else {
      return nil
    }
    return try await fetched(source, by: limit)
  }

  private func memory(of source: Source) -> Memory { memories.withLock { $0[source] ?? Memory() } }

  private func fetched(_ source: Source, by limit: ContinuousClock.Instant) async throws(Failure) -> Answer {
    if let problem = memory(of: source).problem, clock.now - problem.at < Self.pause { return .problem(problem.found) }
    return try await race(source, limit).get()
  }

  /// Whatever is first: the outcome of the fetch, or the end of the caller's time.
  private func race(_ source: Source, _ limit: ContinuousClock.Instant) async -> Result<Answer, Failure> {
    await withTaskGroup(of: Result<Answer, Failure>.self) { group in
      group.addTask { await self.joined(source, limit) }
      group.addTask {
        try? await self.clock.sleep(until: limit, tolerance: nil)
        return .success(.problem(.late))
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(.abandoned)
    }
  }

  private func joined(_ source: Source, _ limit: ContinuousClock.Instant) async -> Result<Answer, Failure> {
    do throws(Failure) {
      let answer = try await flights.value(for: source, caller: SilentCaller(deadline: limit)) { flight in
        do throws(Failure) { try flight.depart() } catch { return .failure(error) }
        return .success(await self.fetch(source))
      } keep: { answer in
        self.keep(answer, of: source)
      }
      return .success(answer)
    } catch {
      return .failure(error)
    }
  }

  private func keep(_ answer: Answer, of source: Source) {
    let now = clock.now
    memories.withLock { memories in
      if memories.count >= Self.maximumSources, memories[source] == nil { memories = [:] }
      var memory = memories[source] ?? Memory()
      switch answer {
      case .keys(let shown):
        if let before = memory.shown, now - before.instant < Self.lifetime { memory.lookedAgain = now }
        memory.shown = shown
        memory.problem = nil
      case .problem(let problem): memory.problem = (problem, now)
      }
      memories[source] = memory
    }
  }

  private func fetch(_ source: Source) async -> Answer {
    var request = HTTPRequest(
      method: .get,
      origin: source.domain,
      target: Self.path,
      headers: [(name: "Accept", value: "application/json")],
      deadline: clock.now + Self.timeout
    )
    request.maximumResponseBytes = JSONWebKeySet.maximumBytes
    request.caFile = source.caFile
    request.proxy = source.proxy
    func problem(_ problem: NetworkFailure.Problem) -> Answer {
      .problem(.network(NetworkFailure(.identityDomain, server: source.domain.text, problem: problem)))
    }
    let response: HTTPResponse
    do throws(HTTPFailure) { response = try await http.send(request) } catch { return problem(.http(error)) }
    switch response.status {
    case 200: break
    case 300..<400: return problem(.unexpectedRedirect(status: response.status))
    case 401, 403: return .problem(.closed(status: response.status))
    default: return problem(.malformed(found: "status \(response.status) and not its signing keys"))
    }
    do {
      let keys = try JSONWebKeySet(parsing: response.body)
      return .keys(Shown(keys: keys, at: wallClock.now(), instant: clock.now))
    } catch {
      return problem(.malformed(found: error.found))
    }
  }
}
