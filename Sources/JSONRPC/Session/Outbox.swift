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
/// writes under the lock, for who waits there spins.
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
    var hand = Hand.free
    /// The sender that is writing must wake the writer when it has done so.
    var writerIsWanted = false
    var isBroken = false
  }

  private let limit: Int
  private let output: any Output
  private let state = Mutex(State())
  private let full = Atomic(false)

  init(limits: Limits, output: any Output) {
    limit = limits.maximumOutboundBytes
    self.output = output
  }

  /// From the crossing of the limit until half of it has left. Waits for nobody, so it may be asked under other locks.
  var isFull: Bool { full.load(ordering: .sequentiallyConsistent) }

  /// So much waits that not even small answers may be added.
  var isOverfull: Bool { state.withLock { $0.queue.byteCount > 2 * limit } }

  /// Whether all that was sent has been written, or never will be. If not, the writer takes another step later.
  var isFlushed: Bool {
    state.withLock { state in
      if case .sender = state.hand { state.writerIsWanted = true }
      return state.isBroken || state.hand == .free && state.queue.isEmpty
    }
  }

  func use(_ framing: Framing) { state.withLock { $0.framing = framing } }

  /// Plain progress names its request in `report`, and takes the place of what waits of it when much waits.
  ///
  /// - Parameter refusal: what goes in its place, asked when it takes its place among the others.
  func send(_ message: [UInt8], report: Serial? = nil, unless refusal: () -> [UInt8]? = { nil }) {
    guard let frame = state.withLock({ take(refusal() ?? message, report, &$0) }) else { return }
    let outcome = output.writeAtOnce(frame)
    let mustWake = state.withLock { finish(frame, report, outcome, &$0) }
    if mustWake { output.framesAreWaiting() }
  }

  /// The writer's question after each write, and whenever it is woken. Small frames are taken together.
  func nextStep(upTo byteCount: Int = 64 << 10) -> WriterStep {
    state.withLock { state in
      guard !state.isBroken else { return .broken }
      guard state.hand != .sender else {
        state.writerIsWanted = true
        return .idle
      }
      let chunk = state.queue.take(upTo: byteCount)
      state.hand = chunk.isEmpty ? .free : .writer
      if state.queue.byteCount <= limit / 2 { full.store(false, ordering: .sequentiallyConsistent) }
      return chunk.isEmpty ? .idle : .write(chunk)
    }
  }

  /// Nothing more goes out; what waits is dropped.
  func fail() {
    state.withLock { state in
      state.isBroken = true
      full.store(false, ordering: .sequentiallyConsistent)
      state.queue = FrameQueue()
    }
  }

  /// The frame if the sender is to write it; else it waits for the writer, who has been told or will be.
  private func take(_ message: [UInt8], _ report: Serial?, _ state: inout State) -> [UInt8]? {
    guard !state.isBroken else { return nil }
    let frame = state.framing.frame(message)
    if state.hand == .free, state.queue.isEmpty {
      state.hand = .sender
      return frame
    }
    if let report, state.queue.byteCount > limit / 2, state.queue.replaceReport(of: report, with: frame) {
      return nil
    }
    state.queue.append(frame, report: report)
    noteSize(state)
    return nil
  }

  /// What a sender could not write goes before all that waits. Returns whether the writer must be told.
  private func finish(_ frame: [UInt8], _ report: Serial?, _ outcome: ImmediateWrite, _ state: inout State) -> Bool {
    state.hand = .free
    switch outcome {
    case .wrote(frame.count): break
    case .wrote(let count):
      guard !state.isBroken else { break }
      state.queue.prepend(Array(frame[count...]), report: count == 0 ? report : nil)
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
