/// Sentences of the other protocol, for who has tools instead of its methods.
enum ToolWords {
  private static let tools = [
    ("getAgentRun", "get_agent_run"), ("invokeAgent", "invoke_agent"), ("listAgents", "list_agents"),
    ("resumeAgent", "resume_agent"),
  ]

  /// What is done otherwise with tools.
  private static let phrases = [
    ("rpc.discover describes the fields of every method", "the tool's inputSchema describes it"),
    (
      "detail says what was begun: look there before it is sent again, for an agent run with getAgentRun",
      "Where a jobId is given the run may go on: look at it with get_agent_run before anything is sent again"
    ),
    (
      "Send it again if it is still wanted, after a look at `detail` where there is one",
      "Where a jobId is given the run may go on: look at it with get_agent_run before anything is sent again"
    ),
    (", with a larger timeoutMs if the work needs longer; waiting in a queue counts", " later"),
    (", with a larger timeoutMs if that one is slow", ""), (", with a larger timeoutMs if the server is slow", ""),
    (", or raise timeoutMs", ""), (" or raise timeoutMs", ""), ("detail.jobId", "its jobId"),
    ("; detail.run.error has the pod's words", ""), ("detail.run is how", "get_agent_run shows how"),
    (", or give it at initialize", ""), (", or give one at initialize", ""),
    ("change policy.agents in command line", "a person starts this server with other --agents"),
    ("change policy.subjects in command line", "a person starts this server with another --subject"),
  ]

  /// What tools have nothing for: a sentence with one of them helps nobody.
  private static let strange = [
    "timeoutMs", "rpc.discover", "detail.run", "initialize", "callApi", "getToken", "Call it as the user",
  ]

  private static let forAPerson = [
    "saveProfile", "getProfile", "setClientSecret", "getKey", "listKeys", "changePassphrase", "createKey", "diagnose",
  ]

  static func names(in sentence: String) -> String {
    tools.reduce(sentence) { $0.replacing($1.0, with: $1.1) }
  }

  static func hint(_ hint: String) -> String {
    let reworded = names(in: phrases.reduce(hint) { $0.replacing($1.0, with: $1.1) })
    let sentences = reworded.split(separator: ". ").filter { sentence in !strange.contains { sentence.contains($0) } }
    var kept = sentences.joined(separator: ". ")
    if !kept.isEmpty, !kept.hasSuffix("."), !kept.hasSuffix("?") { kept += "." }
    guard forAPerson.contains(where: { kept.contains($0) }) else { return kept }
    return "\(kept) That is for a person, with onbehalf started without --mcp."
  }
}
