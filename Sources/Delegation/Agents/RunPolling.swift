import JSON

/// Asks the pod how far a run is, until it ends or a person has to act.
struct RunPolling {
  let session: AgentSession
  let wallClock: any WallClock
  let clock: any MonotonicClock
  let random: any Randomness
  let words: FailureWords

  /// How long one poll may take: a pod that has fallen silent is asked again.
  private static let pollTimeout: Duration = .seconds(30)

  /// The run as it ended, or as it waits. One that failed is an error.
  ///
  /// A failure that passes by itself is ridden out until the caller's deadline; whoever is told then that it has passed is
  /// told what failed last, too.
  /// - Parameter isFound: false when the pod has not told of it yet. Then it is asked at once, and what it fails of is no
  ///   failure of a run.
  func follow(_ run: AgentRun, isFound: Bool = true, for caller: any Caller) async throws(Failure) -> AgentRun {
    var run = run
    var schedule = PollSchedule(random: random)
    var failures = PollFailures(random: random)
    var pause: Duration = isFound ? schedule.next() : .zero
    while run.state == .running {
      try await rest(pause)
      // Whoever watches the caller's time has answered them by then.
      if let last = failures.last, clock.now >= caller.deadline { throw told(last, of: run, isFound) }
      do throws(Failure) {
        try await poll(&run, for: caller)
        failures.end()
        pause = schedule.next()
      } catch {
        guard let next = failures.pause(after: error) else { throw told(error, of: run, isFound) }
        pause = next
        tell(error, failures.count, next, run, to: caller)
      }
    }
    if run.state == .failed { throw .fusion(.agentFailed(run: run)) }
    return run
  }

  /// Asks once, and takes what the pod says.
  func poll(_ run: inout AgentRun, for caller: any Caller) async throws(Failure) {
    let status = try await status(of: run.jobId, for: ListeningCaller(caller))
    var seen = run
    seen.polls += 1
    seen.take(status, at: wallClock.now())
    // Nothing of another user's run is kept, not even for the words of the refusal.
    try session.claim(seen, named: status.jobId)
    run = seen
    caller.onAbandon(run.detached)
    let note = status.unknownState.map { "The pod says \($0), which is not a known state; taken as running." }
    caller.report(note ?? "The run is \(run.state.rawValue).", detail: run.progress)
  }

  /// What the pod says of a run.
  func status(of jobId: String, for caller: any Caller) async throws(Failure) -> AgentStatus {
    let response = try await session.send(
      for: caller,
      what: "job \(jobId) of agent \(session.agent)",
      deadline: min(caller.deadline, clock.now.advanced(by: Self.pollTimeout))
    ) { request in
      request.status(agent: session.agent, jobId: jobId, invocationMode: session.mode)
    }
    return try session.status(in: response)
  }

  private func told(_ failure: Failure, of run: AgentRun, _ isFound: Bool) -> Failure {
    failure != .abandoned && (isFound || run.polls > 0) ? .duringRun(run, failure) : failure
  }

  private func rest(_ pause: Duration) async throws(Failure) {
    guard pause > .zero else { return }
    do { try await clock.sleep(until: clock.now.advanced(by: pause), tolerance: nil) } catch { throw .abandoned }
  }

  /// What fails, to who listens, and to who is on call should nobody wait any more.
  private func tell(_ failure: Failure, _ count: Int, _ pause: Duration, _ run: AgentRun, to caller: any Caller) {
    let (said, _) = words.explain(failure)
    var facts: [JSONValue.Member] = [
      .init("kind", .string(words.kind(failure))), .init("message", .string(said)),
      .init("count", .number(JSONNumber(count))),
    ]
    if let ecid = failure.ecid { facts.append(.init("ecid", .string(ecid))) }
    let last = JSONValue.Member("lastFailure", .object(facts))
    caller.onAbandon(run.detached.adding(last))
    caller.report("\(said) Asking again in \(pause.roundedSeconds) s.", detail: run.progress.adding(last))
  }
}

/// What the protocol says of a failure.
struct FailureWords: Sendable {
  let kind: @Sendable (Failure) -> String
  let explain: @Sendable (Failure) -> (summary: String, hint: String)
}

extension JSONValue {
  fileprivate func adding(_ member: Member) -> JSONValue {
    if case .object(let members) = self { .object(members + [member]) } else { self }
  }
}

extension Duration {
  fileprivate var roundedSeconds: Int64 { max(1, (self + .milliseconds(500)).components.seconds) }
}
