/// Puts a new key in the place of an old one.
///
/// An identity domain names a certificate by its alias, so the new key has an alias of its own, and both are registered
/// while profiles move from one to the other. How far a rotation is, the headers of the two items and the profile file
/// tell, and nothing else:
///
///     start    the successor is made, marked
///     finish   the key is retired · profiles name the successor · the successor's mark goes
///     abort    the writes of finish backwards; after start alone, the successor is deleted
///
/// Each write leaves a state in which every key still signs and from which both `finish` and `abort` go on, so a step may
/// be interrupted anywhere and sent again, from any sidecar.
package struct KeyRotation: Sendable {
  /// A key, and the one that succeeds it or is to.
  package struct Pair: Sendable {
    package let key: OpenKey
    package let next: OpenKey?
  }

  let keys: KeyService
  let authorization: Authorization
  let exchange: TokenExchange
  let wallClock: any WallClock

  /// Makes the successor, bound as the key is; one that is there already is answered.
  package func start(_ plan: Plan, for caller: any Caller) async throws(Failure) -> Pair {
    let alias = plan.alias
    var taken = alias
    // Again when another sidecar was quicker: it has made the successor, or used the alias for something else.
    for _ in 0..<Self.maximumAttempts {
      let items = try await keys.items(deadline: caller.deadline)
      guard let item = items[alias] else { throw .key(.notFound(alias: alias)) }
      try Self.requireCurrent(item)
      if let next = try Self.pendingSuccessor(of: alias, in: items) {
        let pair = try await open(alias, next.alias, deadline: caller.deadline)
        if let next = pair.next { try plan.check(next) }
        return pair
      }
      let key = try await open(alias, nil, deadline: caller.deadline).key
      guard key.item.binding != nil else { throw .key(.rotation(.isUnbound, alias: alias)) }
      let creation = try plan.creation(succeeding: key, beside: Set(items.keys))
      taken = creation.alias
      do throws(Failure) {
        _ = try await keys.create(creation, for: caller)
        return try await open(alias, creation.alias, deadline: caller.deadline)
      } catch .key(.exists(alias: _)) {
        continue
      }
    }
    throw .key(.exists(alias: taken))
  }

  /// Lets every saved profile on the key name its successor, in one write, and keeps the key, retired.
  package func finish(_ alias: String, for caller: any Caller) async throws(Failure) -> Pair {
    let (key, next) = try await rotation(of: alias, deadline: caller.deadline)
    if key.stage == .current {
      let kid = try certificateAlias(of: alias, deadline: caller.deadline)
      let retirement = KeyStage.Retirement(at: wallClock.now(), successor: next.alias, kid: kid)
      try await set(.retired(retirement), of: alias, for: caller)
    }
    try await authorization.profiles.switchKey(from: alias, to: next.alias, kid: nil, for: caller)
    try await set(.current, of: next.alias, for: caller)
    return try await open(alias, next.alias, deadline: caller.deadline)
  }

  /// One step back: behind `finish`, also one that was interrupted, to where `start` has led; from there to before it.
  package func abort(_ alias: String, for caller: any Caller) async throws(Failure) -> Pair {
    let items = try await keys.items(deadline: caller.deadline)
    guard let key = items[alias] else { throw .key(.notFound(alias: alias)) }
    guard case .retired(let retirement) = key.stage else {
      let (_, next) = try Self.rotation(of: alias, in: items)
      let users = try authorization.profiles.saved(naming: next.alias, deadline: caller.deadline)
      guard users.isEmpty else {
        throw .key(.rotation(.successorInUse(next.alias, profiles: users.map(\.name)), alias: alias))
      }
      try await keys.delete(next.alias, for: caller)
      return try await open(alias, nil, deadline: caller.deadline)
    }
    // A successor that was deleted meanwhile is no reason to stay without the key.
    let next = items[retirement.successor] == nil ? nil : try Self.rotation(of: alias, in: items).next.alias
    if let next { try await set(.successor(of: alias), of: next, for: caller) }
    let (successor, kid) = (retirement.successor, retirement.kid)
    try await authorization.profiles.switchKey(from: successor, to: alias, kid: kid, for: caller)
    try await set(.current, of: alias, for: caller)
    return try await open(alias, next, deadline: caller.deadline)
  }

  /// Lets no profile begin to name a key that is retired or not in use yet.
  package func requireCurrent(_ alias: String, deadline: ContinuousClock.Instant) async throws(Failure) {
    guard let key = try await keys.item(alias, deadline: deadline) else { throw .key(.notFound(alias: alias)) }
    if case .successor(let predecessor) = key.stage, try await keys.item(predecessor, deadline: deadline) == nil {
      return
    }
    try Self.requireCurrent(key)
  }

  private static let maximumAttempts = 5

  private func set(_ stage: KeyStage, of alias: String, for caller: any Caller) async throws(Failure) {
    try await keys.rewrite(alias, for: caller) { item throws(Failure) in item.stage = stage }
  }

  func open(
    _ alias: String,
    _ next: String?,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> Pair {
    for alias in [alias, next].compactMap(\.self) { keys.ring.forget(alias) }
    let key = try await keys.get(alias, deadline: deadline)
    guard let next else { return Pair(key: key, next: nil) }
    return Pair(key: key, next: try await keys.get(next, deadline: deadline))
  }

  /// What the saved profiles name beside the key, for there is one certificate and its alias is to be found again.
  private func certificateAlias(of alias: String, deadline: ContinuousClock.Instant) throws(Failure) -> String? {
    let kids = Set(try authorization.profiles.saved(naming: alias, deadline: deadline).map { $0.kid ?? alias })
    guard kids.count <= 1 else { throw .key(.rotation(.kidsDiffer(kids.sorted()), alias: alias)) }
    return kids.first == alias ? nil : kids.first
  }
}

/// What the headers tell.
extension KeyRotation {
  func rotation(
    of alias: String,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> (key: KeyItem, next: KeyItem) {
    try Self.rotation(of: alias, in: try await keys.items(deadline: deadline))
  }

  /// The key and the one that succeeds it or is to, if that one may still give the place back.
  private static func rotation(
    of alias: String,
    in items: [String: KeyItem]
  ) throws(Failure) -> (key: KeyItem, next: KeyItem) {
    func conflict(_ conflict: RotationConflict) -> Failure { .key(.rotation(conflict, alias: alias)) }
    guard let key = items[alias] else { throw .key(.notFound(alias: alias)) }
    let next: KeyItem
    switch key.stage {
    case .successor(let predecessor): throw conflict(.isSuccessor(of: predecessor))
    case .current:
      guard let pending = try pendingSuccessor(of: alias, in: items) else { throw conflict(.notStarted) }
      next = pending
    case .retired(let retirement):
      guard let found = items[retirement.successor] else { throw conflict(.successorGone(retirement.successor)) }
      next = found
    }
    guard next.binding == key.binding else { throw conflict(.bindingsDiffer(successor: next.alias)) }
    let isFree = next.stage == .successor(of: alias) || next.stage == .current
    guard isFree, try pendingSuccessor(of: next.alias, in: items) == nil else {
      throw conflict(.successorMovedOn(next.alias))
    }
    return (key, next)
  }

  private static func pendingSuccessor(
    of alias: String,
    in items: [String: KeyItem]
  ) throws(Failure) -> KeyItem? {
    let found = items.values.filter { $0.stage == .successor(of: alias) }
    guard found.count <= 1 else {
      throw .key(.rotation(.severalSuccessors(found.map(\.alias).sorted()), alias: alias))
    }
    return found.first
  }

  private static func requireCurrent(_ key: KeyItem) throws(Failure) {
    switch key.stage {
    case .current: return
    case .successor(let predecessor): throw .key(.rotation(.isSuccessor(of: predecessor), alias: key.alias))
    case .retired(let retirement):
      throw .key(.rotation(.isRetired(successor: retirement.successor), alias: key.alias))
    }
  }
}
