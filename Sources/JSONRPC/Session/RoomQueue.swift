/// Frames for which the outbox has no room yet, in order, each with the task that waits until it has its place.
struct RoomQueue: Sendable {
  /// Names a frame that may have to wait.
  struct Ticket: Sendable, Hashable {
    let number: UInt64
  }

  struct Entry: Sendable {
    let frame: [UInt8]
    let kind: FrameKind
    let sender: CheckedContinuation<Void, Never>
  }

  private var entries: [Ticket: Entry] = [:]
  /// In order; what was withdrawn is passed over when it comes up.
  private var tickets: [Ticket] = []
  private var head = 0

  mutating func append(_ entry: Entry, _ ticket: Ticket) {
    entries[ticket] = entry
    tickets.append(ticket)
  }

  mutating func removeFirst() -> Entry? {
    while head < tickets.count {
      let entry = entries.removeValue(forKey: tickets[head])
      head += 1
      reclaim()
      if let entry { return entry }
    }
    return nil
  }

  mutating func remove(_ ticket: Ticket) -> Entry? {
    guard let entry = entries.removeValue(forKey: ticket) else { return nil }
    if entries.isEmpty { (tickets, head) = ([], 0) }
    return entry
  }

  mutating func removeAll() -> [Entry] {
    defer { self = RoomQueue() }
    return tickets[head...].compactMap { entries[$0] }
  }

  private mutating func reclaim() {
    guard head > tickets.count / 2 else { return }
    tickets.removeSubrange(..<head)
    head = 0
  }
}
