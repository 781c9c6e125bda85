package import Delegation
package import JSONRPC
import Synchronization

/// What the methods act on: the domain, and what the process is allowed to do with it.
package struct Services: Sendable {
  package let version: String
  package let libraries: LibraryVersions
  package let host: HostFacts
  package let isAdmin: Bool
  package let limits: Limits
  package let domain: Domain
  /// What the server of this session counts.
  package let statistics: SessionStatistics
  let uptime: Uptime
  /// Told the `processId` of `initialize`: the session ends when that process does.
  package let watchProcess: @Sendable (Int32) -> Void

  package init(
    version: String,
    libraries: LibraryVersions,
    host: HostFacts,
    isAdmin: Bool,
    limits: Limits,
    statistics: SessionStatistics,
    ports: Ports,
    commandLine: Policy? = nil,
    watchProcess: @escaping @Sendable (Int32) -> Void
  ) {
    self.version = version
    self.libraries = libraries
    self.host = host
    self.isAdmin = isAdmin
    self.limits = limits
    self.statistics = statistics
    uptime = Uptime(ports)
    domain = Domain(
      ports: ports,
      commandLine: commandLine,
      kind: { ResponseError($0).kind },
      explain: { ResponseError($0).explanation }
    )
    self.watchProcess = watchProcess
  }

  /// For methods whose results are credentials: what takes the place of one behind the answer to `lock`.
  func objectionWhenLocked(_ method: String) -> ResponseError? {
    domain.lockdown.isClosed ? refusal(method, AuditFacts(), .policy(.locked)) : nil
  }
}

/// The libraries this process has loaded, as they name their versions.
package struct LibraryVersions: Sendable, Encodable {
  let libcurl: String
  let openssl: String

  package init(libcurl: String, openssl: String) {
    self.libcurl = libcurl
    self.openssl = openssl
  }
}

/// What this process runs on, and how it was started.
package struct HostFacts: Sendable, Encodable {
  let system: String
  /// The names of the options in effect, without their values.
  let options: [String]

  package init(system: String, options: [String]) {
    self.system = system
    self.options = options
  }
}

extension Call: Caller {}

/// Runs a step of the domain, with its failure as the protocol's error.
func answering<Value: ~Copyable>(
  _ body: () async throws(Failure) -> Value
) async throws(ResponseError) -> Value {
  do { return try await body() } catch { throw ResponseError(error) }
}

/// Holds params against the rules of their fields.
func checking(_ rules: () throws(ParamsFailure) -> Void) throws(Failure) {
  do { try rules() } catch { throw .params(error) }
}
