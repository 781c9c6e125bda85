import Delegation

/// One write of an item: create or replace, then read back.
final class ItemWrite: Sendable {
  private let item: SecretItem
  private let secret: SecretBytes
  private let attributes: [String: String]
  private let replacing: Bool

  init(item: SecretItem, copying bytes: UnsafeRawBufferPointer, attributes: [String: String], replacing: Bool) {
    self.item = item
    secret = SecretBytes(copying: bytes)
    self.attributes = attributes
    self.replacing = replacing
  }

  func run(_ session: borrowing ServiceSession, _ call: Call) throws(CallProblem) {
    let identity = ItemFormat.identity(of: item)
    if let existing = try session.search(identity, call.cancellation).first {
      guard replacing else { throw .concluded(.exists) }
      try replace(existing, call)
    } else {
      try create(session, call)
    }
    // KeePassXC says that it has stored what somebody at the screen has just refused.
    guard let kept = try session.search(identity, call.cancellation).first else {
      throw .concluded(.unavailable(.writeLost, found: "the item is not there after it was written"))
    }
    guard isSame(try kept.secret(call.cancellation)) else {
      throw .concluded(.unavailable(.writeLost, found: "the item holds something else than what was written"))
    }
  }

  private func create(_ session: borrowing ServiceSession, _ call: Call) throws(CallProblem) {
    guard let collection = try session.defaultCollection(call.cancellation) else {
      throw .concluded(.unavailable(.noCollection, found: "the service has no default collection"))
    }
    let table = try AttributeTable(attributes)
    try call.willWrite()
    let created = try collection.create(secret, label: item.label, attributes: table, call.cancellation)
    call.noteEffect()
    // Another sidecar may have come between the search and this: the older item stays.
    guard
      let oldest = try session.search(ItemFormat.identity(of: item), call.cancellation).first,
      oldest != created
    else { return }
    try created.delete(call.cancellation)
    guard replacing else { throw .concluded(.exists) }
    try replace(oldest, call)
  }

  private func replace(_ existing: StoredItem, _ call: Call) throws(CallProblem) {
    guard !existing.isLocked else { throw .concluded(.locked(found: "the item is there and locked")) }
    let table = try AttributeTable(attributes)
    try call.willWrite()
    try existing.replace(secret, label: item.label, attributes: table, call.cancellation)
    call.noteEffect()
  }

  private func isSame(_ stored: borrowing SecretBytes) -> Bool {
    stored.withUnsafeBytes { stored in secret.withUnsafeBytes { stored.elementsEqual($0) } }
  }
}
