import JSON
package import JSONRPC

extension Dialect {
  /// MCP over stdio: no batches (since 2025-06-18), no methods of LSP, and silence about what was cancelled.
  package static let mcp = Dialect(
    hasLifecycle: false,
    takesBatches: false,
    takesAnyNumberAsID: false,
    writesNullID: false,
    cancellation: Cancellation(method: "notifications/cancelled", member: "requestId"),
    answersCancelled: false,
    progress: MCPProgress.self,
    hintForMethods: "Only the methods of MCP for servers with tools are there; what can be done is in tools/list."
  )
}

/// `notifications/progress`: a number that grows, and a sentence.
enum MCPProgress: ProgressNotation {
  static func begin(token: [UInt8], title: String) -> [UInt8]? { nil }

  static func report(token: [UInt8], _ message: String, detail: JSONValue?, number: Int) -> [UInt8] {
    var bytes = Array(#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"#.utf8)
    bytes += token
    bytes += #","progress":\#(number),"message":"#.utf8
    bytes += JSONValue.string(message).serialized()
    bytes += "}}".utf8
    return bytes
  }

  static func end(token: [UInt8], _ message: String?) -> [UInt8]? { nil }
}
