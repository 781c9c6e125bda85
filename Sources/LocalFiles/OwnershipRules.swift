import Glibc

/// Who may have had a hand in what a path leads to, as sshd's StrictModes asks.
///
/// - Everything on the way is owned by root or by the effective user.
/// - Nobody else may write it. The one exception is a shared directory such as `/tmp` (sticky, so that only an owner
///   may replace an entry), and only as something to pass through: the file itself may not lie in one.
/// - A private file is read by its owner alone. What root owns may be read by a group (`root:onbehalf 0640`) unless we
///   are root; on a memory file system, where kubelet, swarm and systemd mount secrets for one container or unit, by
///   anybody inside it.
struct OwnershipRules {
  let user: uid_t

  init(user: uid_t = geteuid()) { self.user = user }

  /// A rule that does not hold, and the command that mends it.
  struct Violation: Equatable {
    let found: String
  }

  func violation(byLink status: stat, at path: String) -> Violation? {
    ownerViolation(status, path)
  }

  func violation(byDirectory status: stat, at path: String) -> Violation? {
    if let violation = ownerViolation(status, path) { return violation }
    guard status.st_mode & 0o022 != 0, status.st_mode & S_ISVTX == 0 else { return nil }
    return Violation(found: "\(described(path, status)) can be written by others. Run: chmod go-w \(quoted(path))")
  }

  func violation(byHolding file: String, inDirectory status: stat, at path: String) -> Violation? {
    guard status.st_mode & 0o022 != 0 else { return nil }
    return Violation(
      found: "\(described(path, status)) is shared: others may put files beside \(quoted(file)). "
        + "Move it into a directory of your own, mode 0700"
    )
  }

  func violation(byFile status: stat, at path: String, mode: LocalFile.Mode, inMemory: Bool) -> Violation? {
    if let violation = ownerViolation(status, path) { return violation }
    if status.st_mode & 0o022 != 0 {
      return Violation(found: "\(described(path, status)) can be written by others. Run: chmod go-w \(quoted(path))")
    }
    guard mode == .private, status.st_mode & 0o077 & ~readersAllowed(status, inMemory: inMemory) != 0 else {
      return nil
    }
    let mended = status.st_uid == user ? "600" : "640"
    return Violation(found: "\(described(path, status)) can be read by others. Run: chmod \(mended) \(quoted(path))")
  }

  private func readersAllowed(_ status: stat, inMemory: Bool) -> mode_t {
    guard status.st_uid == 0 else { return 0 }
    if inMemory { return 0o055 }
    return user == 0 ? 0 : 0o040
  }

  private func ownerViolation(_ status: stat, _ path: String) -> Violation? {
    guard status.st_uid != 0, status.st_uid != user else { return nil }
    let expected = user == 0 ? "root" : "root or uid \(user)"
    return Violation(
      found: "\(described(path, status)) must be owned by \(expected). Run: chown -h \(user) \(quoted(path))"
    )
  }

  private func described(_ path: String, _ status: stat) -> String {
    let bits = String(status.st_mode & 0o7777, radix: 8)
    return "\(quoted(path)) (owner uid \(status.st_uid), mode 0\(bits))"
  }
}

/// A path as a shell takes it, and as a log line bears it: quoted when it holds more than plain characters.
func quoted(_ path: String) -> String {
  if !path.isEmpty, path.utf8.allSatisfy(plainBytes.contains) { return path }
  let shown = path.unicodeScalars.map { scalar in
    switch scalar {
    case "'": "'\\''"
    case _ where scalar.properties.generalCategory == .control: "?"
    case _: String(scalar)
    }
  }
  return "'\(shown.joined())'"
}

private let plainBytes = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+,:@".utf8)
