import JSON

/// A request that has not been answered.
struct PendingRequest: Sendable {
  enum Phase: Sendable {
    /// Held back by its order, or by a client that does not read.
    case waiting
    case started(Task<Void, Never>?)
  }

  let serial: Serial
  let id: RequestID
  let slot: Slot
  let prepared: PreparedCall
  let arrival: DeadlineQueue.Instant
  let call: Call
  let progress: Progress?
  var phase = Phase.waiting
  /// What ends the wait: the deadline, or once abandoned behind the commit point the end of patience.
  var alarm: DeadlineQueue.Ticket?
  /// Set once, when the request is abandoned behind its commit point.
  var abandonment: Abandonment?
  /// Whether the client has cancelled it, first or last.
  var isCancelled = false
}

/// Why a request is answered without its result.
enum Abandonment: Sendable, Equatable {
  case cancelled
  case deadlineExceeded
  case sessionEnded

  func error(of request: PendingRequest, detail: JSONValue?) -> ResponseError {
    switch self {
    case .cancelled, .sessionEnded: .cancelled(detail: detail)
    case .deadlineExceeded: .deadlineExceeded(request.prepared.timeout, detail: detail)
    }
  }
}

/// The requests without an answer. Whoever removes one answers it, so each is answered exactly once.
struct InFlight: Sendable {
  private var requests: [Serial: PendingRequest] = [:]
  private var serials: [RequestID: Serial] = [:]

  var count: Int { requests.count }

  var all: [Serial] { requests.keys.sorted() }

  func contains(_ id: RequestID) -> Bool { !serials.isEmpty && serials[id] != nil }

  func serial(of id: RequestID) -> Serial? { serials[id] }

  subscript(_ serial: Serial) -> PendingRequest? { requests[serial] }

  mutating func insert(_ request: PendingRequest) {
    requests[request.serial] = request
    serials[request.id] = request.serial
  }

  /// Nil when it has been removed before.
  mutating func remove(_ serial: Serial) -> PendingRequest? {
    guard let request = requests.removeValue(forKey: serial) else { return nil }
    serials[request.id] = nil
    return request
  }

  /// Nil, and nothing done, when it has been removed.
  @discardableResult
  mutating func update(_ serial: Serial, _ change: (inout PendingRequest) -> Void) -> PendingRequest? {
    guard var request = requests[serial] else { return nil }
    change(&request)
    requests[serial] = request
    return request
  }
}
