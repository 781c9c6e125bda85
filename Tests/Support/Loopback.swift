package import JSONRPC
import Synchronization

/// A client and a server in one process, joined by no pipe: what is sent has been read when `send` returns.
package final class Loopback<Context: Sendable>: Sendable {
  package let server: Server<Context>
  package let clock: ManualClock
  private let framing: Framing
  private let client: LoopbackClient

  package init(
    routes: [Route<Context>],
    context: Context,
    limits: Limits = .standard,
    dialect: Dialect = .standard,
    framing: Framing = .lines,
    clock: ManualClock = ManualClock(),
    statistics: SessionStatistics = SessionStatistics(),
    onAnswer: (@Sendable (AnsweredRequest) -> Void)? = nil
  ) {
    self.framing = framing
    self.clock = clock
    client = LoopbackClient(framing: framing)
    let server = Server(
      routes: routes,
      context: context,
      limits: limits,
      dialect: dialect,
      clock: clock,
      output: client,
      statistics: statistics,
      onAnswer: onAnswer
    )
    self.server = server
    client.onFrames { [weak server] in server?.nextStep() ?? .idle }
  }

  /// Sends one message in the framing of the session.
  package func send(_ message: String) {
    switch framing {
    case .headers: write("Content-Length: \(message.utf8.count)\r\n\r\n\(message)")
    case .lines: write(message + "\n")
    }
  }

  /// Sends bytes as they are.
  package func write(_ text: String) { server.receive(Array(text.utf8)) }

  /// Ends the input.
  package func close() { server.endOfInput() }

  /// The next message of the server; waits for it.
  package func next() async -> String { await client.next() }

  /// What the server has written and `next` has not taken.
  package var unread: [String] { client.unread }

  /// The client stops reading: what the server says from now on waits in its outbox.
  package func stopReading() { client.setClogged(true) }

  /// The client reads again, all that waits.
  package func readAgain() {
    client.setClogged(false)
    client.framesAreWaiting()
    // As the transport's reader does when it is told that the appetite has changed.
    if server.appetite == .hungry { server.receive([]) }
  }

  /// The client goes away: whatever is written from now on fails.
  package func hangUp() {
    client.hangUp()
    server.outputBroke()
  }

  package func ending() async -> Ending { await server.ending() }
}

/// The reading end of a loopback.
private final class LoopbackClient: Output {
  private struct State {
    var decoder: FrameDecoder
    var isClogged = false
    var isGone = false
    var nextStep: (@Sendable () -> WriterStep)?
    var isPumping = false
    var mustPumpAgain = false
    var unread: [String] = []
    var readers: [CheckedContinuation<String, Never>] = []

    /// A frame that cannot be read is delivered as what is wrong with it, which no test expects.
    mutating func nextMessage() -> String? {
      do throws(BrokenFrame) {
        return try decoder.next().map { String(decoding: $0, as: UTF8.self) }
      } catch {
        return error.message
      }
    }
  }

  private let state: Mutex<State>

  init(framing: Framing) { state = Mutex(State(decoder: FrameDecoder(framing: framing))) }

  var unread: [String] { state.withLock(\.unread) }

  func setClogged(_ isClogged: Bool) { state.withLock { $0.isClogged = isClogged } }

  func hangUp() { state.withLock { $0.isGone = true } }

  func next() async -> String {
    await withCheckedContinuation { reader in
      let message = state.withLock { state -> String? in
        if !state.unread.isEmpty { return state.unread.removeFirst() }
        state.readers.append(reader)
        return nil
      }
      if let message { reader.resume(returning: message) }
    }
  }

  func writeAtOnce(_ frame: [UInt8]) -> ImmediateWrite {
    let (isClogged, isGone) = state.withLock { ($0.isClogged, $0.isGone) }
    guard !isGone else { return .broken }
    guard !isClogged else { return .wrote(0) }
    take(frame)
    return .wrote(frame.count)
  }

  func onFrames(_ nextStep: @escaping @Sendable () -> WriterStep) { state.withLock { $0.nextStep = nextStep } }

  /// The writer of this output is whoever tells it of frames, one at a time.
  func framesAreWaiting() {
    guard let nextStep = beginPumping() else { return }
    repeat {
      while case .write(let bytes) = nextStep() { take(bytes) }
    } while mustPumpAgain()
  }

  func appetiteChanged() {}

  /// Nil when nothing may be written, or somebody else writes and will look again.
  private func beginPumping() -> (@Sendable () -> WriterStep)? {
    state.withLock { state in
      guard !state.isClogged else { return nil }
      state.mustPumpAgain = state.isPumping
      guard !state.isPumping else { return nil }
      state.isPumping = true
      return state.nextStep
    }
  }

  private func mustPumpAgain() -> Bool {
    state.withLock { state in
      defer { state.mustPumpAgain = false }
      state.isPumping = state.mustPumpAgain
      return state.isPumping
    }
  }

  func take(_ bytes: [UInt8]) {
    let deliveries = state.withLock { state in
      state.decoder.push(bytes)
      var deliveries: [(CheckedContinuation<String, Never>, String)] = []
      while let message = state.nextMessage() {
        if state.readers.isEmpty {
          state.unread.append(message)
        } else {
          deliveries.append((state.readers.removeFirst(), message))
        }
      }
      return deliveries
    }
    for (reader, message) in deliveries { reader.resume(returning: message) }
  }
}
