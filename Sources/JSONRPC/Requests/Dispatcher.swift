import Synchronization

/// Takes requests that have been understood and sees to it that each starts in its order and is answered once.
///
/// Locks are taken in this order: the session's end, the table, a call, its progress, the outbox. That of the
/// statistics is taken inside of any and holds none.
final class Dispatcher: Sendable {
  struct Table: Sendable {
    var inFlight = InFlight()
    var sequencer = Sequencer()
    /// Requests whose turn it is, held back until the client reads.
    var parked: [Serial] = []
    var lastSerial: Serial = 0
    /// Requests whose answer has not been handed to the outbox.
    var unanswered = 0
    /// Requests whose work has not ended, answered or not.
    var unfinished = 0
  }

  let limits: Limits
  let dialect: Dialect
  let output: any Output
  let outbox: Outbox
  let replies: Replies
  let questions: Questions
  let statistics: SessionStatistics
  let deadlines: DeadlineQueue
  let sessionEnd = SessionEnd()
  /// Told of every answer to a known method, on the thread that gives it.
  private let onAnswer: (@Sendable (AnsweredRequest) -> Void)?
  let table = Mutex(Table())
  let isReaderPaused = Atomic(false)
  /// Whether `parked` holds anything, for who must not lock the table. Written under its lock.
  let hasParked = Atomic(false)

  init(
    limits: Limits,
    dialect: Dialect,
    clock: any DeadlineClock,
    output: any Output,
    statistics: SessionStatistics,
    onAnswer: (@Sendable (AnsweredRequest) -> Void)?
  ) {
    self.onAnswer = onAnswer
    self.statistics = statistics
    self.limits = limits
    self.dialect = dialect
    self.output = output
    outbox = Outbox(limits: limits, output: output)
    replies = Replies(outbox: outbox, limits: limits, writesNullID: dialect.writesNullID)
    deadlines = DeadlineQueue(clock: clock)
    questions = Questions(outbox: outbox, deadlines: deadlines, cancellation: dialect.cancellation)
  }

  func isInFlight(_ id: RequestID) -> Bool { table.withLock { $0.inFlight.contains(id) } }

  /// Answers at once where that is possible, else takes the request in and starts it when its turn has come.
  func dispatch(_ prepared: PreparedCall, id: RequestID, in slot: Slot) {
    let arrival = deadlines.now
    if let answer = answerAtOnce(prepared) {
      let told = count(prepared, answer, arrival)
      replies.reply(to: id, answer, in: slot, unless: prepared.objection)
      onAnswer?(told)
      return
    }
    do throws(ResponseError) {
      if let ready = try admit(prepared, id, slot, arrival) { start(ready) }
    } catch {
      refuse(id, error, in: slot)
    }
  }

  /// Answers what no method has seen.
  func refuse(_ id: RequestID?, _ error: ResponseError, in slot: Slot = .alone) {
    statistics.countRefused(error)
    replies.reply(to: id, .error(error), in: slot)
  }

  /// Starts the work of a request, unless it has been answered while it waited.
  func start(_ serial: Serial) {
    guard let request = begin(serial) else { return }
    let work: @Sendable () async -> Void = {
      self.finish(serial, await request.prepared.run(request.call))
    }
    let task =
      switch request.prepared.lane {
      case .work: Task { await work() }
      // Up to its first wait it runs here, on the reader's thread: so control keeps the order it arrived in.
      case .control: Task.immediate { await work() }
      }
    let isAnswered = table.withLock { $0.inFlight.update(serial) { $0.phase = .started(task) } == nil }
    if isAnswered { task.cancel() }
  }

  /// Starts a request that was parked; by now it may be answered at once.
  func startParked(_ serial: Serial) {
    guard let answer = table.withLock({ $0.inFlight[serial] })?.prepared.answerAtOnce() else { return start(serial) }
    if begin(serial) != nil { finish(serial, answer) }
  }

  private func begin(_ serial: Serial) -> PendingRequest? {
    let request = table.withLock { $0.inFlight.update(serial) { $0.phase = .started(nil) } }
    request?.progress?.begin()
    return request
  }

