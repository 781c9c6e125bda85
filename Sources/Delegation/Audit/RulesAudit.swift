import Synchronization

/// Records which rules are in force: a row when this process begins to use another content of a file.
package final class RulesAudit: Sendable {
  private let trail: AuditTrail
  private let digests: any Digests
  private let used = Mutex<[String: [UInt8]]>([:])

  package init(trail: AuditTrail, digests: any Digests) {
    self.trail = trail
    self.digests = digests
  }

  /// What has been read and accepted. The same content again is told once.
  func use(_ content: [UInt8], of path: String) {
    let sha256 = digests.sha256(content)
    let isNew = used.withLock { $0.updateValue(sha256, forKey: path) != sha256 }
    if isNew { trail.changed(file: path, sha256: sha256) }
  }
}
