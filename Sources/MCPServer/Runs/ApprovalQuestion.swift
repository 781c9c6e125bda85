import Delegation
import JSON

/// What a run asks, as a person is shown it, and what their answer is bound to.
struct ApprovalQuestion: Sendable, Equatable {
  /// Each line is marked, so that no line of the agent looks like one of ours.
  let shown: String
  /// Whether there is more than is shown.
  let isCut: Bool
  /// Of all that is asked, shown or not.
  private let digest: [UInt8]

  /// Of what is asked, in bytes: a person has to read it.
  private static let maximumBytes = 4 << 10
  private static let maximumNodeBytes = 200

  init(of run: AgentRun, _ digests: any Digests) {
    self.init(node: run.waitingFor?.node, run.waitingFor?.message ?? run.output, digests)
  }

  init(node: String?, _ asked: JSONValue?, _ digests: any Digests) {
    digest = digests.sha256(JSONValue.array([node.map { .string($0) } ?? .null, asked ?? .null]).serialized())
    let place = node.map { ["At the node \(AgentText.prefix(of: AgentText.clean($0), bytes: Self.maximumNodeBytes)):"] }
    let text = asked.map(Self.text) ?? "(The pod does not say what is asked.)"
    let beginning = AgentText.prefix(of: text, bytes: Self.maximumBytes)
    isCut = beginning.utf8.count < text.utf8.count
    shown = ((place ?? []) + [beginning]).joined(separator: "\n")
      .split(omittingEmptySubsequences: false) { $0.isNewline }
      .map { "> \($0)" }
      .joined(separator: "\n")
  }

  private static func text(_ asked: JSONValue) -> String {
    let cleaned = AgentText.clean(asked)
    if case .string(let text) = cleaned { return text }
    return String(decoding: cleaned.serialized(), as: UTF8.self)
  }
}
