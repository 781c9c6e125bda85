import Foundation
import Glibc
import Testing

/// A directory of its own for one test, `/…/base`, mode 0700; removed when the value ends.
///
/// The tables change owners, so these tests run as root.
final class Scratch: Sendable {
  let base: String

  init(in parent: String = "/tmp") throws {
    try #require(geteuid() == 0, "these tests give files to other users and must be run as root")
    base = "\(parent)/onbehalf-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: base, withIntermediateDirectories: false)
    chmod(base, 0o700)
  }

  deinit { try? FileManager.default.removeItem(atPath: base) }

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

  func owner(_ name: String, user: uid_t = 0, group: gid_t = 0) throws {
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

/// Somebody else than root.
let stranger: uid_t = 65534

extension ContinuousClock.Instant {
  static var soon: Self { .now + .seconds(20) }
}
