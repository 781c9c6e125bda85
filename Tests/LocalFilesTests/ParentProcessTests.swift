import Delegation
import Foundation
import Glibc
import Testing

@testable import LocalFiles

@Suite struct ParentProcessTests {
  @Test func theParentIsToldWithWhatItRuns() {
    let host = ParentProcess().read()
    #expect(host.sidecar == getpid())
    #expect(host.process.pid == getppid())
    #expect(host.process.executable?.hasPrefix("/") ?? true)
  }

  /// A made-up /proc: the number of the parent was given to a process that began later.
  @Test(
    arguments: [
      ("50", "/usr/bin/backend", "/sbin/init"),
      ("100", "/usr/bin/backend", "/sbin/init"),
      ("101", nil, nil),
    ] as [(String, String?, String?)]
  )
  func aNumberThatWasGivenAwayIsNotTheHost(began: String, executable: String?, parent: String?) throws {
    let scratch = try Scratch()
    try process(getpid(), "(onbehalf)", parent: 7, began: "100", in: scratch)
    try process(7, "(a ) (b)", parent: 1, began: began, in: scratch, executable: "/usr/bin/backend")
    try process(1, "(init)", parent: 0, began: "1", in: scratch, executable: "/sbin/init")
    let host = ParentProcess(parent: 7, proc: scratch.base).read()
    #expect(host.process == HostProcess.Process(pid: 7, executable: executable))
    #expect(host.parent?.executable == parent)
  }

  @Test func whatMayNotBeReadIsToldByItsName() throws {
    let scratch = try Scratch()
    try process(getpid(), "(onbehalf)", parent: 7, began: "100", in: scratch)
    try process(7, "(sudo)", parent: 0, began: "1", in: scratch)
    #expect(ParentProcess(parent: 7, proc: scratch.base).read().process.executable == "[sudo]")
  }

  private func process(
    _ pid: pid_t,
    _ name: String,
    parent: pid_t,
    began: String,
    in scratch: Scratch,
    executable: String? = nil
  ) throws {
    try scratch.directory("\(pid)")
    let rest = (5...21).map(String.init).joined(separator: " ")
    try scratch.file("\(pid)/stat", "\(pid) \(name) S \(parent) \(rest) \(began) 0 0\n")
    if let executable { try scratch.link("\(pid)/exe", to: executable) }
  }
}
