import Synchronization

/// Whether the reader reads on.
package enum Appetite: Sendable, Equatable {
  case hungry
  /// Wait until `appetiteChanged`.
  case full
  /// Nothing more is read.
  case done
}

/// What happens when the client sends more than it reads: work is parked, then reading stops.
extension Dispatcher {
  /// The reader's question before each read.
  var appetite: Appetite {
    guard sessionEnd.isOpen else { return .done }
    guard isFull else { return .hungry }
    // First announced, then looked at again: else the change between the two would wake nobody.
    isReaderPaused.store(true, ordering: .sequentiallyConsistent)
    return isFull ? .full : .hungry
  }

  /// The writer's question after each write and whenever it is woken.
  func nextStep() -> WriterStep {
    let step = outbox.nextStep()
    while !outbox.isFull, let serial = nextParked() {
      startParked(serial)
    }
    wakeReader()
    switch step {
    case .write: break
    case .idle: settle()
    case .broken: breakOutput()
    }
    return step
  }

  func wakeReader() {
    guard isReaderPaused.load(ordering: .sequentiallyConsistent), !isFull else { return }
    isReaderPaused.store(false, ordering: .sequentiallyConsistent)
    output.appetiteChanged()
  }

  /// At the limit of requests a client is refused, but not for what is parked: then it is left waiting.
  private var isFull: Bool {
    // Asked before every read and every message: the table is not locked unless the client reads slowly.
    guard outbox.isFull || hasParked.load(ordering: .sequentiallyConsistent) else { return false }
    return outbox.isOverfull || table.withLock { $0.unfinished >= limits.maximumInFlight }
  }

  private func nextParked() -> Serial? {
    table.withLock { table in
      guard !table.parked.isEmpty else { return nil }
      defer { hasParked.store(!table.parked.isEmpty, ordering: .sequentiallyConsistent) }
      return table.parked.removeFirst()
    }
  }
}
