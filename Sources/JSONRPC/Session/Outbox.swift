import Synchronization

/// Where frames leave the process.
package protocol Output: Sendable {
  /// Writes as much of the frame as cannot block. What is left of it is written next, by the writer.
  func writeAtOnce(_ frame: [UInt8]) -> ImmediateWrite

  /// Frames wait in the outbox: the writer takes them until there is none.
  func framesAreWaiting()

  /// The session reads again, or has ended: a reader that paused looks again.
  func appetiteChanged()
}

package enum ImmediateWrite: Sendable, Equatable {
  /// That many bytes, from none to all.
  case wrote(Int)
  case broken
}

/// What the writer does next.
package enum WriterStep: Sendable, Equatable {
  case write([UInt8])
  /// Nothing waits and nothing is being written.
  case idle
  /// The output failed: the writer ends.
  case broken
}

/// Frames on their way out: whole, in order, never interleaved, and never waited for by who sends them.
///
/// When nothing is under way, a frame that fits is written where it is sent; else it queues for the one writer. Nobody
/// writes under the lock, for who waits there spins. Streamed text alone waits for its place: while the outbox is full, it
/// stays with who sends it.
final class Outbox: Sendable {
  private enum Hand {
    case free
    /// A sender writes a frame of its own; what is sent meanwhile queues behind it.
    case sender
    case writer
  }

  private struct State {
    var framing = Framing.lines
    var queue = FrameQueue()
    /// Something is in it only while the outbox is full: then frames are queued, so the writer will come.
    var waiting = RoomQueue()
    var hand = Hand.free
    /// The sender that is writing must wake the writer when it has done so.
    var writerIsWanted = false
    var isBroken = false
  }

  private let limit: Int
  private let output: any Output
  private let state = Mutex(State())
  private let full = Atomic(false)
  private let lastTicket = Atomic<UInt64>(0)

  init(limits: Limits, output: any Output) {
    limit = limits.maximumOutboundBytes
    self.output = output
  }

  /// From the crossing of the limit until half of it has left. Waits for nobody, so it may be asked under other locks.
  var isFull: Bool { full.load(ordering: .sequentiallyConsistent) }

  /// So much waits that not even small answers may be added.
  var isOverfull: Bool { byteCount > 2 * limit }

  var byteCount: Int { state.withLock(\.queue.byteCount) }

  /// Whether all that was sent has been written, or never will be. If not, the writer takes another step later.
  var isFlushed: Bool {
    state.withLock { state in
      if case .sender = state.hand { state.writerIsWanted = true }
      return state.isBroken || state.hand == .free && state.queue.isEmpty
    }
  }

  func use(_ framing: Framing) { state.withLock { $0.framing = framing } }

  /// Plain progress takes the place of what waits of it when much waits.
  ///
  /// - Parameter refusal: what goes in its place, asked when it takes its place among the others.
  func send(_ message: [UInt8], as kind: FrameKind = .other, unless refusal: () -> [UInt8]? = { nil }) {
    guard let frame = state.withLock({ take(refusal() ?? message, kind, &$0) }) else { return }
    write(frame, kind)
  }

  func ticket() -> RoomQueue.Ticket {
    RoomQueue.Ticket(number: lastTicket.add(1, ordering: .relaxed).newValue)
  }

  /// Sends streamed text when there is room, in the order it was given. Resumes the sender once it has its place, or never
  /// will: it was withdrawn, or nothing goes out any more.
  func stream(
    _ message: [UInt8],
    of request: Serial,
    _ ticket: RoomQueue.Ticket,
    _ sender: CheckedContinuation<Void, Never>
  ) {
    let kind = FrameKind.text(of: request)
    let (mustWait, frame) = state.withLock { state -> (Bool, [UInt8]?) in
      guard isFull, !state.isBroken else { return (false, take(message, kind, &state)) }
      let entry = RoomQueue.Entry(frame: state.framing.frame(message), kind: kind, sender: sender)
      state.waiting.append(entry, ticket)
      return (true, nil)
    }
    if let frame { write(frame, kind) }
    if !mustWait { sender.resume() }
  }

  /// Drops streamed text that has no place yet.
  func withdraw(_ ticket: RoomQueue.Ticket) {
    state.withLock { $0.waiting.remove(ticket) }?.sender.resume()
  }

  /// The writer's question after each write, and whenever it is woken. Small frames are taken together.
  func nextStep(upTo byteCount: Int = 64 << 10) -> WriterStep {
    let (step, placed) = state.withLock { state -> (WriterStep, [RoomQueue.Entry]) in
      guard !state.isBroken else { return (.broken, []) }
      guard state.hand != .sender else {
        state.writerIsWanted = true
        return (.idle, [])
      }
      let chunk = state.queue.take(upTo: byteCount)
      state.hand = chunk.isEmpty ? .free : .writer
      if state.queue.byteCount <= limit / 2 { full.store(false, ordering: .sequentiallyConsistent) }
      return (chunk.isEmpty ? .idle : .write(chunk), placeWaiting(&state))
    }
    for entry in placed { entry.sender.resume() }
    return step
  }

  /// Nothing more goes out; what waits is dropped.
  func fail() {
    let dropped = state.withLock { state in
      state.isBroken = true
      full.store(false, ordering: .sequentiallyConsistent)
      state.queue = FrameQueue()
      return state.waiting.removeAll()
    }
    for entry in dropped { entry.sender.resume() }
  }

  /// Gives those who wait their places until it is full again.
  private func placeWaiting(_ state: inout State) -> [RoomQueue.Entry] {
    var placed: [RoomQueue.Entry] = []
    while !isFull, let entry = state.waiting.removeFirst() {
      state.queue.append(entry.frame, entry.kind)
      noteSize(state)
      placed.append(entry)
    }
    return placed
  }

  private func write(_ frame: [UInt8], _ kind: FrameKind) {
    let outcome = output.writeAtOnce(frame)
    let mustWake = state.withLock { finish(frame, kind, outcome, &$0) }
    if mustWake { output.framesAreWaiting() }
  }

  /// The frame if the sender is to write it; else it waits for the writer, who has been told or will be.
  private func take(_ message: [UInt8], _ kind: FrameKind, _ state: inout State) -> [UInt8]? {
    guard !state.isBroken else { return nil }
    let frame = state.framing.frame(message)
    if state.hand == .free, state.queue.isEmpty {
      state.hand = .sender
      return frame
    }
    if case .report(let request) = kind, state.queue.byteCount > limit / 2,
      state.queue.replaceReport(of: request, with: frame)
    {
      return nil
    }
    state.queue.append(frame, kind)
    noteSize(state)
    return nil
  }

  /// What a sender could not write goes before all that waits. Returns whether the writer must be told.
  private func finish(_ frame: [UInt8], _ kind: FrameKind, _ outcome: ImmediateWrite, _ state: inout State) -> Bool {
    state.hand = .free
    switch outcome {
    case .wrote(frame.count): break
    case .wrote(let count):
      guard !state.isBroken else { break }
      state.queue.prepend(Array(frame[count...]), count == 0 ? kind : .other)
      noteSize(state)
    case .broken: state.isBroken = true
    }
    defer { state.writerIsWanted = false }
    return state.writerIsWanted || state.isBroken || !state.queue.isEmpty
  }

  private func noteSize(_ state: borrowing State) {
    if state.queue.byteCount > limit { full.store(true, ordering: .sequentiallyConsistent) }
  }
}
