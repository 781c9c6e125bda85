import JSON

/// How a request came out.
package enum Answer: Sendable, Equatable {
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

  /// The response, under that id. When none could be read it stands under null, or under none.
  func response(to id: RequestID?, orNull writesNullID: Bool = true) -> [UInt8] {
    var bytes = Array(#"{"jsonrpc":"2.0""#.utf8)
    if let id = id?.bytes ?? (writesNullID ? Array("null".utf8) : nil) {
      bytes += #","id":"#.utf8
      bytes += id
    }
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
