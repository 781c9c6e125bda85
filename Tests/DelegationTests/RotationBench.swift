import Delegation
import JSON
import Synchronization
import TestSupport
import Testing

/// What happens at writes, of the store and of the profile file alike: the power goes, or another sidecar is quicker.
final class Writes: Sendable {
  struct PowerLoss: Error {}

  enum Moment: CaseIterable {
    case before
    case after
  }

  private struct State {
    var count = 0
    var loss: (write: Int, moment: Moment)?
    var intruder: (@Sendable () async throws -> Void)?
  }

  private let state = Mutex(State())

  /// How many were begun.
  var count: Int { state.withLock(\.count) }

  /// Nothing gets through at or behind the write of that number, which is itself done or not.
  func losePower(at write: Int, _ moment: Moment) { state.withLock { $0.loss = (write, moment) } }

  /// Acts once, right before the next write.
  func intrude(_ intruder: @escaping @Sendable () async throws -> Void) { state.withLock { $0.intruder = intruder } }

  func intruder() -> (@Sendable () async throws -> Void)? {
    state.withLock { state in
      defer { state.intruder = nil }
      return state.intruder
    }
  }

  func perform<Value>(_ write: () throws -> Value) throws -> Value {
    let (number, loss) = state.withLock { state in
      state.count += 1
      return (state.count, state.loss)
    }
    guard let loss, number >= loss.write else { return try write() }
    if number == loss.write, loss.moment == .after { _ = try write() }
    throw PowerLoss()
  }
}

/// A store of several sidecars, as one of them writes to it.
struct SharedStore: SecretStore {
  let store: MemoryStore
  let writes: Writes
  let name = "memory"

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) -> SecretBytes? {
    store.read(item, deadline: deadline)
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) async throws(StoreFailure) {
    do {
      try await writes.intruder()?()
      try writes.perform {
        try store.write(
          item,
          secret: secret,
          publicAttributes: publicAttributes,
          replacing: replacing,
          deadline: deadline
        )
      }
    } catch let failure as StoreFailure {
      throw failure
    } catch {
      throw .timedOut(writing: true)
    }
  }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) async throws(StoreFailure) -> Bool {
    do { return try writes.perform { store.delete(item, deadline: deadline) } } catch {
      throw .timedOut(writing: true)
    }
  }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) -> [String] {
    store.names(of: kind, deadline: deadline)
  }
}

/// A profile file of several sidecars, as one of them writes to it.
struct WatchedFile: GuardedFile {
  let file: InMemoryGuardedFile
  let writes: Writes

  var path: String { file.path }

  func read(deadline: ContinuousClock.Instant) throws(FileFailure) -> GuardedContent? {
    try file.read(deadline: deadline)
  }

  func stamp() throws(FileFailure) -> FileStamp? { try file.stamp() }

  func update(
    deadline: ContinuousClock.Instant,
    _ change: ([UInt8]?) throws(FileFailure) -> [UInt8]?
  ) throws(FileFailure) {
    guard let bytes = try change(file.bytes) else { return }
    do { try writes.perform { file.bytes = bytes } } catch { throw .system(found: "the power went") }
  }
}

/// One store and one profile file, with the key `payables` and two profiles on it that name its certificate `CoE_key`.
struct RotationBench {
  let bench: Bench
  let file = InMemoryGuardedFile("/config.json")
  let caller = RecordingCaller()

  static let profiles = ["dev5", "night"]

  init() async throws {
    bench = try await Bench()
    for name in Self.profiles { try await save(name) }
    try await save("elsewhere") { $0.key = "receivables" }
  }

  func save(_ name: String, _ change: (inout Profile) -> Void = { _ in }) async throws {
    let profile = try Samples.profile {
      $0.name = name
      $0.kid = "CoE_key"
      change(&$0)
    }
    try await ProfileBook(file: file).save(profile, for: caller)
  }

  /// A sidecar that has just been started.
  func domain(_ writes: Writes = Writes()) -> Domain {
    var ports = bench.ports
    ports.store = SharedStore(store: bench.store, writes: writes)
    ports.profileFile = WatchedFile(file: file, writes: writes)
    return Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }
  }

  var rotation: KeyRotation { domain().rotation }

  func start(_ rotation: KeyRotation) async throws(Failure) {
    _ = try await rotation.start(KeyRotation.Plan(alias: "payables"), for: caller)
  }

  /// The whole state: each key with its stage, and what profiles name.
  struct Picture: Equatable, CustomStringConvertible {
    var keys: [String: KeyStage]
    /// `key kid`, by the profile's name.
    var profiles: [String: String]

    var description: String { "\(keys) \(profiles)" }
  }

  func picture() async throws -> Picture {
    let keys = try await domain().keys.list(deadline: caller.deadline) { ($0.item.alias, $0.item.stage) }.keys
    let profiles = try ProfileBook(file: file).all(deadline: caller.deadline)
      .map { ($0.name, "\($0.key ?? "-") \($0.kid ?? "-")") }
    return Picture(
      keys: Dictionary(uniqueKeysWithValues: keys),
      profiles: Dictionary(uniqueKeysWithValues: profiles)
    )
  }

  static let atRest = Picture(
    keys: ["payables": .current],
    profiles: ["dev5": "payables CoE_key", "night": "payables CoE_key", "elsewhere": "receivables CoE_key"]
  )

  static let started = Picture(
    keys: ["payables": .current, "payables-2": .successor(of: "payables")],
    profiles: atRest.profiles
  )

  static let finished = Picture(
    keys: [
      "payables": .retired(
        KeyStage.Retirement(at: UnixTime(seconds: 1_700_000_000), successor: "payables-2", kid: "CoE_key")
      ),
      "payables-2": .current,
    ],
    profiles: ["dev5": "payables-2 -", "night": "payables-2 -", "elsewhere": "receivables CoE_key"]
  )

  /// Each profile signs, with whatever key it names.
  func everyProfileSigns() async throws {
    let domain = domain()
    for name in Self.profiles {
      let profile = try domain.authorization.profiles.named(name, deadline: caller.deadline)
      _ = try await domain.mint.mint(profile, subject: nil, deadline: caller.deadline)
    }
  }
}
