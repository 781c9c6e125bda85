import JSON

/// A run as its stream tells of it, and of which its caller is told.
struct StreamedRun {
  /// Why there is no more to read.
  enum Ending {
    /// The pod said why the agent says no more.
    case finished(reason: String)
    /// The pod ended the stream, and did not say why.
    case unexplained
    case broken(Failure)
  }

  /// How long the pod may say nothing once it has said why the agent says no more. Then the run is asked for: that may
  /// have been the reason of one node.
  private static let lastWords: Duration = .seconds(5)

  private(set) var ending: Ending?
  private(set) var teller: RunTeller
  private var stream: ChatStream
  private let clock: any MonotonicClock
  private var output: JSONValue?
  private var finishReason: String?
  private var pausedNode: String?
  private var error: JSONValue?
  /// Read, and not told yet.
  private var unsaid: ChatEvent?

  init(_ stream: ChatStream, teller: RunTeller, clock: any MonotonicClock) {
    self.stream = stream
    self.teller = teller
    self.clock = clock
  }

  var jobId: String? { teller.jobId }
  var conversationId: String? { teller.conversationId }

  /// Reads until the job is known, or nothing is left. The event that names it is not told yet.
  ///
  /// - Throws: `.abandoned`.
  mutating func awaitJob(for caller: any Caller) async throws(Failure) {
    while try await hasNext(for: caller), jobId == nil, await tellNext(to: caller) {}
  }

  /// Reads the next event, if there is one.
  ///
  /// - Throws: `.abandoned`.
  mutating func hasNext(for caller: any Caller) async throws(Failure) -> Bool {
    if unsaid != nil { return true }
    return try await read(for: caller)
  }

  /// What the event says that was read; false when nothing follows it.
  mutating func tellNext(to caller: any Caller) async -> Bool {
    guard let event = unsaid else { return true }
    unsaid = nil
    do {
      if let delta = event.delta { try await teller.tell(delta, to: caller) }
    } catch {
      await end(as: .broken(stream.failure(.http(.responseTooLarge(limit: error.limit)))), for: caller)
      return false
    }
    if let node = event.node { teller.tell(node, to: caller) }
    if event.isLast { await end(as: .unexplained, for: caller) }
    return !event.isLast
  }

  /// Reads no further.
  func close() { stream.close() }

  /// What the stream says of the run: all, when it said how that has ended, else its output at most.
  func apply(to run: inout AgentRun, at now: UnixTime) {
    run.output = run.output ?? output ?? (teller.text.isEmpty ? nil : .string(teller.text))
    guard case .finished(let reason)? = ending else { return }
    run.error = error
    switch reason.lowercased() {
    case "paused":
      run.state = .waiting
      run.waitingFor = AgentRun.WaitingFor(node: pausedNode, message: run.output)
    case "error": run.state = .failed
    default: run.state = .complete
    }
    if run.state != .waiting { run.finishedAt = now.rfc3339 }
  }

  /// So that all deltas together are the output.
  mutating func tellRest(of output: JSONValue?, to caller: any Caller) async {
    await teller.tellRest(of: output, to: caller)
  }

  private mutating func read(for caller: any Caller) async throws(Failure) -> Bool {
    let watch = finishReason == nil ? nil : closing(in: Self.lastWords)
    defer { watch?.cancel() }
    do throws(Failure) {
      guard let event = try await stream.next() else {
        await end(as: nil, for: caller)
        return false
      }
      note(event)
      return true
    } catch .abandoned {
      stream.close()
      guard watch != nil, !Task.isCancelled else { throw .abandoned }
      finishReason = nil
      await end(as: .unexplained, for: caller)
      return false
    } catch {
      await end(as: .broken(error), for: caller)
      return false
    }
  }

  private func closing(in time: Duration) -> Task<Void, any Error> {
    Task { [body = stream.body, clock] in
      try await clock.sleep(until: clock.now.advanced(by: time), tolerance: nil)
      body.close()
    }
  }

  private mutating func note(_ event: ChatEvent) {
    unsaid = event
    // Of several jobs the first is the run; another would be a child's, and how that ends is not how the run does.
    teller.jobId = teller.jobId ?? event.jobId
    guard event.jobId == nil || event.jobId == teller.jobId else { return }
    teller.conversationId = event.conversationId ?? teller.conversationId
    output = event.output ?? output
    finishReason = event.finishReason ?? finishReason
    pausedNode = event.pausedNode ?? pausedNode
    error = event.error ?? error
  }

  /// Without a word of the pod, `[DONE]` or a finish reason, the end of the body is a break.
  private mutating func end(as found: Ending?, for caller: any Caller) async {
    stream.close()
    await teller.finish(for: caller)
    ending =
      switch (found, finishReason) {
      case (.broken(let failure)?, _): .broken(failure)
      case (_, let reason?): .finished(reason: reason)
      case (let found?, nil): found
      case (nil, nil): .broken(stream.failure(.malformed(found: "a stream that ends in the middle")))
      }
  }
}
