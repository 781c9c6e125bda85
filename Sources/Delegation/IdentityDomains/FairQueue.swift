/// Who waits for a turn, in a fair order: lanes take turns, and within one whoever came first is first.
///
/// So the batch of one profile does not hold up the single user of another.
struct FairQueue: Sendable {
  enum Lane: Hashable, Sendable {
    case callers(profile: String)
    /// `diagnose` and `rotateKey`: a person looks on.
    case tools
    /// Nobody waits for it: it comes when no other lane has anyone.
    case background
  }

  private struct Line: Sendable {
    /// With the numbers of those who have left, which are passed over.
    var numbers: [Int] = []
    var first = 0
    var count = 0
  }

  private var lines: [Lane: Line] = [:]
  /// Where each stands who waits.
  private var lanes: [Int: Lane] = [:]
  /// The lanes that have anyone, the next one first; without the background.
  private var rotation: [Lane] = []

  var count: Int { lanes.count }
  var isEmpty: Bool { lanes.isEmpty }
  /// Nobody waits for any of it.
  var isBackground: Bool { rotation.isEmpty }

  mutating func append(_ number: Int, to lane: Lane) {
    if lines[lane] == nil, lane != .background { rotation.append(lane) }
    lines[lane, default: Line()].numbers.append(number)
    lines[lane]?.count += 1
    lanes[number] = lane
    tidy(lane)
  }

  /// - Returns: whether it was there.
  @discardableResult
  mutating func remove(_ number: Int) -> Bool {
    guard let lane = lanes.removeValue(forKey: number) else { return false }
    shorten(lane)
    return true
  }

  mutating func popFirst() -> Int? {
    guard !lanes.isEmpty else { return nil }
    let lane = rotation.first ?? .background
    guard let number = next(in: lane) else { return nil }
    lanes[number] = nil
    if lane != .background { rotation.append(rotation.removeFirst()) }
    shorten(lane)
    return number
  }

  /// How many turns come before that of a newcomer to the lane, if nobody else comes.
  func ahead(of lane: Lane) -> Int {
    guard lane != .background else { return count }
    let own = lines[lane]?.count ?? 0
    let place = rotation.firstIndex(of: lane) ?? rotation.count
    return rotation.enumerated().reduce(own) { sum, other in
      let (index, lane) = other
      guard index != place, let count = lines[lane]?.count else { return sum }
      return sum + min(count, index < place ? own + 1 : own)
    }
  }

  private mutating func next(in lane: Lane) -> Int? {
    while let line = lines[lane], line.first < line.numbers.count {
      let number = line.numbers[line.first]
      lines[lane]?.first += 1
      if lanes[number] == lane { return number }
    }
    return nil
  }

  /// One less is in the lane.
  private mutating func shorten(_ lane: Lane) {
    lines[lane]?.count -= 1
    guard lines[lane]?.count == 0 else { return }
    lines[lane] = nil
    rotation.removeAll { $0 == lane }
  }

  /// Forgets who has left as soon as they are the most, so that each costs the same however long the line is.
  private mutating func tidy(_ lane: Lane) {
    guard let line = lines[lane], line.numbers.count > 2 * line.count + 64 else { return }
    lines[lane]?.numbers = line.numbers[line.first...].filter { lanes[$0] == lane }
    lines[lane]?.first = 0
  }
}
