package import Delegation

/// The desktop's keyring, through the Secret Service API: GNOME Keyring, KWallet, KeePassXC.
///
/// One item per secret, as protocol/secret-service-item.md describes. Every call ends by its deadline, whatever the
/// service does, and none but `unlock` raises a prompt.
package struct SecretServiceStore: SecretStore {
  package let name = "secret-service"

  private let bus: SessionBus
  private let lane = CallLane()
  /// A person takes their time; nobody else waits for it.
  private let questions = CallLane()

  /// Kept back from each call, so that what went wrong still reaches the caller in time.
  private static let timeToAnswer: Duration = .milliseconds(100)

  package init(bus: SessionBus) { self.bus = bus }

  package func read(
    _ item: SecretItem,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) -> SecretBytes? {
    let answer = Handover<SecretBytes>()
    try await perform(deadline: deadline, repeatable: true) { (session, call) throws(CallProblem) in
      guard let found = try Self.items(ItemFormat.identity(of: item), session, call).first else { return }
      answer.put(try found.secret(call.cancellation))
    }
    return answer.take()
  }

  package func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) {
    let attributes = ItemFormat.attributes(of: item, shown: publicAttributes)
    let write = secret.withUnsafeBytes { bytes in
      ItemWrite(item: item, copying: bytes, attributes: attributes, replacing: replacing)
    }
    try await perform(deadline: deadline, repeatable: replacing) { (session, call) throws(CallProblem) in
      try write.run(session, call)
    }
  }

  package func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> Bool {
    let existed = Handover<Bool>()
    try await perform(deadline: deadline, repeatable: true) { (session, call) throws(CallProblem) in
      let found = try Self.items(ItemFormat.identity(of: item), session, call)
      if !found.isEmpty {
        try call.willWrite()
        existed.put(true)
      }
      for item in found {
        try item.delete(call.cancellation)
        call.noteEffect()
      }
      guard try session.search(ItemFormat.identity(of: item), call.cancellation).isEmpty else {
        throw .concluded(.unavailable(.writeLost, found: "the item is still there after it was deleted"))
      }
    }
    return existed.take() ?? false
  }

  package func names(
    of kind: SecretItem.Kind,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) -> [String] {
    let answer = Handover<Set<String>>()
    try await perform(deadline: deadline, repeatable: true) { (session, call) throws(CallProblem) in
      answer.put(Set(try Self.items(ItemFormat.identity(of: kind), session, call).compactMap { $0.attribute("name") }))
    }
    return (answer.take() ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  package func unlock(deadline: ContinuousClock.Instant) async throws(StoreFailure) {
    try await questions.run(deadline: deadline - Self.timeToAnswer, withdrawnOnCancel: true) {
      [bus] (_, call) throws(StoreFailure) in
      defer { dropSignals() }
      do throws(CallProblem) {
        try ServiceSession(on: bus, .asking, call.cancellation).unlock(call.cancellation)
      } catch {
        throw error.failure(of: call)
      }
    }
  }

  /// Runs `body` with the session of the last call, and again with a new one when the daemon or the bus turns out to
  /// have been restarted meanwhile.
  ///
  /// - Parameter repeatable: running it a second time does no harm although the first has had its effect.
  private func perform(
    deadline: ContinuousClock.Instant,
    repeatable: Bool,
    _ body: @escaping @Sendable (borrowing ServiceSession, Call) throws(CallProblem) -> Void
  ) async throws(StoreFailure) {
    try await lane.run(deadline: deadline - Self.timeToAnswer) { [bus] (session, call) throws(StoreFailure) in
      defer { dropSignals() }
      do throws(CallProblem) {
        guard session != nil else { return try Self.attempt(&session, bus, call, body) }
        do throws(CallProblem) {
          try Self.attempt(&session, bus, call, body)
        } catch {
          guard error.mayBeStale, repeatable || !call.isWriting || error.wasRefused else { throw error }
          try Self.attempt(&session, bus, call, body)
        }
      } catch {
        throw error.failure(of: call)
      }
    }
  }

  /// Opens a session if there is none; keeps it unless the failure may be its own.
  private static func attempt(
    _ session: inout ServiceSession?,
    _ bus: SessionBus,
    _ call: Call,
    _ body: (borrowing ServiceSession, Call) throws(CallProblem) -> Void
  ) throws(CallProblem) {
    let current: ServiceSession
    if let held = session.take() {
      current = held
    } else {
      current = try ServiceSession(on: bus, .silent, call.cancellation)
    }
    do throws(CallProblem) {
      try body(current, call)
    } catch {
      if !error.mayBeStale { session = consume current }
      if error.mayHaveHadEffect { call.noteEffect() }
      throw error
    }
    session = consume current
  }

  /// The items with these attributes. None means that there are none.
  ///
  /// - Throws: `.locked` when one is locked, and when none is seen but the default collection is locked: some services
  ///   do not show what a locked collection holds.
  private static func items(
    _ attributes: [String: String],
    _ session: borrowing ServiceSession,
    _ call: Call
  ) throws(CallProblem) -> [StoredItem] {
    let found = try session.search(attributes, call.cancellation)
    if found.contains(where: \.isLocked) { throw .concluded(.locked(found: "the item is there and locked")) }
    guard found.isEmpty, let collection = try session.defaultCollection(call.cancellation) else { return found }
    guard !collection.isLocked else {
      throw .concluded(.locked(found: "the keyring \"\(collection.label)\" is locked"))
    }
    return found
  }
}

extension Call {
  /// `beginWriting` for what runs inside a session.
  func willWrite() throws(CallProblem) {
    do { try beginWriting() } catch { throw .concluded(error) }
  }
}
