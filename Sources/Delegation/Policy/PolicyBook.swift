import JSON
import Synchronization

/// The `--policy` file: read again whenever it changes; one that cannot be used denies everything.
package final class PolicyBook: Sendable {
  /// What was read, and when that was. Both are nil where there is no such layer.
  package struct Content: Sendable {
    package let policy: Policy?
    let stamp: FileStamp?
  }

  private let file: (any GuardedFile)?
  private let audit: RulesAudit?
  private let cached = Mutex<Content?>(nil)

  /// Without a file there is no such layer.
  package init(file: (any GuardedFile)?, audit: RulesAudit? = nil) {
    self.file = file
    self.audit = audit
  }

  package var path: String? { file?.path }

  /// The content when the file is as it was read.
  var unchanged: Content? {
    guard let file else { return Self.none }
    guard let known = cached.withLock(\.self), (try? file.stamp()) == known.stamp else { return nil }
    return known
  }

  package func current(deadline: ContinuousClock.Instant) throws(Failure) -> Content {
    do { return try content(deadline: deadline) } catch { throw .policy(error) }
  }

  private static let none = Content(policy: nil, stamp: nil)

  private func content(deadline: ContinuousClock.Instant) throws(PolicyFailure) -> Content {
    guard let file else { return Self.none }
    do {
      if let known = cached.withLock(\.self), try file.stamp() == known.stamp { return known }
      guard let found = try file.read(deadline: deadline) else { throw PolicyFailure.unusable(found: "no such file") }
      let policy = try JSONReader.decode(Policy.self, from: found.bytes, unknownMembers: .refused)
      try policy.check(field: "policy")
      let content = Content(policy: policy, stamp: found.stamp)
      cached.withLock { $0 = content }
      audit?.use(found.bytes, of: file.path)
      return content
    } catch let failure as PolicyFailure {
      throw failure
    } catch let failure as FileFailure {
      throw .unusable(found: failure.description)
    } catch let failure as JSONDecodingError {
      throw .unusable(found: "\(failure)")
    } catch let failure as ParamsFailure {
      throw .unusable(found: "\(failure.field) \(failure.problem)")
    } catch {
      throw .unusable(found: "it could not be read")
    }
  }
}
