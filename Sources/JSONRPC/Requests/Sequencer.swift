/// The number of a request in the order of arrival.
typealias Serial = UInt64

/// Holds requests back while an earlier one changes what they need.
///
/// A request enters when it arrives and leaves when its work has ended: not when it is answered, for what was
/// cancelled may still be writing.
struct Sequencer: Sendable {
  /// Who changes each resource, the earliest first. Empty lists are removed.
  private var changers: [String: [Serial]] = [:]
  /// The names among them that are patterns: rare, and asked for by every request.
  private var patterns: Set<String> = []
  private var orders: [Serial: Order] = [:]
  private var waiting: [Serial] = []

  /// Whether a request of that order would start at once if it came now.
  func isFree(_ order: Order) -> Bool {
    changers.isEmpty || !isBlocked(order, at: .max)
  }

  /// Whether the request may start now. Serials must grow from call to call.
  mutating func enter(_ serial: Serial, _ order: Order) -> Bool {
    guard order != .concurrent else { return true }
    let free = isFree(order)
    orders[serial] = order
    for name in order.changes {
      changers[name, default: []].append(serial)
      if Order.isPattern(name) { patterns.insert(name) }
    }
    if !free { waiting.append(serial) }
    return free
  }

  /// Returns those that may start now that this one has gone, in the order they came.
  mutating func leave(_ serial: Serial) -> [Serial] {
    guard let order = orders.removeValue(forKey: serial) else { return [] }
    waiting.removeAll { $0 == serial }
    guard !order.changes.isEmpty else { return [] }
    for name in order.changes {
      changers[name]?.removeAll { $0 == serial }
      guard changers[name]?.isEmpty == true else { continue }
      changers[name] = nil
      patterns.remove(name)
    }
    let ready = waiting.filter { candidate in
      orders[candidate].map { !isBlocked($0, at: candidate) } ?? false
    }
    waiting.removeAll(where: Set(ready).contains)
    return ready
  }

  private func isBlocked(_ order: Order, at serial: Serial) -> Bool {
    order.changes.contains { isChanged($0, before: serial) } || order.uses.contains { isChanged($0, before: serial) }
  }

  private func isChanged(_ name: String, before serial: Serial) -> Bool {
    if let first = changers[name]?.first, first < serial { return true }
    let others = Order.isPattern(name) ? Array(changers.keys) : Array(patterns)
    return others.contains { other in
      Order.conflict(name, other) && (changers[other]?.first ?? .max) < serial
    }
  }
}
