import Delegation
import JSON
import JSONRPC

extension ResponseError {
  static func fusion(_ failure: FusionFailure) -> ResponseError {
    switch failure {
    case .refused(let refusal): refused(refusal)
    case .agentFailed(let run):
      ResponseError(
        .agentFailed,
        "The run \(run.jobId) of the agent \(run.agent) ended in an error.",
        hint: "detail.run.error has the pod's words. Look at the agent in AI Agent Studio.",
        detail: [.init("run", run.json)]
      )
    case .notWaiting(let run): notWaiting(run)
    }
  }

  private static func refused(_ refusal: FusionFailure.Refusal) -> ResponseError {
    let (kind, message, hint) = words(refusal)
    return ResponseError(
      kind,
      message,
      retryable: refusal.passes,
      retryAfterMs: refusal.retryAfterMs,
      hint: hint,
      detail: [
        .number("status", refusal.status),
        .optional("code", refusal.code),
        .optional("ecid", refusal.ecid),
      ].compactMap(\.self)
    )
  }

  private static func words(_ refusal: FusionFailure.Refusal) -> (ErrorKind, String, hint: String) {
    switch refusal.kind {
    case .unauthorized:
      (
        .fusionUnauthorized, "The pod refused a fresh token (401).",
        "Do scope and fusionUrl name the same pod, and is the scope that of fusion-ai?"
      )
    case .resourceUnauthorized:
      (
        .fusionUnauthorized, "The pod refused a fresh token (401): \(refusal.what).",
        "Each API takes tokens of its own scope: name the one for this path in the profile's apiScopes, or in scope."
      )
    case .agentForbidden:
      (
        .fusionForbidden, "The user may not run this: \(refusal.what) (FAI-40300).",
        "Publish the agent team, and give the user a role that is assigned to it."
      )
    case .forbidden:
      (
        .fusionForbidden, "The pod forbids it (403): \(refusal.what).",
        "Give the user the role it needs. A 403 in HTML comes from the firewall: script-like text in the message."
      )
    case .notFound:
      (
        .fusionNotFound, "The pod does not know \(refusal.what).",
        "Compare the agent code and fusionUrl with the pod; a job is known only to the user who started it."
      )
    case .noCard:
      (
        .fusionNotFound, "The pod has no card of the agent \(refusal.what) (404).",
        "Compare the code with AI Agent Studio. \(beforeCards)"
      )
    case .noRegistry:
      (
        .fusionNotFound, "The pod has no registry of agents (404).",
        "\(beforeCards) Without them name agents by their codes, as AI Agent Studio shows them."
      )
    case .searchRefused:
      (
        .fusionError, "The pod refused the search for agents (400).",
        "Search for another text, or for none: that lists all. Give detail.ecid to Oracle's support."
      )
    case .notWaiting:
      (
        .runNotWaiting, "The pod takes no answer for \(refusal.what) (409).",
        "Somebody has answered, or its time is over: getAgentRun tells how it is."
      )
    case .other:
      (
        .fusionError, "The pod failed with status \(refusal.status): \(refusal.what).",
        hint(refusal)
      )
    }
  }

  private static let beforeCards = "Cards and their registry came with release 26B: an older pod has none."

  private static func hint(_ refusal: FusionFailure.Refusal) -> String {
    if refusal.status == 429 { return "Wait retryAfterMs where it is given, then try again, with fewer calls at once." }
    return refusal.passes
      ? "Try again later; if it stays, give detail.ecid to Oracle's support."
      : "Compare version, conversationId and parameters with the agent; give detail.ecid to Oracle's support."
  }
}
