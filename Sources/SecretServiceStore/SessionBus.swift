package import Delegation
import Glibc

/// Where the session bus is: what the environment says, else the user's own bus of a systemd login.
///
/// A host that starts us with a bare environment leaves `DBUS_SESSION_BUS_ADDRESS` out; libsecret alone would then try
/// to start a bus through X11.
package struct SessionBus: Sendable {
  /// Transports of the D-Bus specification that run a program to reach the bus.
  private static let starting = ["autolaunch:", "unixexec:"]

  private let variable: String?
  private let runtimeDirectory: String
  private let user: uid_t

  /// - Parameter variable: the value of `DBUS_SESSION_BUS_ADDRESS`.
  package init(variable: String?) {
    self.init(variable: variable, user: geteuid(), runtimeDirectory: "/run/user/\(geteuid())")
  }

  init(variable: String?, user: uid_t, runtimeDirectory: String) {
    self.variable = variable
    self.user = user
    self.runtimeDirectory = runtimeDirectory
  }

  /// The address to connect to, as of now.
  ///
  /// - Throws: `.unavailable(.noBus)`, also when the bus belongs to somebody else.
  package func address() throws(StoreFailure) -> String {
    if let variable, !variable.isEmpty {
      guard !Self.starting.contains(where: { variable.contains($0) }) else {
        throw .unavailable(.noBus, found: "DBUS_SESSION_BUS_ADDRESS starts a program; only a bus that runs is used")
      }
      return variable
    }
    let path = "\(runtimeDirectory)/bus"
    var directory = stat()
    var socket = stat()
    guard lstat(runtimeDirectory, &directory) == 0, lstat(path, &socket) == 0 else {
      throw noBus("there is no \(path)")
    }
    guard directory.st_mode & S_IFMT == S_IFDIR, socket.st_mode & S_IFMT == S_IFSOCK else {
      throw noBus("\(path) is not a socket")
    }
    guard directory.st_uid == user, directory.st_mode & 0o022 == 0 else {
      throw noBus("\(runtimeDirectory) is not writable by uid \(user) alone")
    }
    guard socket.st_uid == user else { throw noBus("\(path) belongs to uid \(socket.st_uid)") }
    return "unix:path=\(path)"
  }

  private func noBus(_ problem: String) -> StoreFailure {
    .unavailable(.noBus, found: "DBUS_SESSION_BUS_ADDRESS is not set and \(problem)")
  }
}
