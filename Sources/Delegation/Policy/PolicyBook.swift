import JSON
import Synchronization

/// The `--policy` file: read again whenever it changes; one that cannot be used denies everything.
package final class PolicyBook: Sendable {
  private let file: (any GuardedFile)?
  private let audit: RulesAudit?
  private let cached = Mutex<(stamp: FileStamp, policy: Policy)?>(nil)

  /// Without a file there is no such layer.
  package init(file: (any GuardedFile)?, audit: RulesAudit? = nil) {
    self.file = file
    self.audit = audit
  }

  package var path: String? { file?.path }

  var isCurrent: Bool {
    guard let file else { return true }
    guard let known = cached.withLock(\.self) else { return false }
    return (try? file.stamp()) == known.stamp
  }

  package func current(deadline: ContinuousClock.Instant) throws(PolicyFailure) -> Policy? {
    guard let file else { return nil }
    do {
      if let known = cached.withLock(\.self), try file.stamp() == known.stamp { return known.policy }
      guard let content = try file.read(deadline: deadline) else { throw PolicyFailure.unusable(found: "no such file") }
      let policy = try JSONReader.decode(Policy.self, from: content.bytes, unknownMembers: .refused)
      try policy.check(field: "policy")
      cached.withLock { $0 = (content.stamp, policy) }
      audit?.use(content.bytes, of: file.path)
      return policy
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
