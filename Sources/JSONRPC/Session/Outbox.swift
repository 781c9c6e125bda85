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
/// When nothing waits, a frame that fits is written where it is sent; else it queues for the one writer.
final class Outbox: Sendable {
  private struct State {
    var framing = Framing.lines
    var queue = FrameQueue()
    var isWriting = false
    var isFull = false
    var isBroken = false
  }

  private let limit: Int
  private let output: any Output
  private let state = Mutex(State())

  init(limits: Limits, output: any Output) {
    limit = limits.maximumOutboundBytes
    self.output = output
  }

  /// From the crossing of the limit until half of it has left.
  var isFull: Bool { state.withLock(\.isFull) }

  /// So much waits that not even small answers may be added.
  var isOverfull: Bool { state.withLock { $0.queue.byteCount > 2 * limit } }

  /// Whether all that was sent has been written, or never will be.
  var isFlushed: Bool { state.withLock { $0.isBroken || $0.queue.isEmpty && !$0.isWriting } }

  func use(_ framing: Framing) { state.withLock { $0.framing = framing } }

  /// Plain progress names its request in `report`, and takes the place of what waits of it when much waits.
  func send(_ message: [UInt8], report: Serial? = nil) {
    let mustWake = state.withLock { state in
      guard !state.isBroken else { return false }
      let frame = state.framing.frame(message)
      guard state.queue.isEmpty, !state.isWriting else { return enqueue(frame, report, &state) }
      switch output.writeAtOnce(frame) {
      case .wrote(frame.count): return false
      case .wrote(let count): return enqueue(Array(frame[count...]), count == 0 ? report : nil, &state)
      case .broken:
        state.isBroken = true
        return true
      }
    }
    if mustWake { output.framesAreWaiting() }
  }

  /// The writer's question after each write, and whenever it is woken. Small frames are taken together.
  func nextStep(upTo byteCount: Int = 64 << 10) -> WriterStep {
    state.withLock { state in
      guard !state.isBroken else { return .broken }
      let chunk = state.queue.take(upTo: byteCount)
      state.isWriting = !chunk.isEmpty
      if state.queue.byteCount <= limit / 2 { state.isFull = false }
      return chunk.isEmpty ? .idle : .write(chunk)
    }
  }

  /// Nothing more goes out; what waits is dropped.
  func fail() {
    state.withLock { state in
      state.isBroken = true
      state.isFull = false
      state.queue = FrameQueue()
    }
  }

  /// Whether the writer must be told.
  private func enqueue(_ frame: [UInt8], _ report: Serial?, _ state: inout State) -> Bool {
    if let report, state.queue.byteCount > limit / 2, state.queue.replaceReport(of: report, with: frame) {
      return false
    }
    let writerSleeps = state.queue.isEmpty && !state.isWriting
    state.queue.append(frame, report: report)
    if state.queue.byteCount > limit { state.isFull = true }
    return writerSleeps
  }
}
