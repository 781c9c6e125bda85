package import Delegation
package import JSONRPC
import Synchronization

/// What the methods act on: the domain's concrete parts, wired once by main.swift.
package struct Services: Sendable {
  package let version: String
  package let isAdmin: Bool
  package let limits: Limits
  package let authorization: Authorization
  package let keys: KeyService
  package let mint: AssertionMint
  package let tokens: TokenService
  package let agents: AgentService
  package let diagnosis: Diagnosis
  package let wallClock: any WallClock
  /// Told the `processId` of `initialize`: the session ends when that process does.
  package let watchProcess: @Sendable (Int32) -> Void

  package init(
    version: String,
    isAdmin: Bool,
    limits: Limits,
    authorization: Authorization,
    keys: KeyService,
    mint: AssertionMint,
    tokens: TokenService,
    agents: AgentService,
    diagnosis: Diagnosis,
    wallClock: any WallClock,
    watchProcess: @escaping @Sendable (Int32) -> Void
  ) {
    self.version = version
    self.isAdmin = isAdmin
    self.limits = limits
    self.authorization = authorization
    self.keys = keys
    self.mint = mint
    self.tokens = tokens
    self.agents = agents
    self.diagnosis = diagnosis
    self.wallClock = wallClock
    self.watchProcess = watchProcess
  }

  /// Invariant 7: a backend is spawned without `--admin` and cannot change keys, profiles or secrets.
  func requireAdmin(for method: String) throws(ResponseError) {
    guard isAdmin else { throw ResponseError(.policy(.adminRequired(method: method))) }
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