  /// Answers the request if nobody has, and returns it then.
  func answer(_ serial: Serial, with answer: (PendingRequest) -> Answer) -> PendingRequest? {
    guard let request = table.withLock({ $0.inFlight.remove(serial) }) else { return nil }
    if let alarm = request.alarm { deadlines.withdraw(alarm) }
    let answer = answer(request)
    let told = count(request.prepared, answer, request.arrival, wasInFlight: true)
    if answers(request) {
      request.progress?.end(answer.error?.message)
      replies.reply(to: request.id, answer, in: request.slot, unless: request.prepared.objection)
    }
    table.withLock { $0.unanswered -= 1 }
    onAnswer?(told)
    return request
  }

  /// Before the client is answered: whoever has the answer finds it counted.
  private func count(
    _ prepared: PreparedCall,
    _ answer: Answer,
    _ arrival: DeadlineQueue.Instant,
    wasInFlight: Bool = false
  ) -> AnsweredRequest {
    let told = AnsweredRequest(method: prepared.method, answer: answer, elapsed: deadlines.now - arrival)
    statistics.count(told, wasInFlight: wasInFlight)
    return told
  }

  /// Gives the place of a request to those that waited for it.
  func workEnded(_ serial: Serial) {
    let ready = table.withLock { table in
      table.unfinished -= 1
      defer { hasParked.store(!table.parked.isEmpty, ordering: .sequentiallyConsistent) }
      if !table.parked.isEmpty { table.parked.removeAll { $0 == serial } }
      let ready = table.sequencer.leave(serial)
      guard outbox.isFull else { return ready }
      table.parked += ready
      return []
    }
    for serial in ready { start(serial) }
    wakeReader()
    settle()
  }

  private func finish(_ serial: Serial, _ answer: Answer) {
    let request = self.answer(serial) { _ in answer }
    request?.call.close()
    workEnded(serial)
  }

  /// Nil when the request must wait or the method has to work for it.
  private func answerAtOnce(_ prepared: PreparedCall) -> Answer? {
    guard prepared.lane == .control || isFree(prepared.order), let answer = prepared.answerAtOnce() else { return nil }
    if let token = prepared.progressToken {
      let progress = progress(of: 0, token, prepared)
      progress.begin()
      progress.end(answer.error?.message)
    }
    return answer
  }

  private func isFree(_ order: Order) -> Bool {
    table.withLock { $0.parked.isEmpty && $0.sequencer.isFree(order) } && !outbox.isFull
  }

  /// Returns the request if it may start now.
  private func admit(
    _ prepared: PreparedCall,
    _ id: RequestID,
    _ slot: Slot,
    _ arrival: DeadlineQueue.Instant
  ) throws(ResponseError) -> Serial? {
    try table.withLock { table throws(ResponseError) in
      guard table.unfinished < limits.maximumInFlight || prepared.lane == .control else {
        throw .tooManyRequests(limit: limits.maximumInFlight)
      }
      table.lastSerial += 1
      let serial = table.lastSerial
      table.inFlight.insert(pending(prepared, serial, id, slot, arrival))
      statistics.countAdmitted()
      table.unanswered += 1
      table.unfinished += 1
      guard prepared.lane == .work else { return serial }
      guard table.sequencer.enter(serial, prepared.order) else { return nil }
      guard outbox.isFull else { return serial }
      table.parked.append(serial)
      hasParked.store(true, ordering: .sequentiallyConsistent)
      return nil
    }
  }

  private func pending(
    _ prepared: PreparedCall,
    _ serial: Serial,
    _ id: RequestID,
    _ slot: Slot,
    _ arrival: DeadlineQueue.Instant
  ) -> PendingRequest {
    let deadline = arrival + prepared.timeout
    let progress = prepared.progressToken.map { self.progress(of: serial, $0, prepared) }
    return PendingRequest(
      serial: serial,
      id: id,
      slot: slot,
      prepared: prepared,
      arrival: arrival,
      call: Call(deadline: deadline, progress: progress, questions: questions) { [weak self] in self?.giveUp(serial) },
      progress: progress,
      alarm: deadlines.schedule(at: deadline) { [weak self] in self?.abandon(serial, .deadlineExceeded) }
    )
  }

  private func progress(of serial: Serial, _ token: [UInt8], _ prepared: PreparedCall) -> Progress {
    Progress(of: serial, token: token, title: prepared.method, as: dialect.progress, outbox: outbox)
  }
}
