import Delegation
import JSON
import JSONRPC

extension ResponseError {
  /// The error of one step of a run, and what finds the run again with `getAgentRun`. What began it is not to be
  /// repeated.
  func telling(of run: AgentRun) -> ResponseError {
    telling(
      run.detached,
      hint: "\(explanation.hint) The run has begun: follow it with getAgentRun and detail.jobId, or there will be two."
    )
  }

  /// The error of a request whose outcome is unknown, and how it can be learnt.
  func leavingOpen(_ run: UnknownRun, _ failure: Failure) -> ResponseError {
    let look =
      run.jobId == nil
      ? "It is not known whether the run has begun: look in AI Agent Studio before it is sent again, or there may be "
        + "two."
      : "It is not known whether the run goes on: getAgentRun with detail.jobId shows whether it still waits."
    // Of an answer that is not the pod's, what stands in the way is known as well.
    if case .network(let failure) = failure, case .malformed = failure.problem {
      return telling(run.whereabouts, hint: "\(explanation.hint) \(look)")
    }
    return telling(run.whereabouts, hint: look)
  }

  /// The run that waits no more, as it is now.
  static func notWaiting(_ run: AgentRun) -> ResponseError {
    let hint =
      switch run.state {
      case .failed:
        "It has failed, as one does that waited for a person too long; detail.run.error has the pod's words."
      case .complete: "It has ended: detail.run is how. A new message goes to invokeAgent, with its conversationId."
      case .running, .waiting: "It has been answered, or has not asked yet: follow it with getAgentRun and wait true."
      }
    return ResponseError(
      .runNotWaiting,
      "The run \(run.jobId) of the agent \(run.agent) waits for nobody: it is \(run.state.rawValue).",
      hint: "\(hint) Nothing was sent.",
      detail: [.init("run", run.json)]
    )
  }

  private func telling(_ whereabouts: JSONValue, hint: String) -> ResponseError {
    guard case .object(var members) = data, case .object(var detail) = whereabouts else { return self }
    if case .object(let facts) = data?["detail"] { detail += facts }
    members.removeAll { ["retryable", "retryAfterMs", "hint", "detail"].contains($0.name) }
    members += [
      .init("retryable", false), .text("hint", hint), .init("detail", .object(detail)),
    ]
    return ResponseError(code: code, message: message, data: .object(members))
  }
}

extension AgentRun {
  var json: JSONValue {
    guard let bytes = try? JSONWriter.encode(self), let value = try? JSONValue(parsing: bytes) else {
      return ["agent": .string(agent), "jobId": .string(jobId)]
    }
    return value
  }
}
