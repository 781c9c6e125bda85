import CLibSecret
import Delegation

/// Owns an item that a search has found.
///
/// Items are ordered by age. Where two sidecars have written one item at the same moment, the oldest is the item, and
/// both see it alike.
final class StoredItem: Comparable {
  private static let maximumSecretBytes = 1 << 20

  private let pointer: UnsafeMutablePointer<CLibSecret.SecretItem>

  init(takingOwnership pointer: UnsafeMutableRawPointer) {
    self.pointer = pointer.assumingMemoryBound(to: CLibSecret.SecretItem.self)
  }

  deinit { g_object_unref(pointer) }

  var isLocked: Bool { secret_item_get_locked(pointer) != 0 }

  /// Another reference, which the caller owns.
  func reference() -> UnsafeMutableRawPointer? { g_object_ref(pointer) }

  /// The value of an attribute, or nil when the item has none of that name.
  func attribute(_ name: String) -> String? {
    guard let table = secret_item_get_attributes(pointer) else { return nil }
    defer { g_hash_table_unref(table) }
    return name.withCString { g_hash_table_lookup(table, $0) }
      .map { String(cString: $0.assumingMemoryBound(to: CChar.self)) }
  }

  /// What is stored.
  func secret(_ cancellation: Cancellation) throws(CallProblem) -> SecretBytes {
    var error: UnsafeMutablePointer<GError>?
    guard secret_item_load_secret_sync(pointer, cancellation.pointer, &error) != 0,
      let value = secret_item_get_secret(pointer)
    else { throw .service(ServiceError(takingOwnership: error)) }
    // Overwrites its copy when the last reference goes.
    defer { secret_value_unref(UnsafeMutableRawPointer(value)) }
    var count: gsize = 0
    guard let bytes = secret_value_get(value, &count), count <= Self.maximumSecretBytes else {
      throw .concluded(.corrupt(found: "an item of \(count) bytes"))
    }
    return SecretBytes(copying: UnsafeRawBufferPointer(start: bytes, count: Int(count)))
  }

  /// Exchanges the secret in one step, then the label and the attributes, which are for people.
  func replace(
    _ secret: borrowing SecretBytes,
    label: String,
    attributes: borrowing AttributeTable,
    _ cancellation: Cancellation
  ) throws(CallProblem) {
    let value = StoredValue(secret)
    var error: UnsafeMutablePointer<GError>?
    guard secret_item_set_secret_sync(pointer, value.pointer, cancellation.pointer, &error) != 0,
      secret_item_set_attributes_sync(pointer, nil, attributes.pointer, cancellation.pointer, &error) != 0,
      secret_item_set_label_sync(pointer, label, cancellation.pointer, &error) != 0
    else { throw .service(ServiceError(takingOwnership: error)) }
  }

  func delete(_ cancellation: Cancellation) throws(CallProblem) {
    var error: UnsafeMutablePointer<GError>?
    guard secret_item_delete_sync(pointer, cancellation.pointer, &error) != 0 else {
      throw .service(ServiceError(takingOwnership: error))
    }
  }

  /// Seconds since 1970, then the order in which the service numbered them.
  private var age: (created: UInt, pathLength: Int, path: String) {
    let path = withProxy { g_dbus_proxy_get_object_path($0) }.map { String(cString: $0) } ?? ""
    return (secret_item_get_created(pointer), path.utf8.count, path)
  }

  var path: String { age.path }

  private func withProxy<Result>(_ body: (UnsafeMutablePointer<GDBusProxy>) -> Result) -> Result {
    pointer.withMemoryRebound(to: GDBusProxy.self, capacity: 1, body)
  }

  static func < (left: StoredItem, right: StoredItem) -> Bool { left.age < right.age }
  static func == (left: StoredItem, right: StoredItem) -> Bool { left.path == right.path }
}

/// Owns a secret in memory that libsecret keeps from swap and overwrites.
struct StoredValue: ~Copyable {
  let pointer: OpaquePointer  // <SecretValue>

  init(_ secret: borrowing SecretBytes) {
    pointer = secret.withUnsafeBytes { bytes in
      let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      return secret_value_new(text, gssize(bytes.count), ItemFormat.contentType)
    }
  }

  deinit { secret_value_unref(UnsafeMutableRawPointer(pointer)) }
}

/// Owns a table of attributes.
struct AttributeTable: ~Copyable {
  let pointer: OpaquePointer  // <GHashTable>

  /// - Throws: for a NUL byte, which would cut a name short and so find another item.
  init(_ attributes: [String: String]) throws(CallProblem) {
    guard attributes.allSatisfy({ !$0.key.utf8.contains(0) && !$0.value.utf8.contains(0) }) else {
      throw .concluded(.unavailable(.serviceError, found: "a name with a NUL byte cannot be stored"))
    }
    pointer = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)
    for (name, value) in attributes { g_hash_table_insert(pointer, g_strdup(name), g_strdup(value)) }
  }

  deinit { g_hash_table_unref(pointer) }
}
