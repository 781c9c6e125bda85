import CLinux
import Delegation
import Glibc

/// Walks a path from `/` to a file, one component at a time, and asks the rules at every step.
///
/// What is checked is the descriptor that the next step starts from, so nothing can be exchanged between check and use.
/// Links are followed by hand: a link must be owned as everything else, and what it leads to is walked and checked in
/// the same way. A mounted Kubernetes secret (`file -> ..data/file`, `..data -> ..2026_11_23…`) is read like this.
struct PathWalk {
  let rules: OwnershipRules

  private static let maximumLinks = 16

  /// Where a path ends: the directory that holds the file, and the file's name in it once every link is followed.
  struct Arrival: ~Copyable {
    let directory: Descriptor
    let name: String
    let directoryPath: String
    let isMissing: Bool

    var path: String { PathWalk.joined(directoryPath, name) }
  }

  /// Walks to `path`.
  ///
  /// - Parameter levels: how many directories above the file are made, mode 0700, when they alone are missing.
  /// - Returns: nil when a directory on the way does not exist.
  /// - Throws: `.unsafe`, or `.system` for a link that leads nowhere and for what is not a file.
  func arrive(at path: String, creatingDirectories levels: Int = 0) throws(FileFailure) -> Arrival? {
    var pending = Array(try Self.absolute(path).split(separator: "/").map(String.init).reversed())
    guard var directory = Descriptor.root() else { throw .system("/", "cannot be opened") }
    var directoryPath = "/"
    var status = try checked(directory, at: directoryPath)
    var links: [String] = []

    while let name = pending.popLast() {
      if name == "." { continue }
      let here = Self.joined(directoryPath, name)
      let creating = (1..<levels + 1).contains(pending.count)
      guard let next = try enter(name, in: directory, at: here, creating: creating) else {
        if let link = links.last {
          throw .system(found: "\(quoted(link)) is a link that leads nowhere: there is no \(quoted(here))")
        }
        guard pending.isEmpty else { return nil }
        try refuse(rules.violation(byHolding: name, inDirectory: status, at: directoryPath))
        return Arrival(directory: directory, name: name, directoryPath: directoryPath, isMissing: true)
      }
      guard let found = next.status() else { throw .system(here, "cannot be looked at") }
      switch found.st_mode & S_IFMT {
      case S_IFLNK:
        try refuse(rules.violation(byLink: found, at: here))
        links.append(here)
        guard links.count <= Self.maximumLinks else { throw .system(here, "cannot be followed", error: ELOOP) }
        let target = try Self.target(of: next, at: here)
        pending += target.split(separator: "/").map(String.init).reversed()
        guard target.hasPrefix("/") else { continue }
        guard let root = Descriptor.root() else { throw .system("/", "cannot be opened") }
        directory = root
        directoryPath = "/"
        status = try checked(directory, at: directoryPath)
      case S_IFDIR:
        status = try checked(next, at: here)
        directory = next
        directoryPath = here
      case S_IFREG where pending.isEmpty:
        try refuse(rules.violation(byHolding: name, inDirectory: status, at: directoryPath))
        return Arrival(directory: directory, name: name, directoryPath: directoryPath, isMissing: false)
      default:
        let wanted = pending.isEmpty ? "file" : "directory"
        throw .system(found: "\(quoted(here)) is \(Self.kind(of: found)), not a \(wanted)")
      }
    }
    throw .system(found: "\(quoted(path)) is a directory, not a file")
  }

  /// Holds `name` without opening it for anything; nil when there is none.
  private func enter(
    _ name: String,
    in directory: borrowing Descriptor,
    at path: String,
    creating: Bool
  ) throws(FileFailure) -> Descriptor? {
    if let next = Descriptor.open(name, in: directory, linux_open_path) { return next }
    guard errno == ENOENT else { throw .system(path, "cannot be opened") }
    guard creating else { return nil }
    // The mode is set once more because the umask may have taken bits away that we need. Another sidecar may be quicker;
    // what it made is checked like any other.
    let isMade = mkdirat(directory.number, name, 0o700) == 0 && fchmodat(directory.number, name, 0o700, 0) == 0
    guard isMade || errno == EEXIST else { throw .system(path, "cannot be created") }
    guard let made = Descriptor.open(name, in: directory, linux_open_path) else {
      throw .system(path, "cannot be opened")
    }
    return made
  }

  private func checked(_ directory: borrowing Descriptor, at path: String) throws(FileFailure) -> stat {
    guard let status = directory.status() else { throw .system(path, "cannot be looked at") }
    try refuse(rules.violation(byDirectory: status, at: path))
    return status
  }

  private func refuse(_ violation: OwnershipRules.Violation?) throws(FileFailure) {
    if let violation { throw .unsafe(found: violation.found) }
  }

  private static func target(of link: borrowing Descriptor, at path: String) throws(FileFailure) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlinkat(link.number, "", &buffer, buffer.count)
    guard count > 0, count < buffer.count else { throw .system(path, "cannot be followed") }
    guard let target = String(validating: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self) else {
      throw .system(path, "cannot be followed", error: EILSEQ)
    }
    return target
  }

  private static func absolute(_ path: String) throws(FileFailure) -> String {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw .system(found: "an empty or malformed path") }
    if path.hasPrefix("/") { return path }
    guard let current = getcwd(nil, 0) else { throw .system(path, "cannot be resolved") }
    defer { free(current) }
    return joined(String(cString: current), path)
  }

  private static func joined(_ directory: String, _ name: String) -> String {
    directory == "/" ? "/\(name)" : "\(directory)/\(name)"
  }

  private static func kind(of status: stat) -> String {
    switch status.st_mode & S_IFMT {
    case S_IFREG: "a file"
    case S_IFDIR: "a directory"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}
