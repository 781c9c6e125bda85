import JSON
import JSONRPC

/// `tools/call`. A tool that fails has a result that says so; only what is no call of a tool is an error.
enum CallTool: MCPMethod {
  static let name = "tools/call"
  static let revisions = Revision.allCases

  struct Params: Decodable, Sendable {
    let name: String
    let arguments: RawJSON?
    let inputResponses: RawJSON?
    let requestState: String?
  }

  static func prepare(
    _ params: Params,
    _ meta: RequestMeta,
    from client: Client,
    in session: MCPSession
  ) throws(ResponseError) -> PreparedCall {
    guard let tool = session.tools.first(where: { $0.name == params.name }) else {
      throw .unknownTool(params.name, known: session.tools.map(\.name))
    }
    let arguments = params.arguments?.element
    guard arguments?.kind ?? .object == .object else { throw .malformed(name, "arguments must be an object") }
    guard params.inputResponses?.element.kind ?? .object == .object else {
      throw .malformed(name, "inputResponses must be an object")
    }
    // Only revisions without handshake give the person's answers to the request itself.
    let input = client.revision.isStateless ? ToolInput(params) : ToolInput()
    let settings = session.settings
    return PreparedCall(
      method: name,
      lane: .work,
      timeout: tool.timeout,
      progressToken: meta.progressToken,
      unfinished: { error in
        let result = ToolResult.unfinished(error)
        return .result(result.json(for: client, from: settings).serialized())
      },
      run: { call in
        let outcome = await tool.call(arguments, ToolCall(call: call, client: client, input: input))
        return Answer(outcome, for: client, from: settings)
      }
    )
  }
}

extension Answer {
  fileprivate init(_ outcome: ToolOutcome, for client: Client, from settings: MCPSettings) {
    switch outcome {
    case .result(let result): self = .result(result.json(for: client, from: settings).serialized())
    case .inputRequired(let requests, let state):
      let members: [JSONValue.Member] = [
        .init("inputRequests", requests), .init("requestState", .string(state)),
      ]
      let result = MCPResult.object(members, type: "input_required", for: client, from: settings)
      self = .result(result.serialized())
    case .error(let error): self = .error(error)
    }
  }
}

extension ToolInput {
  fileprivate init(_ params: CallTool.Params) {
    answers = params.inputResponses?.element
    state = params.requestState
  }
}
