import Delegation
import EncryptedFileStore
import Foundation
import Synchronization
import TestSupport

/// A store over a file in memory, at the lowest accepted cost.
struct StoreUnderTest {
  let file: InMemoryGuardedFile
  let passphrase: PlannedPassphrase
  let store: any SecretStore

  init(
    _ file: InMemoryGuardedFile = InMemoryGuardedFile("/store"),
    passphrase: String = "correct horse battery staple",
    random: any Randomness = RandomBytes()
  ) {
    let passphrase = PlannedPassphrase(passphrase)
    self.file = file
    self.passphrase = passphrase
    store = EncryptedFileStore(
      file: file,
      passphrase: passphrase.give,
      random: random,
      cost: 1 << 14
    )
  }

  func write(
    _ text: String,
    as item: SecretItem,
    attributes: [String: String] = [:],
    replacing: Bool = false,
    deadline: ContinuousClock.Instant = .soon
  ) async throws(StoreFailure) {
    try await store.write(
      item,
      secret: SecretBytes(copying: text.utf8),
      publicAttributes: attributes,
      replacing: replacing,
      deadline: deadline
    )
  }

  func replace(_ expected: String, with text: String, as item: SecretItem) async throws(StoreFailure) -> Bool {
    try await store.replace(
      item,
      holding: SecretBytes(copying: expected.utf8),
      with: SecretBytes(copying: text.utf8),
      publicAttributes: [:],
      deadline: .soon
    )
  }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant = .soon) async throws(StoreFailure) -> String? {
    guard let secret = try await store.read(item, deadline: deadline) else { return nil }
    return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  func names(_ kind: SecretItem.Kind) async throws(StoreFailure) -> [String] {
    try await store.names(of: kind, deadline: .soon)
  }

  func delete(_ item: SecretItem) async throws(StoreFailure) -> Bool {
    try await store.delete(item, deadline: .soon)
  }

  /// The one failure of every call on `item`, when they all fail in the same way.
  func failureOfEveryCall(on item: SecretItem) async -> StoreFailure? {
    var failures: Set<String> = []
    var last: StoreFailure?
    func note(_ call: () async throws(StoreFailure) -> Void) async {
      do throws(StoreFailure) {
        try await call()
        failures.insert("none")
      } catch {
        failures.insert("\(error)")
        last = error
      }
    }
    await note { () throws(StoreFailure) in _ = try await read(item) }
    await note { () throws(StoreFailure) in try await write("x", as: item, replacing: true) }
    await note { () throws(StoreFailure) in _ = try await delete(item) }
    await note { () throws(StoreFailure) in _ = try await names(item.kind) }
    return failures.count == 1 ? last : nil
  }
}

/// The passphrase of a test, which may change, and how often it was asked for.
final class PlannedPassphrase: Sendable {
  private let state: Mutex<(text: String, asked: Int)>

  init(_ text: String) { state = Mutex((text, 0)) }

  var asked: Int { state.withLock { $0.asked } }

  func change(to text: String) { state.withLock { $0.text = text } }

  func give() -> SecretBytes {
    let text = state.withLock { state in
      state.asked += 1
      return state.text
    }
    return SecretBytes(copying: text.utf8)
  }
}

struct RandomBytes: Randomness {
  func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in .random(in: 0...255) } }
}

extension ContinuousClock.Instant {
  static var soon: ContinuousClock.Instant { .now.advanced(by: .seconds(60)) }
}
