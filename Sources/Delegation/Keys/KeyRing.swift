import Synchronization

/// Keeps keys open, so that a signature costs one RSA operation and no store call.
///
/// A key is read from the store once, however many ask at the same time. A handle that nobody used for its idle time is
/// dropped; `forget` drops one at once.
package final class KeyRing: Sendable {
  private let store: any SecretStore
  private let keys: any SigningKeys
  private let clock: any MonotonicClock
  private let state = Mutex(State())

  private struct State {
    var open: [String: Held] = [:]
    var loading: [String: (id: Int, task: Task<Result<OpenKey, Failure>, Never>)] = [:]
    var nextLoad = 0
    var sweeper: Task<Void, Never>?
  }

  private struct Held {
    let key: OpenKey
    var idle: Duration
    var lastUsed: ContinuousClock.Instant
    var expires: ContinuousClock.Instant { lastUsed.advanced(by: idle) }
  }

  /// How long an unused handle is kept when the profile does not say.
  package static let standardIdle: Duration = .seconds(900)

  package init(store: any SecretStore, keys: any SigningKeys, clock: any MonotonicClock) {
    self.store = store
    self.keys = keys
    self.clock = clock
  }

  /// The key when it is open already.
  func openKey(_ alias: String, idle: Duration) -> OpenKey? {
    let now = clock.now
    return state.withLock { state in
      guard let held = state.open[alias], held.expires > now else { return nil }
      state.open[alias]?.lastUsed = now
      state.open[alias]?.idle = idle
      return held.key
    }
  }

  /// The key, read from the store when it is not open.
  package func open(
    _ alias: String,
    idle: Duration = standardIdle,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> OpenKey {
    if let key = openKey(alias, idle: idle) { return key }
    let task = state.withLock { state -> Task<Result<OpenKey, Failure>, Never> in
      if let loading = state.loading[alias] { return loading.task }
      let id = state.nextLoad
      state.nextLoad += 1
      let task = Task { await load(alias, id: id, idle: idle, deadline: deadline) }
      state.loading[alias] = (id, task)
      return task
    }
    return try await task.value.get()
  }

  /// Closes the handle; a load that is under way will not be kept.
  package func forget(_ alias: String) {
    state.withLock { state in
      state.open[alias] = nil
      state.loading[alias] = nil
    }
  }

  package var openCount: Int { state.withLock { $0.open.count } }

  private func load(
    _ alias: String,
    id: Int,
    idle: Duration,
    deadline: ContinuousClock.Instant
  ) async -> Result<OpenKey, Failure> {
    let result = await read(alias, deadline: deadline)
    let now = clock.now
    state.withLock { state in
      guard state.loading[alias]?.id == id else { return }
      state.loading[alias] = nil
      guard case .success(let key) = result else { return }
      state.open[alias] = Held(key: key, idle: idle, lastUsed: now)
      if state.sweeper == nil { state.sweeper = Task { await sweep() } }
    }
    return result
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

  /// Drops each handle when its idle time is over; ends when none is left.
  private func sweep() async {
    while true {
      let now = clock.now
      let next = state.withLock { state -> ContinuousClock.Instant? in
        state.open = state.open.filter { $0.value.expires > now }
        let next = state.open.values.map(\.expires).min()
        if next == nil { state.sweeper = nil }
        return next
      }
      guard let next else { return }
      do { try await clock.sleep(until: next, tolerance: nil) } catch { return }
    }
  }
}
