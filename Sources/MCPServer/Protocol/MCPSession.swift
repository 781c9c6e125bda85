package import Delegation
import JSON
package import JSONRPC
import Synchronization

/// For whom, and what, this process was started.
package struct MCPSettings: Sendable {
  package let version: String
  package let profile: String
  package let subject: String
  package let agents: [Pattern]
  package let allowsResume: Bool
  package let maximumRunsPerMinute: Int

  package init(
    version: String,
    profile: String,
    subject: String,
    agents: [Pattern],
    allowsResume: Bool,
    maximumRunsPerMinute: Int
  ) {
    self.version = version
    self.profile = profile
    self.subject = subject
    self.agents = agents
    self.allowsResume = allowsResume
    self.maximumRunsPerMinute = maximumRunsPerMinute
  }

  /// The layer of policy that the command line is: one user, some agents, and so no token that opens more.
  package var policy: Policy {
    var policy = Policy(subjects: Policy.Subjects(allow: [Pattern(subject)]))
    policy.agents = agents
    return policy
  }
}

/// What the methods of MCP act on, and how far the handshake has come.
package final class MCPSession: Sendable {
  let settings: MCPSettings
  let tools: [any Tool]
  private let handshake = Mutex<Client?>(nil)

  /// - Parameters:
  ///   - explain: the error that the protocol has for a failure.
  ///   - clock: that of the runs in a minute, and of approvals that grow old.
  package init(
    _ settings: MCPSettings,
    domain: Domain,
    clock: any MonotonicClock,
    random: any Randomness,
    digests: any Digests,
    explain: @escaping @Sendable (Failure) -> ResponseError
  ) {
    self.settings = settings
    let desk = RunDesk(settings, domain: domain, clock: clock, explain: explain)
    let approvals = Approvals(clock: clock, random: random)
    tools =
      [InvokeAgentTool(desk: desk), ListAgentsTool(desk: desk), GetAgentRunTool(desk: desk)]
      + (settings.allowsResume ? [ResumeAgentTool(desk: desk, approvals: approvals, digests: digests)] : [])
  }

  /// Who sends a request, by its `_meta` or the handshake. What it says of itself goes before.
  func client(of meta: RequestMeta, method: String) throws(ResponseError) -> Client {
    if let version = meta.version {
      guard let revision = Revision(rawValue: version), revision.isStateless else {
        throw .unsupported(version: version)
      }
      guard let capabilities = meta.capabilities, capabilities.kind == .object else {
        throw .malformed(method, "_meta has no clientCapabilities")
      }
      return Client(revision: revision, capabilities: capabilities)
    }
    guard let client = handshake.withLock(\.self) else { throw .unannounced(method) }
    return client
  }

  /// - Throws: when there was a handshake before.
  func shakeHands(_ client: Client) throws(ResponseError) {
    let isFirst = handshake.withLock { known in
      guard known == nil else { return false }
      known = client
      return true
    }
    guard isFirst else {
      throw ResponseError(
        .invalidRequest,
        "initialize was sent before.",
        hint: "Go on in the revision that was agreed, or start a new process."
      )
    }
  }
}
