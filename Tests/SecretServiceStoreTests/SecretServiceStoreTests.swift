import Delegation
import Foundation
import Glibc
import SecretServiceStore
import Testing

/// Against a real GNOME Keyring on a private bus.
@Suite(.serialized) struct SecretServiceStoreTests {
  private let key = SecretItem(.key, "prod")

  private func desktop() throws -> PrivateDesktop {
    let desktop = try PrivateDesktop()
    try desktop.startKeyring()
    return desktop
  }

  @Test func keepsReplacesListsAndDeletes() async throws {
    let desktop = try desktop()
    let store = desktop.store
    #expect(try await store.text(key) == nil)
    try await store.write("one", to: key)
    await #expect(throws: StoreFailure.exists) { try await store.write("two", to: key) }
    #expect(try await store.text(key) == "one")
    try await store.write("two", to: key, replacing: true)
    #expect(try await store.text(key) == "two")
    try await store.write("three", to: SecretItem(.key, "Äther"), replacing: true)
    try await store.write("four", to: SecretItem(.clientSecret, "prod"))
    #expect(try await store.names(of: .key, deadline: .soon) == ["prod", "Äther"])
    #expect(try await store.delete(key, deadline: .soon))
    #expect(try await store.delete(key, deadline: .soon) == false)
    #expect(try await store.names(of: .key, deadline: .soon) == ["Äther"])
    #expect(try await store.text(SecretItem(.clientSecret, "prod")) == "four")
  }

  @Test func outlivesTheProcessThatWroteIt() async throws {
    let desktop = try desktop()
    try await desktop.store.write("one", to: key)
    desktop.stopKeyring()
    try desktop.startKeyring()
    #expect(try await desktop.store.text(key) == "one")
  }

  @Test(arguments: [0, 1, 65_536])
  func keepsEveryByte(_ count: Int) async throws {
    let desktop = try desktop()
    let store = desktop.store
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    let secret = SecretBytes(copying: bytes)
    try await store.write(key, secret: secret, publicAttributes: [:], replacing: false, deadline: .soon)
    let stored = try #require(try await store.read(key, deadline: .soon)?.withUnsafeBytes { Array($0) })
    #expect(stored == bytes)
  }

