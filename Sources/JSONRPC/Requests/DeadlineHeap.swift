/// A binary heap: the earliest instant is first.
struct DeadlineHeap: Sendable {
  struct Entry: Sendable {
    let instant: ContinuousClock.Instant
    let number: UInt64
  }

  private var entries: [Entry] = []

  var first: Entry? { entries.first }
  var count: Int { entries.count }

  mutating func insert(_ entry: Entry) {
    entries.append(entry)
    siftUp(from: entries.count - 1)
  }

  mutating func removeFirst() {
    guard let last = entries.popLast(), !entries.isEmpty else { return }
    entries[0] = last
    siftDown(from: 0)
  }

  mutating func removeAll(where isGone: (Entry) -> Bool) {
    entries.removeAll(where: isGone)
    for index in (0..<entries.count / 2).reversed() { siftDown(from: index) }
  }

  private mutating func siftUp(from index: Int) {
    var child = index
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].instant < entries[parent].instant else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(from index: Int) {
    var parent = index
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
        if entries[child].instant < entries[least].instant { least = child }
      }
      guard least != parent else { return }
      entries.swapAt(parent, least)
      parent = least
    }
  }
}
