import Delegation
import Foundation
import Glibc
import Testing

@testable import SecretServiceStore

@Suite struct SessionBusTests {
  @Test(arguments: [
    ("unix:path=/nonexistent/bus", "Could not connect: No such file or directory"),
    ("garbage", "Address element “garbage” does not contain a colon (:)"),
  ])
  func saysThatThereIsNoBus(_ address: String, _ found: String) async {
    let store = SecretServiceStore(bus: SessionBus(variable: address))
    await #expect(throws: StoreFailure.unavailable(.noBus, found: found)) {
      try await store.text(SecretItem(.key, "a"))
    }
  }

  @Test(arguments: ["autolaunch:", "unix:path=/a;unixexec:path=/bin/true"])
  func startsNoProgram(_ address: String) {
    let found = "DBUS_SESSION_BUS_ADDRESS starts a program; only a bus that runs is used"
    #expect(throws: StoreFailure.unavailable(.noBus, found: found)) { try SessionBus(variable: address).address() }
  }

  @Test func prefersWhatTheEnvironmentSays() throws {
    let bus = SessionBus(variable: "unix:path=/a", user: 1, runtimeDirectory: "/nonexistent")
    #expect(try bus.address() == "unix:path=/a")
  }

  @Test func takesTheUsersOwnBus() throws {
    let directory = try RuntimeDirectory()
    let bus = SessionBus(variable: "", user: geteuid(), runtimeDirectory: directory.path)
    #expect(try bus.address() == "unix:path=\(directory.path)/bus")
  }

  @Test func answersAtTheDeadlineWhenTheBusIsSilent() async throws {
    let directory = try RuntimeDirectory()
    let store = SecretServiceStore(bus: SessionBus(variable: "unix:path=\(directory.path)/bus"))
    for _ in 1...3 {
      let start = ContinuousClock.now
      await #expect(throws: StoreFailure.timedOut(writing: false)) {
        try await store.text(SecretItem(.key, "a"), deadline: start + .milliseconds(100))
      }
      #expect(start.duration(to: .now) < .seconds(10))
    }
  }

  @Test func refusesTheBusOfSomebodyElse() throws {
    let directory = try RuntimeDirectory()
    let path = "\(directory.path)/bus"
    let bus = SessionBus(variable: nil, user: geteuid(), runtimeDirectory: directory.path)
    func expect(_ problem: String) {
      let found = "DBUS_SESSION_BUS_ADDRESS is not set and \(problem)"
      #expect(throws: StoreFailure.unavailable(.noBus, found: found)) { try bus.address() }
    }
    try #require(chmod(directory.path, 0o770) == 0)
    expect("\(directory.path) is not writable by uid \(geteuid()) alone")
    try #require(chmod(directory.path, 0o700) == 0)
    // Only root can give a socket away.
    if geteuid() == 0 {
      try #require(chown(path, 65534, 65534) == 0)
      expect("\(path) belongs to uid 65534")
    }
    unlink(path)
    expect("there is no \(path)")
    try #require(symlink("/dev/null", path) == 0)
    expect("\(path) is not a socket")
    let other = SessionBus(variable: nil, user: geteuid() + 1, runtimeDirectory: directory.path)
    #expect(throws: StoreFailure.self) { try other.address() }
  }
}

/// A directory with a socket in it, as a systemd login makes one.
private final class RuntimeDirectory {
  let path: String
  private let socketDescriptor: CInt

  init() throws {
    path = "/tmp/onbehalf-run-\(UUID().uuidString)"
    try #require(mkdir(path, 0o700) == 0)
    socketDescriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(path)/bus".utf8.prefix($0.count - 1)) }
    let bound = withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socketDescriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(socketDescriptor, 8) == 0)
  }

  deinit {
    close(socketDescriptor)
    try? FileManager.default.removeItem(atPath: path)
  }
}