  @Test func tellsLockedFromAbsent() async throws {
    let desktop = try desktop()
    let store = desktop.store
    try await store.write("one", to: key)
    try desktop.lock()
    let locked = StoreFailure.locked(found: "the item is there and locked")
    await #expect(throws: locked) { try await store.text(key) }
    await #expect(throws: locked) { try await store.write("two", to: key, replacing: true) }
    await #expect(throws: locked) { _ = try await store.delete(key, deadline: .soon) }
    await #expect(throws: locked) { _ = try await store.names(of: .key, deadline: .soon) }
    await #expect(throws: StoreFailure.exists) { try await store.write("two", to: key) }
    let other = SecretItem(.key, "other")
    await #expect(throws: StoreFailure.locked(found: "the keyring \"Login\" is locked")) { try await store.text(other) }
    await #expect(throws: StoreFailure.locked(found: "Cannot create an item in a locked collection")) {
      try await store.write("two", to: other)
    }
  }

  @Test func findsALockedKeyringAfterTheLoginWithoutPassword() async throws {
    let desktop = try desktop()
    try await desktop.store.write("one", to: key)
    desktop.stopKeyring()
    try desktop.startKeyring(password: nil)
    let store = desktop.store
    await #expect(throws: StoreFailure.locked(found: "the item is there and locked")) { try await store.text(key) }
  }

  @Test func answersAtTheDeadlineWhenTheServiceIsSilent() async throws {
    let desktop = try desktop()
    let store = desktop.store
    try await store.write("one", to: key)
    desktop.signalKeyring(SIGSTOP)
    for warm in [store, desktop.store] {
      let start = ContinuousClock.now
      await #expect(throws: StoreFailure.timedOut(writing: false)) {
        try await warm.text(key, deadline: start + .seconds(1))
      }
      let waited = start.duration(to: .now)
      // Some of the time is kept to answer in.
      #expect(waited >= .milliseconds(800) && waited < .seconds(10), "\(waited)")
    }
    desktop.signalKeyring(SIGCONT)
    #expect(try await store.text(key) == "one")
  }

  @Test func goesOnAfterTheDaemonWasRestarted() async throws {
    let desktop = try desktop()
    let store = desktop.store
    try await store.write("one", to: key)
    for round in 1...3 {
      desktop.stopKeyring()
      try desktop.startKeyring()
      try await store.write("round \(round)", to: SecretItem(.key, "new \(round)"))
      #expect(try await store.text(key) == "one")
    }
    #expect(try await store.names(of: .key, deadline: .soon) == ["new 1", "new 2", "new 3", "prod"])
  }

  @Test func goesOnAfterTheBusWasRestarted() async throws {
    let desktop = try desktop()
    let store = desktop.store
    try await store.write("one", to: key)
    desktop.stopKeyring()
    desktop.stopBus()
    let failure = await #expect(throws: StoreFailure.self) { try await store.text(key) }
    guard case .unavailable(.noBus, _) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    try desktop.startBus()
    try desktop.startKeyring()
    #expect(try await store.text(key) == "one")
  }

  @Test func saysThatThereIsNoService() async throws {
    let desktop = try PrivateDesktop()
    let found = "The name org.freedesktop.secrets was not provided by any .service files"
    let store = desktop.store
    await #expect(throws: StoreFailure.unavailable(.noService, found: found)) { try await store.text(key) }
    try desktop.startKeyring()
    #expect(try await store.text(key) == nil)
  }

  @Test func saysThatThereIsNoCollection() async throws {
    let desktop = try PrivateDesktop()
    try desktop.startKeyring(password: nil)
    let store = desktop.store
    #expect(try await store.text(key) == nil)
    await #expect(throws: StoreFailure.unavailable(.noCollection, found: "the service has no default collection")) {
      try await store.write("one", to: key)
    }
  }

  @Test func saysThatTheServiceCannotWrite() async throws {
    let desktop = try desktop()
    let store = desktop.store
    try await store.write("one", to: key)
    try FileManager.default.removeItem(atPath: "\(desktop.home)/.local")
    let failure = await #expect(throws: StoreFailure.self) {
      try await store.write("two", to: SecretItem(.key, "other"))
    }
    // The second when the daemon has noticed by itself that its files are gone.
    let expected: [StoreFailure] = [
      .unavailable(.serviceError, found: "Couldn't create item: An error occurred on the device"),
      .unavailable(.noCollection, found: "the service has no default collection"),
    ]
    #expect(expected.contains { $0 == failure }, "\(String(describing: failure))")
  }

  @Test func refusesANameThatCWouldCutShort() async throws {
    let desktop = try desktop()
    let store = desktop.store
    try await store.write("one", to: key)
    await #expect(throws: StoreFailure.unavailable(.serviceError, found: "a name with a NUL byte cannot be stored")) {
      try await store.text(SecretItem(.key, "prod\0staging"))
    }
  }

  @Test func servesManyAtOnce() async throws {
    let desktop = try desktop()
    let stores = [desktop.store, desktop.store]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        group.addTask {
          let item = SecretItem(.trial, "item \(number)")
          let store = stores[number % 2]
          try await store.write("secret \(number)", to: item)
          #expect(try await store.text(item) == "secret \(number)")
          #expect(try await store.delete(item, deadline: .soon))
        }
      }
      try await group.waitForAll()
    }
    #expect(try await stores[0].names(of: .trial, deadline: .soon) == [])
  }

  @Test func letsOneOfSeveralSidecarsCreateAnItem() async throws {
    let desktop = try desktop()
    let key = key
    let stores = (0..<4).map { _ in desktop.store }
    for _ in 0..<5 {
      let winners = await withTaskGroup(of: String?.self) { group in
        for (number, store) in stores.enumerated() {
          group.addTask { () -> String? in
            do throws(StoreFailure) {
              try await store.write("secret \(number)", to: key)
              return "secret \(number)"
            } catch {
              #expect(error == .exists)
              return nil
            }
          }
        }
        return await group.reduce(into: [String]()) { winners, winner in if let winner { winners.append(winner) } }
      }
      #expect(winners.count == 1)
      #expect(try await stores[0].text(key) == winners.first)
      #expect(try await stores[0].delete(key, deadline: .soon))
    }
  }
}
