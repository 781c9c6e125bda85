import Delegation
import Foundation
import Glibc
import Testing

@testable import SecretServiceStore

/// A session bus of its own, with a GNOME Keyring on it when asked: own home, own runtime directory.
///
/// Whatever was started is stopped by its process id, and the directory is removed, when the value ends.
final class PrivateDesktop {
  let home: String
  private(set) var bus: Process?
  private(set) var keyring: Process?

  init() throws {
    for program in [("dbus-daemon", "dbus"), ("gnome-keyring-daemon", "gnome-keyring"), ("gdbus", "libglib2.0-bin")] {
      try #require(access("/usr/bin/\(program.0)", X_OK) == 0, "install the Debian package \(program.1)")
    }
    home = "/tmp/onbehalf-desktop-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: "\(home)/run", withIntermediateDirectories: true)
    chmod(home, 0o700)
    chmod("\(home)/run", 0o700)
    let configuration = """
      <busconfig>
        <type>session</type>
        <listen>unix:path=\(home)/bus</listen>
        <auth>EXTERNAL</auth>
        <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
      </busconfig>
      """
    try configuration.write(toFile: "\(home)/bus.conf", atomically: false, encoding: .utf8)
    try startBus()
  }

  deinit {
    stopKeyring()
    stopBus()
    try? FileManager.default.removeItem(atPath: home)
  }

  var store: SecretServiceStore { SecretServiceStore(bus: SessionBus(variable: "unix:path=\(home)/bus")) }

  /// Returns when the bus takes connections: it says its address then.
  func startBus() throws {
    let address = Pipe()
    bus = try start("dbus-daemon", ["--config-file=\(home)/bus.conf", "--nofork", "--print-address"], output: address)
    try #require(!address.fileHandleForReading.availableData.isEmpty)
  }

  /// Returns when the service has its name. Without a password, no keyring is created or unlocked.
  func startKeyring(password: String? = "pw") throws {
    // The password is read to the end of the file: no newline.
    try (password ?? "").write(toFile: "\(home)/password", atomically: false, encoding: .utf8)
    let input = try #require(FileHandle(forReadingAtPath: "\(home)/password"))
    let unlock = password == nil ? [] : ["--unlock"]
    keyring = try start("gnome-keyring-daemon", unlock + ["--components=secrets", "--foreground"], input: input)
    try run("gdbus", ["wait", "--session", "--timeout", "20", "org.freedesktop.secrets"])
  }

  func lock() throws {
    let login = "['/org/freedesktop/secrets/collection/login']"
    let service = ["--dest", "org.freedesktop.secrets", "--object-path", "/org/freedesktop/secrets"]
    try run("gdbus", ["call", "--session"] + service + ["--method", "org.freedesktop.Secret.Service.Lock", login])
  }

  func signalKeyring(_ signal: CInt) { if let keyring { kill(keyring.processIdentifier, signal) } }

  func stopKeyring() { stop(&keyring) }

  func stopBus() { stop(&bus) }

  /// The Python that has SecretStorage: Tests/prepare makes one, else the one on the PATH.
  static let python: String = {
    let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let prepared = repository.appending(path: ".build/venv/bin/python").path
    return access(prepared, X_OK) == 0 ? prepared : "python3"
  }()

  /// Runs a program on this desktop and returns what it wrote.
  @discardableResult
  func run(_ program: String, _ arguments: [String]) throws -> Data {
    let output = Pipe()
    let process = try start(program, arguments, output: output)
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) failed")
    return data
  }

  func start(
    _ program: String,
    _ arguments: [String],
    input: Any = FileHandle.nullDevice,
    output: Any = FileHandle.nullDevice
  ) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.environment = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
      "LC_ALL": "C.UTF-8",
      "HOME": home,
      "XDG_RUNTIME_DIR": "\(home)/run",
      "DBUS_SESSION_BUS_ADDRESS": "unix:path=\(home)/bus",
    ]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func stop(_ process: inout Process?) {
    guard let running = process else { return }
    kill(running.processIdentifier, SIGKILL)
    running.waitUntilExit()
    process = nil
  }
}

extension SecretServiceStore {
  func write(_ text: String, to item: SecretItem, replacing: Bool = false) async throws(StoreFailure) {
    let secret = SecretBytes(copying: text.utf8)
    try await write(item, secret: secret, publicAttributes: [:], replacing: replacing, deadline: .soon)
  }

  func text(_ item: SecretItem, deadline: ContinuousClock.Instant = .soon) async throws(StoreFailure) -> String? {
    guard let secret = try await read(item, deadline: deadline) else { return nil }
    return secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}

extension ContinuousClock.Instant {
  static var soon: Self { .now + .seconds(20) }
}
