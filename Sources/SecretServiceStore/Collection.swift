import CLibSecret
import Delegation

/// Owns a collection of the service: a keyring, a wallet, a database.
struct Collection: ~Copyable {
  private let pointer: UnsafeMutablePointer<SecretCollection>

  init(takingOwnership pointer: UnsafeMutablePointer<SecretCollection>) { self.pointer = pointer }

  deinit { g_object_unref(pointer) }

  /// What the service says. kwalletd5 says so of an open wallet, too.
  var isLocked: Bool { secret_collection_get_locked(pointer) != 0 }

  /// Another reference, which the caller owns.
  func reference() -> UnsafeMutableRawPointer? { g_object_ref(pointer) }

  var label: String {
    guard let label = secret_collection_get_label(pointer) else { return "" }
    defer { g_free(label) }
    return bounded(String(cString: label))
  }

  /// Adds an item. The service itself refuses when it is locked.
  ///
  /// - Throws: `.noCollection` when the collection is known but gone.
  func create(
    _ secret: borrowing SecretBytes,
    label: String,
    attributes: borrowing AttributeTable,
    _ cancellation: Cancellation
  ) throws(CallProblem) -> StoredItem {
    let value = StoredValue(secret)
    var error: UnsafeMutablePointer<GError>?
    let item = secret_item_create_sync(
      pointer,
      nil,
      attributes.pointer,
      label,
      value.pointer,
      SECRET_ITEM_CREATE_NONE,
      cancellation.pointer,
      &error
    )
    if let item { return StoredItem(takingOwnership: item) }
    throw .service(ServiceError(takingOwnership: error))
  }
}
