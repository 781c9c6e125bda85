import Testing

@testable import MCPServer

/// A hint names only what a model, or the person beside it, can do.
@Suite struct ToolWordsTests {
  @Test(arguments: [
    ("Wait, then try again.", "Wait, then try again."),
    (
      "Correct the field; rpc.discover describes the fields of every method.",
      "Correct the field; the tool's inputSchema describes it."
    ),
    (
      "Look. The run has begun: follow it with getAgentRun and detail.jobId, or there will be two.",
      "Look. The run has begun: follow it with get_agent_run and its jobId, or there will be two."
    ),
    (
      "detail says what was begun: look there before it is sent again, for an agent run with getAgentRun. The work may "
        + "need a larger timeoutMs.",
      "Where a jobId is given the run may go on: look at it with get_agent_run before anything is sent again."
    ),
    ("Raise timeoutMs. Is the clock right?", "Is the clock right?"),
    (
      "There are no profiles; save one with saveProfile, or give it at initialize.",
      "There are no profiles; save one with saveProfile. That is for a person, with onbehalf started without --mcp."
    ),
    (
      "If it should be allowed, change policy.agents in command line. Nothing was signed or sent.",
      "If it should be allowed, a person starts this server with other --agents. Nothing was signed or sent."
    ),
    ("Call getToken, invokeAgent or callApi first.", ""),
    ("", ""),
  ]) func aHintIsReworded(hint: String, told: String) {
    #expect(ToolWords.hint(hint) == told)
  }
}
