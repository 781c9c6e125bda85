// The composition root. The order matters: the environment before any C library looks at it, the hardening before there
// is a secret, signals before any thread, the streams before anything prints.

import CurlHTTP
import Delegation
import EncryptedFileStore
import Glibc
import HostProcess
import JSONRPC
import LocalFiles
import Methods
import OpenSSLKeys
import SecretServiceStore

/// How long the session may take to end once a signal came or the host died (invariant 13: 2 s in all).
let endingTime: Duration = .milliseconds(1300)

/// How long the last rows of the audit may take to reach the disk.
let auditMilliseconds: Int32 = 300

let environment = ProcessEnvironment.rebuild()
let refusals = Hardening.apply() + OpenSSL.start()
Signals.block()

/// For the time before the log: one sentence to standard error, status 2 as for every wrong use.
func refuse(_ sentence: String) -> Never {
  let line = Array("onbehalf: \(sentence).\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
  exit(2)
}

func show(_ text: String) -> Never {
  let bytes = Array(text.utf8)
  _ = write(STDOUT_FILENO, bytes, bytes.count)
  exit(0)
}

let options: Options
do { options = try Options(arguments: Array(CommandLine.arguments.dropFirst()), environment: environment.kept) } catch {
  refuse("\(error); see onbehalf --help")
}
switch options.action {
case .printVersion: show("onbehalf \(Adapters.version)\n")
case .printHelp: show(Options.helpText)
// A person who runs it without an option would wait for ever.
case .serve: if StandardStreams.isTerminal { show(Options.helpText) }
}

// Before anything is opened: a descriptor that was not inherited would be given to that.
let passphrase: EncryptedFileStore.Passphrase
do throws(StoreFailure) { passphrase = try PassphraseSource.passphrase(options, environment) } catch {
  guard case .unavailable(_, let found) = error else { refuse("the passphrase cannot be read") }
  refuse("--passphrase-fd: \(found)")
}

Task.detached {
  do {
    let streams = try StandardStreams.takeOver()
    let log = Log(level: options.logLevel)
    for refusal in refusals { log.warn(refusal) }
    GLibLog.install { log.warn($0) }
    if options.store == .memory { log.warn("--store memory keeps nothing when this process ends") }

    let ending = try await serve(streams, log)
    log.info("ended: \(ending)")
    streams.flush(withinMilliseconds: 200)
    // Not exit(3): threads may still be inside C libraries, whose exit handlers would wait for them.
    _exit(ending.exitCode)
  } catch {
    refuse("\(error)")
  }
}
// With an `await` out here the main thread would be Dispatch's, which unblocks all signals on it: they would end the
// process instead of the session.
while true { pause() }

/// Runs the one session of this process.
func serve(_ streams: StandardStreams, _ log: Log) async throws -> Ending {
  let transport = try StdioTransport(input: STDIN_FILENO, output: streams.protocolOutput)
  let session = Session()
  let parents = try ParentWatch { process in
    log.info("process \(process), which this one serves, has ended")
    session.end(within: endingTime)
  }
  let adapters = Adapters(options: options, environment: environment, passphrase: passphrase, log: log)
  let ports = adapters.ports
  let services = Services(
    version: Adapters.version,
    libraries: LibraryVersions(libcurl: CurlHTTPClient.libraryVersion, openssl: OpenSSL.version),
    host: HostFacts(system: SystemVersion.text, options: options.inEffect),
    isAdmin: options.isAdmin,
    limits: .standard,
    statistics: SessionStatistics(),
    ports: ports,
    commandLine: Faces.policy(options)
  ) { process in
    if options.watchesParent, !parents.watch(process) { log.info("process \(process) is not visible; not watched") }
  }
  try Signals.watch {
    services.domain.dropSecrets()
    log.info("SIGUSR1: keys and tokens are dropped")
  } end: { signal in
    log.info("signal \(signal)")
    session.end(within: endingTime)
  }
  var onAnswer: (@Sendable (AnsweredRequest) -> Void)?
  if options.logLevel >= .info { onAnswer = { request in log.info("\(request)") } }
  if options.watchesParent, !parents.watchParent() { log.info("the parent is not visible; only the pipe tells") }
  let faces = Faces(options: options, ports: ports, transport: transport, onAnswer: onAnswer)
  let ending = try await faces.run(services, in: session)
  services.domain.audit.tellUses()
  adapters.audit.close(withinMilliseconds: auditMilliseconds)
  return ending
}
