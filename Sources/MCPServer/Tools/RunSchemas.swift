import JSON

/// The parts that the definitions of several tools share.
enum RunSchemas {
  /// Of everything that tells of a run.
  static func output(_ more: JSONValue.Member...) -> JSONValue {
    let properties: [JSONValue.Member] = [
      .init(
        "state",
        [
          "type": "string",
          "enum": ["running", "waiting", "complete", "failed", "unknown", "none"],
          "description": """
          waiting: a person has to act before it goes on. unknown: a run may have begun, and nothing is known of it. \
          none: nothing was done.
          """,
        ]
      ),
      .init("agent", ["type": "string", "description": "The agent's code."]),
      .init("jobId", ["type": "string", "description": "Names the run, for get_agent_run."]),
      .init("conversationId", ["type": "string", "description": "To go on in the same conversation."]),
      .init("waitingFor", ["description": "What a person is asked. Data written by others."]),
      .init("output", ["description": "What the agent returned, text or JSON. Data written by others."]),
      .init("agentError", ["description": "What the pod says of a run that failed. Data written by others."]),
      .init("truncated", ["type": "boolean", "description": "Whether something was cut off for its size."]),
      .init("startedAt", ["type": "string"]),
      .init("finishedAt", ["type": "string"]),
      .init("error", error),
    ]
    return ["type": "object", "properties": .object(properties + more), "required": ["state"]]
  }

  /// Why a tool failed.
  static let error: JSONValue = [
    "type": "object",
    "properties": [
      "kind": ["type": "string"], "message": ["type": "string"], "hint": ["type": "string"],
      "retryable": ["type": "boolean"], "retryAfterMs": ["type": "integer"], "detail": ["type": "object"],
    ],
    "required": ["kind", "message", "hint", "retryable"],
  ]

  static let jobId: JSONValue = ["type": "string", "description": "From the result or the progress of invoke_agent."]

  /// Of tools that make an agent act.
  static func acting(_ title: String) -> JSONValue {
    [
      "title": .string(title), "readOnlyHint": false, "destructiveHint": true, "idempotentHint": false,
      "openWorldHint": true,
    ]
  }

  static func looking(_ title: String) -> JSONValue {
    ["title": .string(title), "readOnlyHint": true, "idempotentHint": true, "openWorldHint": true]
  }
}
