import JSON
import Synchronization

/// One session: takes the bytes a client sends, and answers its requests.
///
/// The road of a request: `receive` → `FrameDecoder` → `Message` → `accept` → `Route` → `Dispatcher` → `Outbox`.
/// `receive` and `endOfInput` are called by one reader, `nextStep` by one writer; both may be the same thread.
package final class Server<Context: Sendable>: Sendable {
  package let limits: Limits
  private let dialect: Dialect
  /// Written by this server alone.
  package let statistics: SessionStatistics
  private let routes: [String: Route<Context>]
  private let context: Context
  private let dispatcher: Dispatcher
  private let decoder: Mutex<FrameDecoder>
  private let lifecycle = Mutex(Lifecycle())

  /// Without a framing, the client's first byte decides. `onAnswer` is told of every answer to a known method; it must
  /// not block.
  package init(
    routes: [Route<Context>],
    context: Context,
    limits: Limits = .standard,
    dialect: Dialect = .standard,
    framing: Framing? = nil,
    clock: any DeadlineClock = ContinuousClock(),
    output: any Output,
    statistics: SessionStatistics = SessionStatistics(),
    onAnswer: (@Sendable (AnsweredRequest) -> Void)? = nil
  ) {
    self.routes = Dictionary(routes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.context = context
    self.limits = limits
    self.dialect = dialect
    self.statistics = statistics
    dispatcher = Dispatcher(
      limits: limits,
      dialect: dialect,
      clock: clock,
      output: output,
      statistics: statistics,
      onAnswer: onAnswer
    )
    decoder = Mutex(FrameDecoder(framing: framing, limits: limits))
    if let framing { dispatcher.outbox.use(framing) }
  }

  // MARK: The reader's side

  /// Takes the bytes that were read, and handles every message that is complete by then.
  package func receive(_ bytes: some Collection<UInt8>) {
    decoder.withLock { $0.push(bytes) }
    _ = handleWhatIsRead()
  }

  /// Whether to read on, asked before each read: only when all that was read has been handled.
  package var appetite: Appetite { handleWhatIsRead() }

  /// The input has ended, found so when there was appetite: what was asked is finished, and then the session.
  package func endOfInput() {
    do throws(BrokenFrame) {
      let (last, framing) = try decoder.withLock { decoder throws(BrokenFrame) in
        (try decoder.finish(), decoder.framing)
      }
      // A last line needs no line feed when it is whole; one that is no JSON is the beginning of a message.
      let isWhole = last.map { handle($0, framing ?? .lines) } ?? true
      dispatcher.questions.close()
      dispatcher.drain(as: isWhole ? .endOfInput : .brokenInput)
    } catch {
      refuse(error)
    }
  }

  // MARK: The writer's side

  /// Asked again after each write, and whenever the output is told that frames are waiting.
  package func nextStep() -> WriterStep { dispatcher.nextStep() }

  /// The client no longer reads.
  package func outputBroke() { dispatcher.breakOutput() }

  // MARK: The host's side

  /// Ends the session from outside: what was asked is answered as cancelled, and what is not done by then is dropped.
  package func end(within time: Duration) { dispatcher.close(as: .ended, within: time) }

  /// Returns when the session has ended and all that the client was told is written.
  package func ending() async -> Ending { await dispatcher.sessionEnd.wait() }

  package var hasEnded: Bool { dispatcher.sessionEnd.hasEnded }

  // MARK: From bytes to messages

  private func handleWhatIsRead() -> Appetite {
    do throws(BrokenFrame) {
      while true {
        let appetite = dispatcher.appetite
        guard appetite == .hungry, let (frame, framing) = try nextFrame() else { return appetite }
        handle(frame, framing)
      }
    } catch {
      refuse(error)
      return .done
    }
  }

  private func nextFrame() throws(BrokenFrame) -> (bytes: [UInt8], framing: Framing)? {
    try decoder.withLock { decoder throws(BrokenFrame) in
      try decoder.next().map { ($0, decoder.framing ?? .lines) }
    }
  }

  private func refuse(_ broken: BrokenFrame) {
    if let framing = decoder.withLock(\.framing) { dispatcher.outbox.use(framing) }
    dispatcher.refuse(nil, .broken(broken))
    dispatcher.drain(as: .brokenInput)
  }

  /// False when the frame holds no JSON, which the client is told.
  @discardableResult
  private func handle(_ frame: [UInt8], _ framing: Framing) -> Bool {
    dispatcher.outbox.use(framing)
    let root: JSONElement
    do {
      root = try JSONDocument(
        parsing: frame,
        limits: JSONLimits(maximumBytes: limits.maximumMessageBytes, maximumDepth: limits.maximumNesting)
      ).root
    } catch {
      dispatcher.refuse(nil, .malformed(error, framing: framing))
      return false
    }
    if let elements = root.elements {
      accept(elements, framing)
    } else {
      accept(Message(root))
    }
    return true
  }

  // MARK: From messages to calls

  private func accept(_ elements: JSONElement.Elements, _ framing: Framing) {
    do throws(ResponseError) {
      try dialect.checkBatch(count: elements.count, framing, limits)
    } catch {
      return dispatcher.refuse(nil, error)
    }
    let batch = Batch(limits: limits)
    for element in elements { accept(Message(element), in: batch) }
    if let whole = batch.seal() { dispatcher.outbox.send(whole) }
  }

  private func accept(_ message: Message, in batch: Batch? = nil) {
    switch message {
    case .request(let request) where !dialect.takes(request.id): refuse(nil, .unusableID, in: batch)
    case .request(let request): accept(request, in: batch)
    case .notification(let notification): accept(notification, in: batch)
    case .response(let response): dispatcher.questions.take(response)
    case .invalid(let id, let error): refuse(id, error, in: batch)
    }
  }

  private func accept(_ request: Request, in batch: Batch?) {
    do throws(ResponseError) {
      try check(request, isInBatch: batch != nil)
      switch request.method {
      case LifecycleMethod.shutdown where dialect.hasLifecycle: acknowledge(request.id, in: batch)
      case LifecycleMethod.exit where dialect.hasLifecycle:
        acknowledge(request.id, in: batch)
        exit()
      default:
        guard let route = routes[request.method] else {
          throw .methodNotFound(request.method, known: routes.keys, elseHint: dialect.hintForMethods)
        }
        let prepared = try route.prepare(request.params, context)
        dispatcher.dispatch(prepared, id: request.id, in: slot(in: batch))
      }
    } catch {
      refuse(request.id, error, in: batch)
    }
  }

  private func check(_ request: Request, isInBatch: Bool) throws(ResponseError) {
    guard !dispatcher.isInFlight(request.id) else {
      throw .invalidRequest("The id is in flight already.", hint: "Give each request an id of its own.")
    }
    if isInBatch { try Batch.check(request.method) }
    guard dialect.hasLifecycle, request.method != LifecycleMethod.exit else { return }
    try lifecycle.withLock { lifecycle throws(ResponseError) in try lifecycle.admit(request.method) }
  }

  /// Unknown notifications, and methods sent as notifications, are ignored: nobody could be told how they went.
  private func accept(_ notification: Notification, in batch: Batch?) {
    switch notification.method {
    case LifecycleMethod.exit where batch == nil && dialect.hasLifecycle: exit()
    case let method where batch != nil && LifecycleMethod.notInBatches.contains(method):
      refuse(nil, .notInBatch(method), in: batch)
    case dialect.cancellation.method:
      let id = notification.params?[dialect.cancellation.member].flatMap(RequestID.init)
      if let id { dispatcher.cancel(id) }
    default: break
    }
  }

  private func exit() {
    let ending = lifecycle.withLock(\.isShutDown) ? Ending.exitAfterShutdown : .exitWithoutShutdown
    dispatcher.close(as: ending, within: Dispatcher.patience * 2)
  }

  private func acknowledge(_ id: RequestID, in batch: Batch?) {
    dispatcher.replies.reply(to: id, .null, in: slot(in: batch))
  }

  private func refuse(_ id: RequestID?, _ error: ResponseError, in batch: Batch?) {
    dispatcher.refuse(id, error, in: slot(in: batch))
  }

  private func slot(in batch: Batch?) -> Slot {
    batch.map { .part(of: $0, place: $0.reserve()) } ?? .alone
  }
}
