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

  private(set) var ending: Ending?
  private(set) var teller: RunTeller
  private var stream: ChatStream
  private var output: JSONValue?
  private var finishReason: String?
  private var pausedNode: String?
  private var error: JSONValue?
  /// Read, and not told yet.
  private var unsaid: ChatEvent?

  init(_ stream: ChatStream, teller: RunTeller) {
    self.stream = stream
    self.teller = teller
  }

  var jobId: String? { teller.jobId }
  var conversationId: String? { teller.conversationId }

  /// Reads until the job is known, or nothing is left. The event that names it is told by `advance`.
  ///
  /// - Throws: `.abandoned`.
  mutating func awaitJob(for caller: any Caller) async throws(Failure) {
    while try await read(for: caller), jobId == nil, await tellRead(to: caller) {}
  }

  /// Takes the next event and tells the caller what it says; false when there is none any more.
  ///
  /// - Throws: `.abandoned`.
  mutating func advance(for caller: any Caller) async throws(Failure) -> Bool {
    if unsaid == nil { guard try await read(for: caller) else { return false } }
    return await tellRead(to: caller)
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
    do throws(Failure) {
      guard let event = try await stream.next() else {
        await end(as: nil, for: caller)
        return false
      }
      note(event)
      return true
    } catch .abandoned {
      stream.close()
      throw .abandoned
    } catch {
      await end(as: .broken(error), for: caller)
      return false
    }
  }

  private mutating func note(_ event: ChatEvent) {
    unsaid = event
    // Of several jobs the first is the run; another would be a child's.
    teller.jobId = teller.jobId ?? event.jobId
    teller.conversationId = event.conversationId ?? teller.conversationId
    output = event.output ?? output
    finishReason = event.finishReason ?? finishReason
    pausedNode = event.pausedNode ?? pausedNode
    error = event.error ?? error
  }

  /// What the event says that was read last; false when nothing follows it.
  private mutating func tellRead(to caller: any Caller) async -> Bool {
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
