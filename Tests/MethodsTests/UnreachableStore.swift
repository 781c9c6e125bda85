import Delegation

/// A secret store on a bus that is not there.
struct UnreachableStore: SecretStore {
  let name = "secret-service"

  private var failure: StoreFailure { .unavailable(.noBus, found: "there is no bus at that address") }

  func read(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> SecretBytes? {
    throw failure
  }

  func write(
    _ item: SecretItem,
    secret: borrowing SecretBytes,
    publicAttributes: [String: String],
    replacing: Bool,
    deadline: ContinuousClock.Instant
  ) throws(StoreFailure) { throw failure }

  func delete(_ item: SecretItem, deadline: ContinuousClock.Instant) throws(StoreFailure) -> Bool { throw failure }

  func names(of kind: SecretItem.Kind, deadline: ContinuousClock.Instant) throws(StoreFailure) -> [String] {
    throw failure
  }
}
