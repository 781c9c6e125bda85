import JSON
import JSONRPC

/// Something a model may do. Its definition is constant: nothing that an agent or a pod says ever enters it.
protocol Tool: Sendable {
  var name: String { get }
  var definition: JSONValue { get }
  /// How long its answer may take.
  var timeout: Duration { get }

  /// - Parameter arguments: an object, or nil for none; chosen by the model.
  func call(_ arguments: JSONElement?, _ call: ToolCall) async -> ToolOutcome
}

/// One call, beside its arguments: nothing of this is chosen by the model.
struct ToolCall: Sendable {
  let call: Call
  let client: Client
  let input: ToolInput
}

/// What the host gives with a call that it repeats, when a person has answered.
struct ToolInput: Sendable {
  /// By the names that were given to the questions.
  var answers: JSONElement?
  var state: String?
}

enum ToolOutcome: Sendable {
  case result(ToolResult)
  /// The host is to ask a person, and to call again with the answers and the state.
  case inputRequired(requests: JSONValue, state: String)
  /// The protocol was not kept.
  case error(ResponseError)
}

extension Tool {
  /// The arguments as the tool's type. Others than it knows are refused: a model that makes one up is told.
  func reading<Arguments: Decodable>(_ type: Arguments.Type, _ arguments: JSONElement?) throws(ToolFailure) -> Arguments
  {
    do throws(JSONDecodingError) {
      guard let arguments else { return try JSONReader.decode(type, from: JSONValue.object([])) }
      return try JSONReader.decode(type, from: arguments, unknownMembers: .refused)
    } catch {
      let field = error.path.isEmpty ? "The arguments" : "The argument `\(error.path.prefix(100))`"
      throw ToolFailure(
        kind: "invalid_params",
        "\(field) of \(name) cannot be used: \(error.problem.prefix(200)).",
        hint: "Correct it by the tool's inputSchema."
      )
    }
  }
}
