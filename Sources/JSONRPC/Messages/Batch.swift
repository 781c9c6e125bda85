import Synchronization

/// The answers of one batch, held together until the last is there (JSON-RPC 2.0, section 6).
final class Batch: Sendable {
  private struct State {
    var answers: [[UInt8]] = []
    var missing = 0
    /// No element is to come.
    var isSealed = false
    /// Of the answer as it would be written now.
    var byteCount = 2
  }

  private let maximumBytes: Int
  private let state = Mutex(State())

  init(limits: Limits) { maximumBytes = limits.maximumMessageBytes }

  /// A place for one answer, in the order of the elements.
  func reserve() -> Int {
    state.withLock { state in
      state.answers.append([])
      state.missing += 1
      return state.answers.count - 1
    }
  }

  /// Returns the whole answer when this was the last of its parts. A part for which there is no more room gives way to
  /// the substitute.
  func fill(
    _ place: Int,
    with answer: [UInt8],
    unless refusal: () -> [UInt8]?,
    orElse substitute: () -> [UInt8]
  ) -> [UInt8]? {
    state.withLock { state in
      let answer = refusal() ?? answer
      let fits = state.byteCount + answer.count + 1 <= maximumBytes
      let part = fits ? answer : substitute()
      state.answers[place] = part
      state.byteCount += part.count + 1
      state.missing -= 1
      return complete(&state)
    }
  }

  /// Returns the whole answer when it is complete already; nothing when no element wants one.
  func seal() -> [UInt8]? {
    state.withLock { state in
      state.isSealed = true
      return complete(&state)
    }
  }

  /// Refuses an array that is not a batch of this protocol, as a whole.
  static func check(count: Int, _ framing: Framing, _ limits: Limits) throws(ResponseError) {
    guard framing == .lines else {
      throw .invalidRequest("A message with headers must be an object.", hint: "Send batches as lines, or one by one.")
    }
    guard count > 0 else { throw .invalidRequest("The batch is empty.") }
    guard count <= limits.maximumBatch else {
      throw .invalidRequest(
        "The batch has \(count) elements.",
        hint: "Send at most \(limits.maximumBatch) in one batch; requests one by one run concurrently too."
      )
    }
  }

  /// Refuses what concerns the session as a whole.
  static func check(_ method: String) throws(ResponseError) {
    guard !LifecycleMethod.notInBatches.contains(method) else { throw .notInBatch(method) }
  }

  private func complete(_ state: inout State) -> [UInt8]? {
    guard state.isSealed, state.missing == 0, !state.answers.isEmpty else { return nil }
    return [UInt8(ascii: "[")] + state.answers.joined(separator: [UInt8(ascii: ",")]) + [UInt8(ascii: "]")]
  }
}
