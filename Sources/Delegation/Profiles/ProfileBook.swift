import JSON
import Synchronization

/// All profiles: those saved in the profile file, and those given at `initialize`.
///
/// The file is looked at again on every call and read when it has changed; one that cannot be used is an error, never
/// an empty list.
package final class ProfileBook: Sendable {
  private let file: any GuardedFile
  private let clock: any MonotonicClock
  private let audit: RulesAudit?
  private let state = Mutex(State())
  /// How soon a lock that another sidecar holds is tried again.
  private static let lockPause: Duration = .milliseconds(20)

  private struct State {
    var given = ProfileFile()
    var saved: Saved?
  }

  /// What was read, and when that was; without a stamp there was no file.
  private struct Saved {
    let stamp: FileStamp?
    let content: ProfileFile
  }

  package init(file: any GuardedFile, clock: any MonotonicClock, audit: RulesAudit? = nil) {
    self.file = file
    self.audit = audit
    self.clock = clock
  }

  package var path: String { file.path }

  /// All profiles when the file is as it was read.
  var unchanged: ProfileSet? {
    let state = state.withLock(\.self)
    guard let saved = state.saved, case .success(saved.stamp) = stamp() else { return nil }
    return ProfileSet(saved: saved.content, given: state.given, stamp: saved.stamp)
  }

  private func stamp() -> Result<FileStamp?, FileFailure> {
    do { return .success(try file.stamp()) } catch { return .failure(error) }
  }

  /// Takes the profiles of `initialize`. Touches no disk (invariant 12); a name that is taken by a saved profile shows
  /// at its use.
  package func give(_ given: ProfileFile) { state.withLock { $0.given = given } }

  /// All profiles as they are now.
  package func current(deadline: ContinuousClock.Instant) throws(Failure) -> ProfileSet {
    let saved = try savedProfiles(deadline: deadline)
    return ProfileSet(saved: saved.content, given: state.withLock(\.given), stamp: saved.stamp)
  }

  /// Saved and given profiles, by name.
  package func all(deadline: ContinuousClock.Instant) throws(Failure) -> [Profile] {
    try current(deadline: deadline).all
  }

  /// Also a disabled one; never the default.
  package func named(_ name: String, deadline: ContinuousClock.Instant) throws(Failure) -> Profile {
    let all = try all(deadline: deadline)
    guard let profile = all.first(where: { $0.name == name }) else {
      throw .profile(.notFound(name: name, known: all.map(\.name)))
    }
    return profile
  }

  /// Writes a validated profile to the file, in the place of one of the same name.
  package func save(_ profile: Profile, for caller: any Caller) async throws(Failure) {
    if state.withLock({ $0.given.profiles[profile.name] != nil }) {
      throw .profile(
        .invalid(profile: profile.name, field: "name", problem: "is taken by a profile given at initialize")
      )
    }
    try await change(for: caller) { content throws(Failure) in content.profiles[profile.name] = profile }
  }

  package func delete(_ name: String, for caller: any Caller) async throws(Failure) {
    try await change(for: caller) { content throws(Failure) in
      guard content.profiles.removeValue(forKey: name) != nil else {
        throw .profile(.notFound(name: name, known: ProfileSet.sorted(content.profiles.keys)))
      }
      if content.defaultProfile == name { content.defaultProfile = nil }
    }
  }

  private func savedProfiles(deadline: ContinuousClock.Instant) throws(Failure) -> Saved {
    do {
      let stamp = try file.stamp()
      if let saved = state.withLock(\.saved), saved.stamp == stamp { return saved }
      let content = try file.read(deadline: deadline)
      let saved = Saved(stamp: content?.stamp, content: try Self.parse(content?.bytes, path: file.path))
      state.withLock { $0.saved = saved }
      if let content { audit?.use(content.bytes, of: file.path) }
      return saved
    } catch let failure as FileFailure {
      throw .file(failure, path: file.path)
    } catch let failure as ProfileFailure {
      throw .profile(failure)
    } catch {
      throw .file(.system(found: "it could not be read"), path: file.path)
    }
  }

  /// Writes nothing when `body` changes nothing.
  ///
  /// The wait for the lock is ours: inside the file it would hold a thread that all other requests share.
  func change(
    for caller: any Caller,
    _ body: (inout ProfileFile) throws(Failure) -> Void
  ) async throws(Failure) {
    while true {
      do throws(Failure) {
        return try changeNow(for: caller, body)
      } catch .file(.lockTimedOut, path: _) where clock.now < caller.deadline {
        do { try await clock.sleep(until: clock.now.advanced(by: Self.lockPause), tolerance: nil) } catch {
          throw .abandoned
        }
      }
    }
  }

  private func changeNow(
    for caller: any Caller,
    _ body: (inout ProfileFile) throws(Failure) -> Void
  ) throws(Failure) {
    var refusal: Failure?
    do {
      try file.update(deadline: clock.now) { bytes throws(FileFailure) in
        do {
          let found = try Self.parse(bytes, path: file.path)
          var content = found
          try body(&content)
          guard content != found else { return nil }
          try commit(caller)
          return try JSONWriter.encode(content)
        } catch let failure as Failure {
          refusal = failure
        } catch let failure as ProfileFailure {
          refusal = .profile(failure)
        } catch {
          refusal = .file(.system(found: "the profiles could not be written as JSON"), path: file.path)
        }
        throw .refused
      }
    } catch {
      throw refusal ?? .file(error, path: file.path)
    }
  }

  private static func parse(_ bytes: [UInt8]?, path: String) throws(ProfileFailure) -> ProfileFile {
    guard let bytes else { return ProfileFile() }
    let value: JSONValue
    do { value = try JSONValue(parsing: bytes) } catch {
      throw .invalid(profile: path, field: "", problem: "is not JSON: \(error)")
    }
    return try ProfileFile(parsing: value, source: path)
  }
}
