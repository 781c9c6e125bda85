import JSON

/// How a request came out.
enum Answer: Sendable, Equatable {
  /// The result as JSON.
  case result([UInt8])
  case error(ResponseError)

  static let null = Answer.result(Array("null".utf8))

  var error: ResponseError? {
    switch self {
    case .result: nil
    case .error(let error): error
    }
  }

  /// The response, under that id or under null when none could be read.
  func response(to id: RequestID?) -> [UInt8] {
    var bytes = Array(#"{"jsonrpc":"2.0","id":"#.utf8)
    bytes += id?.bytes ?? Array("null".utf8)
    switch self {
    case .result(let result):
      bytes += #","result":"#.utf8
      bytes += result
    case .error(let error):
      bytes += #","error":"#.utf8
      bytes += error.json.serialized()
    }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }
}
