import Synchronization

/// Whose the runs and conversations are that this process has seen: none is shown to another user or goes on as one.
///
/// The last 10,000 that were used are known. Of others, and of those of another process, the pod decides by the token.
final class RunBook: Sendable {
  enum Item: Hashable, Sendable, CustomStringConvertible {
    case job(String)
    case conversation(String)

    var description: String {
      switch self {
      case .job(let id): "job \(id)"
      case .conversation(let id): "conversation \(id)"
      }
    }
  }

  private struct Place: Hashable {
    let pod: Origin
    let item: Item
  }

  private struct Entry: Sendable {
    let user: Subject
    /// What the run was invoked as.
    var mode: String?
  }

  static let maximumCount = 10_000

  private let entries = Mutex(RecentlyUsed<Place, Entry>())

  /// - Throws: `.runDenied` when another user was seen with it. It does not say who.
  func check(_ item: Item, at pod: Origin, for user: Subject) throws(Failure) {
    let isForeign = entries.withLock { $0.use(Place(pod: pod, item: item)) { !$0.user.isSameUser(as: user) } ?? false }
    if isForeign { throw .policy(.runDenied(what: item.description)) }
  }

  /// Writes down what the pod has told this user of; nothing where another is written down already.
  func note(_ item: Item, at pod: Origin, for user: Subject, mode: String? = nil) {
    entries.withLock { entries in
      let place = Place(pod: pod, item: item)
      let isKnown: Bool? = entries.use(place) { entry in
        if entry.user.isSameUser(as: user) { entry.mode = mode ?? entry.mode }
        return true
      }
      guard isKnown == nil else { return }
      if entries.count >= Self.maximumCount { entries.removeOldest() }
      entries.set(Entry(user: user, mode: mode), for: place)
    }
  }

  /// What a run was invoked as, if it was from here.
  func mode(ofJob id: String, at pod: Origin) -> String? {
    entries.withLock { $0[Place(pod: pod, item: .job(id))]?.mode }
  }
}

extension Subject {
  /// As the subject of a token is compared: the identity domain takes user names without regard to case.
  fileprivate func isSameUser(as other: Subject) -> Bool { matchesIgnoringASCIICase(other.bytes) }
}
