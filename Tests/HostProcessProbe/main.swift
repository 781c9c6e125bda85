// What HostProcess does to a process, for its tests to see from outside: the first argument says what to try.

import CLinux
import Glibc
import HostProcess

func say(_ text: String, to descriptor: Int32 = STDOUT_FILENO) {
  let line = Array("\(text)\n".utf8)
  _ = write(descriptor, line, line.count)
}

/// Until the other end of standard input is closed.
func waitForEndOfInput() {
  var byte: UInt8 = 0
  while read(STDIN_FILENO, &byte, 1) > 0 {}
}

func tryEnvironment() {
  let environment = ProcessEnvironment.rebuild()
  for name in CommandLine.arguments.dropFirst(2) {
    say("\(name)=\(getenv(name).map { String(cString: $0) } ?? "(gone)")")
  }
  say("proxy=\(environment.proxy ?? "(none)") noProxy=\(environment.noProxy ?? "(none)")")
}

func tryStreams() throws {
  let streams = try StandardStreams.takeOver()
  say("stray")
  say("complaint", to: STDERR_FILENO)
  say("protocol", to: streams.protocolOutput)
  streams.flush(withinMilliseconds: 5000)
}

/// Logs far more than any pipe holds, tells that it is through, and ends with its input.
func tryChatter() throws {
  let streams = try StandardStreams.takeOver()
  let log = Log(level: .debug)
  for number in 0..<20_000 { log.info("record \(number) " + String(repeating: "x", count: 100)) }
  say("through", to: streams.protocolOutput)
  waitForEndOfInput()
  streams.flush(withinMilliseconds: 5000)
}

func trySignals() throws {
  Signals.block()
  try Signals.watch(forget: { say("forget") }, end: { say("signal \($0)") })
  say("ready")
  while true { pause() }
}

func tryParent() throws {
  let watch = try ParentWatch { _ in
    say("parent gone")
    _exit(0)
  }
  say(watch.watchParent() ? "watching \(getppid())" : "no parent")
  while true { pause() }
}

func tryHardening() {
  say("refused \(Hardening.apply())")
  let status = fopen("/proc/self/status", "r")
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, Int32(line.count), status) != nil {
    let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    if text.hasPrefix("Umask") || text.hasPrefix("NoNewPrivs") { say(text) }
  }
  var core = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &core)
  say("core \(core.rlim_cur) \(core.rlim_max)")
  say("dumpable \(onbehalf_prctl(PR_GET_DUMPABLE, 0))")
  // The kernel gives the files of a process that is not dumpable to root.
  var owner = stat()
  stat("/proc/self/environ", &owner)
  say("owner \(owner.st_uid)")
}

switch CommandLine.arguments.dropFirst().first {
case "environment": tryEnvironment()
case "streams": try tryStreams()
case "chatter": try tryChatter()
case "signals": try trySignals()
case "parent": try tryParent()
case "hardening": tryHardening()
default: exit(2)
}
