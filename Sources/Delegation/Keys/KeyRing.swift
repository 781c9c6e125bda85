import Synchronization

/// Keeps keys open, so that a signature costs one RSA operation and no store call.
///
/// A key is read from the store once, however many ask at the same time. A handle that nobody used for its idle time is
/// dropped; `forget` drops one at once, `forgetAll` all. Not more are held than `maximumOpen`, which is what memory is
/// locked for: then the one goes that was not used for longest. A key that is not bound yet signs nothing and is not
/// kept, so that a binding made by another process is seen.
package final class KeyRing: Sendable {
  private let store: any SecretStore
  private let keys: any SigningKeys
  private let clock: any MonotonicClock
  let lockdown: Lockdown
  private let loads = SingleFlight<String, OpenKey>()
  private let state = Mutex(State())

  private struct State {
    var open: [String: Held] = [:]
    var sweeper: (until: ContinuousClock.Instant, task: Task<Void, Never>)?
  }

  private struct Held {
    let key: OpenKey
    var idle: Duration
    var lastUsed: ContinuousClock.Instant
    var expires: ContinuousClock.Instant { lastUsed.advanced(by: idle) }
  }

  /// How long an unused handle is kept when the profile does not say.
  package static let standardIdle: Duration = .seconds(900)

  package static let maximumOpen = 64

  package init(
    store: any SecretStore,
    keys: any SigningKeys,
    clock: any MonotonicClock,
    lockdown: Lockdown = Lockdown()
  ) {
    self.store = store
    self.keys = keys
    self.clock = clock
    self.lockdown = lockdown
  }

  /// The key, read from the store when it is not open. The shortest idle time that is asked for counts.
  ///
  /// - Throws: `.abandoned` at once when the calling task is cancelled; a load goes on for the others. `.policy(.locked)`
  ///   after the lockdown, and at once when it comes meanwhile.
  package func open(
    _ alias: String,
    idle: Duration = standardIdle,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> OpenKey {
    while true {
      try lockdown.requireOpen()
      if let key = openKey(alias, idle: idle) { return key }
      do throws(Failure) {
        return try await loads.value(for: alias, caller: SilentCaller(deadline: deadline)) { flight in
          do throws(Failure) { try flight.depart() } catch { return .failure(error) }
          return await self.read(alias, deadline: deadline)
        } keep: {
          self.hold($0, idle: idle)
        }
      } catch .store(.timedOut, store: _) where clock.now < deadline {
        // The load ended with the time of whoever began it; this caller has more.
      }
    }
  }

  /// Closes the handle; a load that is under way will not be kept.
  package func forget(_ alias: String) {
    loads.detach(alias)
    state.withLock { $0.open[alias] = nil }
  }

  /// Closes every handle; loads that are under way will not be kept.
  func forgetAll() {
    loads.detachAll()
    state.withLock { $0.open = [:] }
  }

  /// Closes every handle after the lockdown; who waits for a load is refused at once.
  func lock() {
    loads.failAll(.policy(.locked))
    state.withLock { $0.open = [:] }
  }

  /// How many wait for this key to be read.
  package func waiterCount(for alias: String) -> Int { loads.waiterCount(for: alias) }

  package var openCount: Int { state.withLock { $0.open.count } }

  private func openKey(_ alias: String, idle: Duration) -> OpenKey? {
    let now = clock.now
    return state.withLock { state in
      guard var held = state.open[alias], held.expires > now else { return nil }
      held.lastUsed = now
      held.idle = min(held.idle, idle)
      state.open[alias] = held
      armSweeper(&state, until: held.expires)
      return held.key
    }
  }

  private func hold(_ key: OpenKey, idle: Duration) {
    guard key.item.binding != nil else { return }
    let held = Held(key: key, idle: idle, lastUsed: clock.now)
    state.withLock { state in
      guard !lockdown.isClosed else { return }
      if state.open.count >= Self.maximumOpen,
        let idlest = state.open.min(by: { $0.value.lastUsed < $1.value.lastUsed })
      {
        state.open[idlest.key] = nil
      }
      state.open[key.item.alias] = held
      armSweeper(&state, until: held.expires)
    }
  }

  private func read(_ alias: String, deadline: ContinuousClock.Instant) async -> Result<OpenKey, Failure> {
    do throws(StoreFailure) {
      guard let stored = try await store.read(SecretItem(.key, alias), deadline: deadline) else {
        return .failure(.key(.notFound(alias: alias)))
      }
      do throws(KeyFailure) {
        return .success(try OpenKey.open(stored, alias: alias, with: keys))
      } catch {
        return .failure(.key(.material(error, alias: alias)))
      }
    } catch {
      return .failure(.store(error, store: store.name))
    }
  }

  /// Sees to it that somebody looks for idle keys at that instant at the latest.
  private func armSweeper(_ state: inout State, until instant: ContinuousClock.Instant) {
    if let sweeper = state.sweeper {
      guard instant < sweeper.until else { return }
      sweeper.task.cancel()
    }
    state.sweeper = (
      instant,
      Task { [clock] in
        guard (try? await clock.sleep(until: instant, tolerance: nil)) != nil else { return }
        self.sweep(at: instant)
      }
    )
  }

  /// Drops the handles whose idle time is over.
  private func sweep(at instant: ContinuousClock.Instant) {
    let now = clock.now
    state.withLock { state in
      // A sweeper that was replaced while it woke leaves the newer one in place.
      if state.sweeper?.until == instant { state.sweeper = nil }
      state.open = state.open.filter { $0.value.expires > now }
      if let next = state.open.values.map(\.expires).min() { armSweeper(&state, until: next) }
    }
  }
}
