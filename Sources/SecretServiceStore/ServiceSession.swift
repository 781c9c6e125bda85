import CLibSecret
import Delegation

/// A connection to the bus and a session of the Secret Service on it; both end with the value.
///
/// Every call blocks until it has an answer or is cancelled. None raises a prompt (CLibSecret/shim.h), unless the
/// session was opened to ask.
struct ServiceSession: ~Copyable {
  enum Manner {
    case silent
    /// For `unlock` alone.
    case asking
  }

  private static let silentType = onbehalf_service_register()
  private static let askingType = onbehalf_prompting_service_register()
  private static let attempts = 4

  private let connection: OpaquePointer  // <GDBusConnection>
  private let service: UnsafeMutablePointer<SecretService>

  init(on bus: SessionBus, _ manner: Manner, _ cancellation: Cancellation) throws(CallProblem) {
    let address: String
    do { address = try bus.address() } catch { throw .concluded(error) }
    var error: UnsafeMutablePointer<GError>?
    let flags = GDBusConnectionFlags(
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT.rawValue | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION.rawValue
    )
    guard
      let connection = g_dbus_connection_new_for_address_sync(address, flags, nil, cancellation.pointer, &error)
    else {
      throw Self.noBus(ServiceError(takingOwnership: error))
    }
    let type =
      switch manner {
      case .silent: Self.silentType
      case .asking: Self.askingType
      }
    guard let service = onbehalf_service_open(type, connection, cancellation.pointer, &error) else {
      g_object_unref(UnsafeMutableRawPointer(connection))
      throw .service(ServiceError(takingOwnership: error))
    }
    self.connection = connection
    self.service = service
  }

  deinit {
    g_object_unref(service)
    g_object_unref(UnsafeMutableRawPointer(connection))
  }

  /// Whatever goes wrong before there is a connection, the bus is what is missing.
  private static func noBus(_ error: ServiceError) -> CallProblem {
    switch error.kind {
    case .cancelled, .timedOut: .service(error)
    case .locked, .connectionLost, .serviceMissing, .objectMissing, .refused, .unknown:
      .concluded(.unavailable(.noBus, found: error.message))
    }
  }

  /// Every item with these attributes, locked ones too, in the order of `StoredItem`.
  func search(_ attributes: [String: String], _ cancellation: Cancellation) throws(CallProblem) -> [StoredItem] {
    // A search is two steps for libsecret. An item that another sidecar deletes between them is no failure.
    for _ in 1..<Self.attempts {
      do {
        return try searchOnce(attributes, cancellation)
      } catch .service(let error) where error.kind == .objectMissing {
        continue
      }
    }
    return try searchOnce(attributes, cancellation)
  }

  private func searchOnce(
    _ attributes: [String: String],
    _ cancellation: Cancellation
  ) throws(CallProblem) -> [StoredItem] {
    let table = try AttributeTable(attributes)
    var error: UnsafeMutablePointer<GError>?
    let list = secret_service_search_sync(service, nil, table.pointer, SECRET_SEARCH_ALL, cancellation.pointer, &error)
    if error != nil { throw .service(ServiceError(takingOwnership: error)) }
    defer { g_list_free(list) }
    var items: [StoredItem] = []
    var link = list
    while let here = link {
      if let item = here.pointee.data { items.append(StoredItem(takingOwnership: item)) }
      link = here.pointee.next
    }
    return items.sorted()
  }

  /// The collection new items go to, or nil when the service has none.
  func defaultCollection(_ cancellation: Cancellation) throws(CallProblem) -> Collection? {
    var error: UnsafeMutablePointer<GError>?
    let collection = secret_collection_for_alias_sync(
      service,
      SECRET_COLLECTION_DEFAULT,
      SECRET_COLLECTION_NONE,
      cancellation.pointer,
      &error
    )
    if let collection { return Collection(takingOwnership: collection) }
    guard error != nil else { return nil }
    let problem = ServiceError(takingOwnership: error)
    if problem.kind == .objectMissing { return nil }
    throw .service(problem)
  }
}

extension ServiceSession {
  /// Has the service ask a person to unlock the default collection, or our items when that is open, and waits for the
  /// answer.
  /// Cancelling takes the question back (org.freedesktop.Secret.Prompt.Dismiss).
  ///
  /// - Throws: `.promptDismissed` when nothing was unlocked.
  func unlock(_ cancellation: Cancellation) throws(CallProblem) {
    var locked: UnsafeMutablePointer<GList>?
    defer { g_list_free_full(locked, g_object_unref) }
    if let collection = try defaultCollection(cancellation), collection.isLocked {
      locked = g_list_append(locked, collection.reference())
    } else {
      for item in try search(["application": ItemFormat.application], cancellation) where item.isLocked {
        locked = g_list_append(locked, item.reference())
      }
    }
    guard locked != nil else { return }
    var error: UnsafeMutablePointer<GError>?
    let unlocked = secret_service_unlock_sync(service, locked, cancellation.pointer, nil, &error)
    if error != nil { throw .service(ServiceError(takingOwnership: error)) }
    guard unlocked > 0 else { throw .concluded(.promptDismissed) }
  }
}

// libsecret and GDBus objects may be used from any thread, and a value that cannot be copied is used by one at a time.
extension ServiceSession: @unchecked Sendable {}
