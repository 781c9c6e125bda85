import Synchronization

/// Whose the runs and conversations are that this process has seen: none is shown to another user or goes on as one.
///
/// Ids are compared without regard to ASCII case, in which a pod might take two spellings for one. The last 10,000 that
/// were used are known. Of others, and of those of another process, the pod decides by the token.
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

    init(_ item: Item, at pod: Origin) {
      self.pod = pod
      self.item =
        switch item {
        case .job(let id): .job(id.lowercased())
        case .conversation(let id): .conversation(id.lowercased())
        }
    }
  }

  private struct Entry: Sendable {
    let user: Subject
    /// What the run was invoked as, the last of a conversation.
    var mode: String?
  }

  static let maximumCount = 10_000

  private typealias Entries = RecentlyUsed<Place, Entry>
  private let entries = Mutex(Entries())

  /// - Throws: `.runDenied` when another user was seen with it. It does not say who.
  func check(_ item: Item, at pod: Origin, for user: Subject) throws(Failure) {
    let isForeign = entries.withLock { Self.isForeign(item, at: pod, for: user, in: &$0) }
    if isForeign { throw .policy(.runDenied(what: item.description)) }
  }

  /// Writes down what the pod has told this user of; nothing where another is written down already.
  func note(_ item: Item, at pod: Origin, for user: Subject, mode: String? = nil) {
    entries.withLock { Self.note(item, at: pod, for: user, mode: mode, in: &$0) }
  }

  /// Writes down all of it; nothing, and false, when another user was seen with some of it.
  func claim(_ items: [Item], at pod: Origin, for user: Subject, mode: String? = nil) -> Bool {
    entries.withLock { entries in
      for item in items where Self.isForeign(item, at: pod, for: user, in: &entries) { return false }
      for item in items { Self.note(item, at: pod, for: user, mode: mode, in: &entries) }
      return true
    }
  }

  /// What a run was invoked as, or the last of a conversation, if it was from here.
  func mode(of item: Item, at pod: Origin) -> String? {
    entries.withLock { $0[Place(item, at: pod)]?.mode }
  }

  private static func isForeign(_ item: Item, at pod: Origin, for user: Subject, in entries: inout Entries) -> Bool {
    entries.use(Place(item, at: pod)) { !$0.user.isSameUser(as: user) } ?? false
  }

  private static func note(_ item: Item, at pod: Origin, for user: Subject, mode: String?, in entries: inout Entries) {
    let place = Place(item, at: pod)
    let isKnown: Bool? = entries.use(place) { entry in
      if entry.user.isSameUser(as: user) { entry.mode = mode ?? entry.mode }
      return true
    }
    guard isKnown == nil else { return }
    if entries.count >= maximumCount { entries.removeOldest() }
    entries.set(Entry(user: user, mode: mode), for: place)
  }
}

extension Subject {
  /// As the subject of a token is compared: the identity domain takes user names without regard to case.
  fileprivate func isSameUser(as other: Subject) -> Bool { matchesIgnoringASCIICase(other.bytes) }
}
