import Delegation
import Synchronization
import TestSupport

/// Time that passes only while the client waits for a message: then whoever sleeps wakes at once.
///
/// So a run that is polled for minutes costs none, and nothing is late because a machine is slow.
final class PatientClock: MonotonicClock {
  private struct State {
    var clientWaits = false
    var sleepers: [ContinuousClock.Instant] = []
  }

  /// What deadlines are measured on, and what waits for nobody.
  let manual: ManualClock
  private let state = Mutex(State())

  init(_ manual: ManualClock) { self.manual = manual }

  var now: ContinuousClock.Instant { manual.now }
  var minimumResolution: Duration { manual.minimumResolution }

  func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
    let clientWaits = state.withLock { state in
      state.sleepers.append(deadline)
      return state.clientWaits
    }
    defer { state.withLock { $0.sleepers.removeAll { $0 == deadline } } }
    if clientWaits { pass(until: deadline) }
    try await manual.sleep(until: deadline, tolerance: tolerance)
  }

  func whileClientWaits<Value>(_ wait: () async -> Value) async -> Value {
    let latest = state.withLock { state in
      state.clientWaits = true
      return state.sleepers.max()
    }
    defer { state.withLock { $0.clientWaits = false } }
    if let latest { pass(until: latest) }
    return await wait()
  }

  private func pass(until instant: ContinuousClock.Instant) { manual.advance(by: max(.zero, instant - now)) }
}
