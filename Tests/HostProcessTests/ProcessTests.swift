import Foundation
import Testing

/// What can only be seen from outside: each test starts the probe.
@Suite struct ProcessTests {
  @Test func theEnvironmentIsRebuilt() throws {
    let planted = [
      "SECRET_BACKEND": "nope", "SSLKEYLOGFILE": "/tmp/keys", "OPENSSL_CONF": "/tmp/x", "OPENSSL_MODULES": "/tmp",
      "OPENSSL_ENGINES": "/tmp", "GIO_EXTRA_MODULES": "/tmp", "G_DEBUG": "fatal-warnings", "SNAP_NAME": "x",
      "LD_PRELOAD": "", "LD_LIBRARY_PATH": "/nowhere", "SSL_CERT_FILE": "/tmp/x", "http_proxy": "http://h",
      "ALL_PROXY": "http://a", "https_proxy": "http://p", "HTTPS_PROXY": "http://P", "NO_PROXY": "n",
    ]
    let wanted = [
      "HOME": "/h", "PATH": "/p", "LC_ALL": "C", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/b", "ONBEHALF_X": "a=b",
    ]
    let probe = try Probe(
      "environment",
      (planted.keys.sorted() + wanted.keys.sorted()).joined(separator: " "),
      environment: planted.merging(wanted) { $1 },
      shell: #"exec "$0" "$1" $2"#
    )
    #expect(
      probe.remainingLines()
        == planted.keys.sorted().map { "\($0)=(gone)" }
        + wanted.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } + ["proxy=http://p noProxy=n"]
    )
  }

  @Test func onlyTheProtocolReachesStandardOutput() throws {
    let probe = try Probe("streams")
    #expect(probe.remainingLines() == ["protocol"])
    #expect(probe.errorText() == "stray\ncomplaint\n")
    #expect(probe.status() == 0)
  }

  @Test(arguments: ["<&-", ">&- 2>&-", "<&- >&- 2>&-"]) func closedStreamsAreNoTrouble(_ closed: String) throws {
    let probe = try Probe("streams", shell: #"exec "$0" streams \#(closed)"#)
    #expect(probe.remainingLines() == (closed.contains(">&-") ? [] : ["protocol"]))
    #expect(probe.status() == 0)
  }

  @Test func aStandardErrorThatNobodyReadsBlocksNothing() throws {
    let probe = try Probe("chatter")
    #expect(probe.nextLine() == "through")
    probe.closeInput()
    let text = probe.errorText()
    #expect(text.contains("info record 0 x"))
    #expect(text.contains("bytes of log dropped, nobody read them\n") || text.contains("records dropped before"))
    #expect(probe.status() == 0)
  }

  @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func theFirstSignalAsksAndTheSecondEnds(_ signal: Int32) throws {
    let probe = try Probe("signals")
    #expect(probe.nextLine() == "ready")
    kill(probe.processIdentifier, signal)
    #expect(probe.nextLine() == "signal \(signal)")
    kill(probe.processIdentifier, signal)
    #expect(probe.status() == 128 + signal)
  }

  @Test func theSignalToForgetComesAsOftenAsItIsSent() throws {
    let probe = try Probe("signals")
    #expect(probe.nextLine() == "ready")
    for _ in 1...2 {
      kill(probe.processIdentifier, SIGUSR1)
      #expect(probe.nextLine() == "forget")
    }
    kill(probe.processIdentifier, SIGTERM)
    #expect(probe.nextLine() == "signal \(SIGTERM)")
    kill(probe.processIdentifier, SIGUSR1)
    #expect(probe.nextLine() == "forget")
    kill(probe.processIdentifier, SIGKILL)
  }

  @Test func theEndOfTheParentIsNoticedWhileOthersHoldThePipes() throws {
    // The probe is a child of the shell. When the shell is killed, the probe itself still holds every pipe.
    let probe = try Probe(shell: #""$0" parent & wait"#)
    let announced = try #require(probe.nextLine())
    #expect(announced == "watching \(probe.processIdentifier)")
    kill(probe.processIdentifier, SIGKILL)
    #expect(probe.nextLine() == "parent gone")
  }

  @Test func theEndOfTheThreadThatStartedItIsNot() throws {
    let holder = ProbeHolder()
    var thread = pthread_t()
    let context = Unmanaged.passUnretained(holder).toOpaque()
    let error = pthread_create(
      &thread,
      nil,
      { context in
        if let context { Unmanaged<ProbeHolder>.fromOpaque(context).takeUnretainedValue().start() }
        return nil
      },
      context
    )
    #expect(error == 0)
    pthread_join(thread, nil)
    let probe = try #require(holder.probe)
    #expect(probe.nextLine() == "watching \(getpid())")
    #expect(kill(probe.processIdentifier, 0) == 0)
    kill(probe.processIdentifier, SIGKILL)
    #expect(probe.nextLine() == nil)
  }

  @Test func hardeningHolds() throws {
    let probe = try Probe("hardening")
    #expect(
      probe.remainingLines() == ["refused []", "Umask:\t0077", "NoNewPrivs:\t1", "core 0 0", "dumpable 0", "owner 0"]
    )
  }
}

/// Carries a probe out of the thread that starts it.
private final class ProbeHolder {
  private(set) var probe: Probe?

  func start() { probe = try? Probe("parent") }
}
