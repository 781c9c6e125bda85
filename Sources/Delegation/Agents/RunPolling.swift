/// Asks the pod how far a run is, until it ends or a person has to act.
struct RunPolling {
  let session: AgentSession
  let wallClock: any WallClock
  let clock: any MonotonicClock
  let random: any Randomness

  /// How many polls in a row may fail for a reason that passes: a reset, a 503.
  private static let tolerableFailures = 4
  /// How long one poll may take: a pod that has fallen silent is asked again.
  private static let pollTimeout: Duration = .seconds(30)

  /// The run as it ended, or as it waits. One that failed is an error.
  func follow(_ started: AgentRun, for caller: any Caller) async throws(Failure) -> AgentRun {
    var run = started
    var schedule = PollSchedule(random: random)
    var failures = 0
    while run.state == .running {
      do { try await clock.sleep(until: clock.now.advanced(by: schedule.next()), tolerance: nil) } catch {
        throw .abandoned
      }
      do throws(Failure) {
        try await poll(&run, for: caller)
        failures = 0
      } catch {
        failures += 1
        if error == .abandoned { throw error }
        guard error.passesByItself, failures <= Self.tolerableFailures else { throw .duringRun(run, error) }
        caller.report("The pod did not answer; asking again.", detail: run.progress)
      }
    }
    if run.state == .failed { throw .fusion(.agentFailed(run: run)) }
    return run
  }

  /// Asks once.
  func poll(_ run: inout AgentRun, for caller: any Caller) async throws(Failure) {
    let jobId = run.jobId
    let response = try await session.send(
      for: ListeningCaller(caller),
      what: "job \(jobId) of agent \(session.agent)",
      deadline: min(caller.deadline, clock.now.advanced(by: Self.pollTimeout))
    ) { request in
      request.status(agent: session.agent, jobId: jobId, invocationMode: session.mode)
    }
    let status = try session.status(in: response)
    run.polls += 1
    run.take(status, at: wallClock.now())
    caller.onAbandon(run.detached)
    let note = status.unknownState.map { "The pod says \($0), which is not a known state; taken as running." }
    caller.report(note ?? "The run is \(run.state.rawValue).", detail: run.progress)
  }
}

extension Failure {
  /// Whether asking the same again a moment later makes sense.
  fileprivate var passesByItself: Bool {
    switch self {
    case .network(let failure):
      switch failure.problem {
      case .http(.unreachable), .http(.timedOut), .http(.broken): true
      case .http(.tlsFailed), .http(.responseTooLarge), .http(.invalidRequest), .http(.cancelled): false
      case .unexpectedRedirect, .malformed: false
      }
    case .fusion(.refused(let refusal)): refusal.passes
    case .token, .params, .profile, .policy, .store, .file, .key, .audit, .fusion(.agentFailed), .duringRun, .abandoned:
      false
    }
  }
}
