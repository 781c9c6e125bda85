import Foundation
import Glibc
import Testing

/// A directory of its own for one test, `/…/base`, mode 0700; removed when the value ends.
final class Scratch: Sendable {
  let base: String

  init(in parent: String = "/tmp") throws {
    base = "\(parent)/onbehalf-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: false)
    chmod(base, 0o700)
  }

  deinit {
    chmod(base, 0o700)
    try? FileManager.default.removeItem(atPath: base)
  }

  func path(_ name: String) -> String { "\(base)/\(name)" }

  @discardableResult
  func file(_ name: String, _ content: String = "content", mode: mode_t = 0o600) throws -> String {
    try Data(content.utf8).write(to: URL(filePath: path(name)))
    try #require(chmod(path(name), mode) == 0)
    return path(name)
  }

  @discardableResult
  func directory(_ name: String, mode: mode_t = 0o755) throws -> String {
    try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
    try #require(chmod(path(name), mode) == 0)
    return path(name)
  }

  func link(_ name: String, to target: String) throws {
    try #require(symlink(target, path(name)) == 0)
  }

  func mode(_ name: String, _ mode: mode_t) throws {
    try #require(chmod(path(name), mode) == 0)
  }

  func owner(_ name: String, user: uid_t = geteuid(), group: gid_t = getegid()) throws {
    try #require(lchown(path(name), user, group) == 0)
  }

  func text(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path(name))), as: UTF8.self)
  }

  func permissions(_ name: String) throws -> mode_t {
    var status = stat()
    try #require(lstat(path(name), &status) == 0)
    return status.st_mode & 0o7777
  }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: base).sorted()
  }
}

/// Somebody who is neither root nor us.
let stranger: uid_t = 65534

/// Root can give files to others. An ordinary user cannot: then the tables are as long as they can be, and
/// `OwnershipRulesTests` holds what remains.
let canGiveAway = geteuid() == 0

/// A refusal as it reads for the user who runs the tests: `BASE` is the scratch directory, `ME` and `OWNER` are who we are.
func worded(_ text: String, for scratch: Scratch) -> String {
  text.replacing("BASE", with: scratch.base)
    .replacing("OWNER", with: geteuid() == 0 ? "root" : "root or uid \(geteuid())")
    .replacing("ME", with: "\(geteuid())")
}

extension ContinuousClock.Instant {
  static var soon: Self { .now + .seconds(20) }
}
