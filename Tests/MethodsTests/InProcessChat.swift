import Delegation
import JSON
import ProtocolKit
import TestSupport

/// What the `chat` endpoint of Tests/sandbox streams, too: a node that begins, the words of the answer, and how it ends.
enum InProcessChat {
  struct Run {
    /// `jobId` and `conversationId`, which each event has.
    let ids: JSONValue
    let end: String
    let answer: String

    var events: [String] {
      let words = answer.split(separator: " ").enumerated().map { "\($0 == 0 ? "" : " ")\($1)" }
      let deltas = end == "COMPLETE" ? words.map { event("message", ["content": .string($0)]) } : []
      return [event("nodeProgressMessage", ["nodeCode": "ANSWER", "type": "NODE_START", "nodeInput": "private"])]
        + deltas + [last, "[DONE]"]
    }

    private var last: String {
      switch end {
      case "COMPLETE": event("message", ["output": .string(answer), "finishReason": "stop"])
      case "WAITING": event("message", ["pausedNode": "ANSWER", "finishReason": "paused"])
      default: event("message", ["finishReason": "error"], .init("error", "The agent could not finish."))
      }
    }

    private func event(_ name: String, _ value: JSONValue, _ more: JSONValue.Member...) -> String {
      let event: JSONValue = .object((ids.members ?? []).filter { $0.name != "status" } + [.init(name, value)] + more)
      return String(decoding: event.serialized(), as: UTF8.self)
    }
  }

  static func answer(_ events: [String]) -> HTTPResponse {
    HTTPResponse(
      status: 200,
      headers: [(name: "content-type", value: "text/event-stream")],
      body: events.flatMap { Array("data: \($0)\n\n".utf8) },
      date: InProcessSidecar.wallClock.now()
    )
  }
}
