import TestSupport
import Testing

@testable import Delegation

struct RecentlyUsedTests {
  /// The same, so simple that it is right: oldest first.
  private struct Model {
    var pairs: [(key: Int, value: Int)] = []

    mutating func set(_ value: Int, for key: Int) {
      remove(key)
      pairs.append((key, value))
    }

    mutating func use(_ key: Int) -> Int? {
      guard let index = pairs.firstIndex(where: { $0.key == key }) else { return nil }
      let pair = pairs.remove(at: index)
      pairs.append(pair)
      return pair.value
    }

    mutating func remove(_ key: Int) { pairs.removeAll { $0.key == key } }
    mutating func removeOldest() { if !pairs.isEmpty { pairs.removeFirst() } }
  }

  @Test(arguments: 0..<20) func behavesAsASortedList(seed: Int) {
    var random = SeededRandom(seed)
    var (model, values) = (Model(), RecentlyUsed<Int, Int>())
    for step in 0..<400 {
      let key = random.next(24)
      switch random.next(12) {
      case 0..<4:
        model.set(step, for: key)
        values.set(step, for: key)
      case 4..<8:
        let (value, expected) = (values.use(key) { $0 }, model.use(key))
        #expect(value == expected)
      case 8:
        let nothing = values.use(key) { _ in Int?.none }
        #expect(nothing == nil)
      case 9:
        model.remove(key)
        values.remove(key)
      case 10:
        model.removeOldest()
        values.removeOldest()
      default:
        guard random.next(20) == 0 else { break }
        model.pairs.removeAll { $0.key % 3 == 0 }
        values.removeAll { key, _ in key % 3 == 0 }
      }
      let isThere = values[key] == model.pairs.first { $0.key == key }?.value
      let areAll = values.values.sorted() == model.pairs.map(\.value).sorted()
      guard isThere, areAll, values.count == model.pairs.count else {
        Issue.record("it differs after step \(step)")
        return
      }
    }
    // What is left goes in the order of its use.
    for (key, value) in model.pairs {
      #expect(values[key] == value)
      values.removeOldest()
      #expect(values[key] == nil)
    }
    #expect(values.count == 0)
  }

  @Test func aChangeIsNoUse() {
    var values = RecentlyUsed<Int, Int>()
    for key in 1...3 { values.set(key, for: key) }
    values.change(1) { $0 = 10 }
    #expect(values[1] == 10)
    values.removeOldest()
    #expect(values[1] == nil)
  }
}
