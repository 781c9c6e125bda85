import Glibc
import Testing

@testable import LocalFiles

/// The rules alone, for owners that a test cannot have: `user` looks at what `owner` owns.
@Suite struct OwnershipRulesTests {
  private func status(_ owner: uid_t, _ mode: mode_t) -> stat {
    var status = stat()
    status.st_uid = owner
    status.st_mode = mode
    return status
  }

  @Test(
    arguments: [
      (1000, 1000, true), (1000, 0, true), (1000, 1001, false), (0, 0, true), (0, 1000, false),
    ] as [(uid_t, uid_t, Bool)]
  )
  func acceptOneselfAndRoot(user: uid_t, owner: uid_t, accepted: Bool) {
    let rules = OwnershipRules(user: user)
    #expect((rules.violation(byLink: status(owner, 0o777), at: "/a") == nil) == accepted)
    #expect((rules.violation(byDirectory: status(owner, 0o755), at: "/a") == nil) == accepted)
    let file = rules.violation(byFile: status(owner, 0o600), at: "/a", mode: .private, inMemory: false)
    #expect((file == nil) == accepted)
  }

  /// user, owner, mode, on a memory file system, accepted
  @Test(
    arguments: [
      (1000, 1000, 0o600, false, true),
      (1000, 1000, 0o640, false, false),
      (1000, 1000, 0o440, true, false),
      (1000, 0, 0o640, false, true),
      (1000, 0, 0o644, false, false),
      (1000, 0, 0o644, true, true),
      (1000, 0, 0o664, true, false),
      (0, 0, 0o640, false, false),
      (0, 0, 0o444, true, true),
    ] as [(uid_t, uid_t, mode_t, Bool, Bool)]
  )
  func letRootHandASecretToAGroup(_ row: (user: uid_t, owner: uid_t, mode: mode_t, inMemory: Bool, accepted: Bool)) {
    let violation = OwnershipRules(user: row.user)
      .violation(byFile: status(row.owner, row.mode), at: "/a", mode: .private, inMemory: row.inMemory)
    #expect((violation == nil) == row.accepted)
  }

  @Test func sayWhatToRun() {
    let rules = OwnershipRules(user: 1000)
    let found = rules.violation(byFile: status(1001, 0o600), at: "/a", mode: .private, inMemory: false)?.found
    #expect(found == "/a (owner uid 1001, mode 0600) must be owned by root or uid 1000. Run: chown -h 1000 /a")
  }
}
