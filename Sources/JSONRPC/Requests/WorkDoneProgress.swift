import JSON

/// `$/progress` with a value of kind `begin`, `report` or `end` (LSP 3.17).
enum WorkDoneProgress: ProgressNotation {
  static func begin(token: [UInt8], title: String) -> [UInt8]? {
    message(token, ["kind": "begin", "title": .string(title), "cancellable": true])
  }

  static func report(token: [UInt8], _ message: String, detail: JSONValue?, number: Int) -> [UInt8] {
    var members: [JSONValue.Member] = [.init("kind", "report"), .init("message", .string(message))]
    if case .object(let facts) = detail { members += facts.filter { $0.name != "kind" && $0.name != "message" } }
    return self.message(token, .object(members))
  }

  static func end(token: [UInt8], _ message: String?) -> [UInt8]? {
    let reason = message.map { [JSONValue.Member("message", .string($0))] } ?? []
    return self.message(token, .object([.init("kind", "end")] + reason))
  }

  private static func message(_ token: [UInt8], _ value: JSONValue) -> [UInt8] {
    var bytes = Array(#"{"jsonrpc":"2.0","method":"$/progress","params":{"token":"#.utf8)
    bytes += token
    bytes += #","value":"#.utf8
    bytes += value.serialized()
    bytes += "}}".utf8
    return bytes
  }
}
