import JSON
import TestSupport

@testable import Delegation

/// What tests of streamed runs begin with.
protocol StreamedRunSuite: Sendable {}

extension StreamedRunSuite {
  var invocation: AgentInvocation { AgentInvocation(agent: "PAYABLES_TEAM", message: "Compare \"A\"") }
  static var beginning: String { #"{"jobId":"job-1","conversationId":"conv-1"}"# }

  func events(_ data: String...) -> String { data.map { "data: \($0)\n\n" }.joined() }

  func delta(_ text: String) -> String {
    String(decoding: JSONValue.object([.init("message", ["content": .string(text)])]).serialized(), as: UTF8.self)
  }

  /// The domain, its token planned, and then this answer of the pod.
  func bench(_ body: ScriptedBody) async throws -> Bench {
    let bench = try await Bench()
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    bench.http.planStream(200, body: body)
    return bench
  }

  func run(_ bench: Bench, for caller: RecordingCaller) async throws -> AgentRun {
    try await bench.agents.invoke(invocation, permit: bench.permit(), wait: true, stream: true, for: caller)
  }

  /// The same, with every pause between two polls let pass.
  func polled(_ bench: Bench, _ polls: Int = 1, for caller: RecordingCaller) async throws -> AgentRun {
    let permit = try bench.permit()
    async let answer = bench.agents.invoke(invocation, permit: permit, wait: true, stream: true, for: caller)
    for _ in 0..<polls {
      await bench.clock.sleepers(atLeast: 2)
      bench.clock.advance(by: .seconds(6))
    }
    return try await answer
  }

  func text(_ caller: RecordingCaller) -> String {
    caller.streamed.map { if case .string(let text)? = $0["delta"] { text } else { "?" } }.joined()
  }

  /// Of the runs, in the audit.
  func outcomes(_ bench: Bench) throws -> [JSONValue?] {
    let rows = try bench.audit.rows.map { try JSONValue(parsing: $0.utf8) }
    return rows.filter { $0["operation"] == "invokeAgent" && $0["outcome"] != nil }.map { $0["outcome"] }
  }
}
