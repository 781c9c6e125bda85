/// Values by key, in the order in which they were used last. Each operation but `removeAll` costs the same, however
/// many there are.
struct RecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// A link of the chain that goes from the newest to the oldest.
  private struct Slot: Sendable {
    let key: Key
    var value: Value
    var newer: Int?
    var older: Int?
  }

  /// Without gaps: the last moves to where one was removed.
  private var slots: [Slot] = []
  private var places: [Key: Int] = [:]
  private var newest: Int?
  private var oldest: Int?

  var count: Int { slots.count }
  var values: some Sequence<Value> { slots.lazy.map(\.value) }

  subscript(key: Key) -> Value? { places[key].map { slots[$0].value } }

  /// What `body` makes of the value, which is used then; nil, and the order stays, when that is nil or none is there.
  mutating func use<Result>(_ key: Key, _ body: (inout Value) -> Result?) -> Result? {
    guard let place = places[key], let result = body(&slots[place].value) else { return nil }
    if place != newest {
      unlink(place)
      link(place)
    }
    return result
  }

  /// Changes the value, without using it.
  mutating func change(_ key: Key, _ body: (inout Value) -> Void) {
    if let place = places[key] { body(&slots[place].value) }
  }

  /// Adds the value or replaces the one of that key, as used just now.
  mutating func set(_ value: Value, for key: Key) {
    remove(key)
    places[key] = slots.count
    slots.append(Slot(key: key, value: value))
    link(slots.count - 1)
  }

  mutating func remove(_ key: Key) {
    guard let place = places.removeValue(forKey: key) else { return }
    unlink(place)
    let last = slots.count - 1
    if place != last {
      announce(last, movingTo: place)
      slots.swapAt(place, last)
      places[slots[place].key] = place
    }
    slots.removeLast()
  }

  mutating func removeOldest() { if let oldest { remove(slots[oldest].key) } }

  mutating func removeAll(where isGone: (Key, Value) -> Bool) {
    for key in slots.filter({ isGone($0.key, $0.value) }).map(\.key) { remove(key) }
  }

  private mutating func link(_ place: Int) {
    slots[place].newer = nil
    slots[place].older = newest
    if let newest { slots[newest].newer = place }
    newest = place
    oldest = oldest ?? place
  }

  private mutating func unlink(_ place: Int) {
    join(slots[place].newer, slots[place].older)
  }

  /// Those beside it know it by its new place from here on.
  private mutating func announce(_ place: Int, movingTo other: Int) {
    let (newer, older) = (slots[place].newer, slots[place].older)
    if let newer { slots[newer].older = other } else { newest = other }
    if let older { slots[older].newer = other } else { oldest = other }
  }

  private mutating func join(_ newer: Int?, _ older: Int?) {
    if let newer { slots[newer].older = older } else { newest = older }
    if let older { slots[older].newer = newer } else { oldest = newer }
  }
}
