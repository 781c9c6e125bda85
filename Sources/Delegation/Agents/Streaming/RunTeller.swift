import JSON

/// Tells a caller what an agent says, while it says it.
struct RunTeller {
  let agent: String
  var jobId: String?
  var conversationId: String?
  private var said: ToldText

  init(agent: String, conversationId: String?, masking credentials: SentCredentials) {
    self.agent = agent
    self.conversationId = conversationId
    said = ToldText(masking: credentials)
  }

  /// All that was told.
  var text: String { said.text }

  mutating func tell(_ delta: String, to caller: any Caller) async throws(EventTooLarge) {
    // Not among the arguments: the receiver is read before them, so that all of the text would be copied.
    let pieces = try said.take(delta)
    await tell(pieces, to: caller)
  }

  /// What was held back, when nothing comes any more.
  mutating func finish(for caller: any Caller) async {
    let pieces = said.finish()
    await tell(pieces, to: caller)
  }

  /// What of the output has not been told, so that all deltas together are the output; it counts where they differ.
  mutating func tellRest(of output: JSONValue?, to caller: any Caller) async {
    guard let output else { return }
    if case .string(let whole) = output, let pieces = said.rest(of: whole) {
      await tell(pieces, to: caller)
    } else if !text.isEmpty {
      caller.report("The output is not what was streamed; the output counts.", detail: detail())
    }
  }

  /// What goes into a node and comes out of it stays untold.
  func tell(_ node: ChatEvent.Node, to caller: any Caller) {
    let type = node.type.map { [JSONValue.Member("type", .string($0))] } ?? []
    let facts: JSONValue = .object([.init("code", .string(node.code))] + type)
    caller.report("The agent is at \(node.code).", detail: detail([.init("node", facts)]))
  }

  private func tell(_ pieces: [ToldText.Piece], to caller: any Caller) async {
    for piece in pieces {
      let facts: [JSONValue.Member] = [
        .init("delta", .string(piece.delta)), .init("offset", .number(JSONNumber(piece.offset))),
      ]
      await caller.stream("The agent goes on.", detail: detail(facts))
    }
  }

  private func detail(_ facts: [JSONValue.Member] = []) -> JSONValue {
    let place = JSONValue.whereabouts(
      state: AgentRun.State.running.rawValue,
      agent: agent,
      jobId: jobId,
      conversationId: conversationId
    )
    return if case .object(let members) = place { .object(members + facts) } else { place }
  }
}
