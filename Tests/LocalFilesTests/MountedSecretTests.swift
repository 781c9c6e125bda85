import Delegation
import Foundation
import Glibc
import LocalFiles
import Testing

/// What kubelet makes of a secret volume: a tmpfs of mode 1777 with `file -> ..data/file` and `..data -> ..DATE`.
@Suite struct MountedSecretTests {
  static let memory = "/dev/shm"

  private static func volume(in parent: String, mode: mode_t, group: gid_t = getegid()) throws -> Scratch {
    let scratch = try Scratch(in: parent)
    try scratch.mode("", 0o1777)
    try scratch.directory("..2026_11_23_21_00_00.1")
    try scratch.file("..2026_11_23_21_00_00.1/passphrase", "correct horse\n", mode: mode)
    try scratch.owner("..2026_11_23_21_00_00.1/passphrase", group: group)
    try scratch.mode("..2026_11_23_21_00_00.1/passphrase", mode)
    try scratch.link("..data", to: "..2026_11_23_21_00_00.1")
    try scratch.link("passphrase", to: "..data/passphrase")
    return scratch
  }

  @Test(arguments: [0o400] + (canGiveAway ? [0o440, 0o444, 0o644] : []), canGiveAway ? [0, 2000] : [getegid()])
  func isAccepted(mode: mode_t, group: gid_t) throws {
    let scratch = try Self.volume(in: Self.memory, mode: mode, group: group)
    let secret = try PassphraseFile(path: scratch.path("passphrase")).read()
    #expect(secret.count == 13)
  }

  @Test(arguments: [0o440, 0o444, 0o644] as [mode_t])
  func isNotAcceptedOnADisk(mode: mode_t) throws {
    let scratch = try Self.volume(in: "/tmp", mode: mode)
    let failure = #expect(throws: StoreFailure.self) {
      _ = try PassphraseFile(path: scratch.path("passphrase")).read()
    }
    guard case .unavailable(.unsafePermissions, let found) = failure else {
      Issue.record("\(String(describing: failure))")
      return
    }
    #expect(
      found.contains("..2026_11_23_21_00_00.1/passphrase (owner uid \(geteuid()), mode 0\(String(mode, radix: 8)))")
    )
  }

  @Test(arguments: canGiveAway ? ["..data", "passphrase", "..2026_11_23_21_00_00.1"] : [])
  func isNotAcceptedFromAStranger(_ name: String) throws {
    let scratch = try Self.volume(in: Self.memory, mode: 0o444)
    try scratch.owner(name, user: stranger)
    #expect(throws: StoreFailure.self) { _ = try PassphraseFile(path: scratch.path("passphrase")).read() }
  }

  /// An ordinary process of the group reads `root:GROUP 0440` of a volume with `fsGroup`, and what root hands to a
  /// group on a disk; it is told how to mend what all may read.
  @Test(arguments: canGiveAway ? [2000] : [])
  func isReadByItsGroup(_ group: gid_t) async throws {
    let volume = try Self.volume(in: Self.memory, mode: 0o440, group: group)
    let disk = try Scratch()
    try disk.mode("", 0o755)
    try disk.file("passphrase", "horse")
    try disk.owner("passphrase", group: group)
    try disk.mode("passphrase", 0o640)
    try disk.file("open", "horse", mode: 0o644)
    await #expect(processExitsWith: .success) { [group, volume = volume.base as String, disk = disk.base as String] in
      var group = group
      try #require(setgroups(1, &group) == 0 && setgid(stranger) == 0 && setuid(stranger) == 0)
      let mounted = try PassphraseFile(path: "\(volume)/passphrase").read()
      #expect(mounted.count == 13)
      let handed = try PassphraseFile(path: "\(disk)/passphrase").read()
      #expect(handed.count == 5)
      let mend = "'\(disk)/open' (owner uid 0, mode 0644) can be read by others. Run: chmod 640 \(disk)/open"
      #expect(throws: StoreFailure.unavailable(.unsafePermissions, found: mend.replacing("'", with: ""))) {
        _ = try PassphraseFile(path: "\(disk)/open").read()
      }
    }
  }

  @Test func isReadWholeWhileKubeletExchangesIt() async throws {
    let scratch = try Self.volume(in: Self.memory, mode: 0o400)
    let path = scratch.path("passphrase")
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 2..<400 {
          let (old, new) = ("..2026_11_23_21_00_00.\(round - 1)", "..2026_11_23_21_00_00.\(round)")
          try scratch.directory(new)
          try scratch.file("\(new)/passphrase", "correct horse\n", mode: 0o400)
          try scratch.link("..data_tmp", to: new)
          try #require(rename(scratch.path("..data_tmp"), scratch.path("..data")) == 0)
          try FileManager.default.removeItem(atPath: scratch.path(old))
        }
      }
      for _ in 0..<400 {
        let secret = try PassphraseFile(path: path).read()
        #expect(secret.count == 13)
      }
      try await group.waitForAll()
    }
  }
}
