import CLibSecret
import Delegation

/// Why a call did not come to its end: an error of GLib, or what we concluded ourselves.
enum CallProblem: Error {
  case service(ServiceError)
  case concluded(StoreFailure)

  var wasRefused: Bool {
    switch self {
    case .service(let error): error.wasRefused
    case .concluded: false
    }
  }

  /// If the call that failed was to change something, it may have.
  var mayHaveHadEffect: Bool {
    switch self {
    case .service(let error): !error.wasRefused
    case .concluded: false
    }
  }

  var mayBeStale: Bool {
    switch self {
    case .service(let error): error.mayBeStale
    case .concluded: false
    }
  }

  /// What the caller is told of `call`.
  func failure(of call: Call) -> StoreFailure {
    let failure =
      switch self {
      case .service(let error): error.failure(writing: call.isWriting)
      case .concluded(let failure): failure
      }
    return call.mayHaveWritten ? failure.afterWriting : failure
  }
}

/// What GLib reported, in its words.
struct ServiceError: Error, Equatable {
  enum Kind: Equatable {
    /// The item, its collection, or what the service would ask for.
    case locked
    case cancelled
    case timedOut
    case connectionLost
    case serviceMissing
    case objectMissing
    /// Any other answer of the service: it has refused, hence done nothing.
    case refused
    /// Anything else: whether the service has done what was asked is unknown.
    case unknown
  }

  let kind: Kind
  let message: String

  /// Frees `error`.
  init(takingOwnership error: UnsafeMutablePointer<GError>?) {
    guard let error else {
      kind = .unknown
      message = "no reason was given"
      return
    }
    defer { g_error_free(error) }
    g_dbus_error_strip_remote_error(error)
    kind = Kind(domain: error.pointee.domain, code: UInt32(bitPattern: error.pointee.code))
    message = error.pointee.message.map { bounded(String(cString: $0)) } ?? "no reason was given"
  }

  /// Nothing was done by the call that failed, so it may be made again.
  var wasRefused: Bool {
    switch kind {
    case .locked, .serviceMissing, .objectMissing, .refused: true
    case .cancelled, .timedOut, .connectionLost, .unknown: false
    }
  }

  /// A new connection may help: the daemon or the bus has been restarted since the last call.
  var mayBeStale: Bool {
    switch kind {
    case .locked, .cancelled, .timedOut: false
    case .connectionLost, .serviceMissing, .objectMissing, .refused, .unknown: true
    }
  }

  func failure(writing: Bool) -> StoreFailure {
    switch kind {
    case .locked: .locked(found: message)
    case .cancelled, .timedOut: .timedOut(writing: writing)
    case .connectionLost: .unavailable(.noBus, found: message)
    case .serviceMissing: .unavailable(.noService, found: message)
    case .objectMissing, .refused, .unknown: .unavailable(.serviceError, found: message)
    }
  }
}

extension ServiceError.Kind {
  fileprivate init(domain: GQuark, code: UInt32) {
    switch domain {
    case secret_error_get_quark(): self = Self.secretError(code)
    case g_io_error_quark(): self = Self.ioError(code)
    case g_dbus_error_quark(): self = Self.busError(code)
    default: self = .unknown
    }
  }

  private static func secretError(_ code: UInt32) -> Self {
    switch code {
    case SECRET_ERROR_IS_LOCKED.rawValue: .locked
    case SECRET_ERROR_NO_SUCH_OBJECT.rawValue: .objectMissing
    case SECRET_ERROR_PROTOCOL.rawValue: .unknown
    default: .refused
    }
  }

  private static func ioError(_ code: UInt32) -> Self {
    switch code {
    case G_IO_ERROR_CANCELLED.rawValue: .cancelled
    case G_IO_ERROR_TIMED_OUT.rawValue: .timedOut
    case G_IO_ERROR_CLOSED.rawValue, G_IO_ERROR_BROKEN_PIPE.rawValue, G_IO_ERROR_NOT_CONNECTED.rawValue: .connectionLost
    // An error of the service for which GLib has no number, such as a session that the restarted daemon does not know.
    case G_IO_ERROR_DBUS_ERROR.rawValue: .refused
    default: .unknown
    }
  }

  private static func busError(_ code: UInt32) -> Self {
    switch code {
    case G_DBUS_ERROR_SERVICE_UNKNOWN.rawValue, G_DBUS_ERROR_NAME_HAS_NO_OWNER.rawValue,
      G_DBUS_ERROR_SPAWN_EXEC_FAILED.rawValue...G_DBUS_ERROR_SPAWN_NO_MEMORY.rawValue:
      .serviceMissing
    case G_DBUS_ERROR_UNKNOWN_METHOD.rawValue, G_DBUS_ERROR_UNKNOWN_OBJECT.rawValue: .objectMissing
    case G_DBUS_ERROR_TIMEOUT.rawValue, G_DBUS_ERROR_TIMED_OUT.rawValue: .timedOut
    case G_DBUS_ERROR_DISCONNECTED.rawValue: .connectionLost
    case G_DBUS_ERROR_NO_REPLY.rawValue: .unknown
    default: .refused
    }
  }
}

/// One line of at most 300 characters: what another program says must not break a log or an answer.
func bounded(_ text: String) -> String {
  let line = text.unicodeScalars.prefix(300).map { $0.properties.generalCategory == .control ? " " : Character($0) }
  return String(line)
}
