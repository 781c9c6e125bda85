import JSON
import JSONRPC

/// The errors of MCP itself. What goes wrong inside a tool is a result of the tool.
extension ResponseError {
  static func malformed(_ method: String, _ problem: String) -> ResponseError {
    ResponseError(
      .invalidParams,
      "The params of \(method) cannot be used: \(problem).",
      hint: "Send what the schema of the revision says."
    )
  }

  /// A request that says neither which revision it is of, nor comes after a handshake.
  static func unannounced(_ method: String) -> ResponseError {
    ResponseError(
      .invalidParams,
      "The request \(method) does not say which revision of MCP it is of.",
      hint: "Send initialize first (\(Revision.november2025.rawValue) and before), or name protocolVersion and "
        + "clientCapabilities in _meta (\(Revision.july2026.rawValue))."
    )
  }

  /// MCP 2026-07-28, basic/versioning.
  static func unsupported(version: String) -> ResponseError {
    let supported = Revision.stateless.map { JSONValue.string($0.rawValue) }
    return ResponseError(
      code: -32022,
      message: "Unsupported protocol version",
      data: ["supported": .array(supported), "requested": .string(String(version.prefix(100)))]
    )
  }

  /// MCP 2026-07-28, basic/index: the client has not said that it can put a form before a person.
  static let withoutForms = ResponseError(
    code: -32021,
    message: "The approval of a person is needed, and this client has no form elicitation: nothing was sent.",
    data: ["requiredCapabilities": ["elicitation": ["form": [:]]]]
  )

  /// State that is old, was used before, belongs to another run, or was made by somebody else.
  static let foreignState = ResponseError(
    .invalidParams,
    "requestState is not valid any more, or never was: nothing was sent.",
    hint: "Call the tool again without requestState; the person is asked again."
  )

  static func unknownTool(_ name: String, known: [String]) -> ResponseError {
    ResponseError(
      .invalidParams,
      "Unknown tool: \(String(name.prefix(100)))",
      hint: "The tools are \(known.joined(separator: ", "))."
    )
  }
}
