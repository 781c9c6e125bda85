package import JSON

/// What the pod answered, for the caller: without what belongs to the connection, and without cookies.
package struct APIAnswer: Sendable, Encodable {
  package let status: Int
  /// `{lower-case name: [value]}`, in the order in which they came.
  package let headers: JSONValue
  /// JSON as it came, every digit, without the white space between its parts.
  package let body: RawJSON?
  package let bodyText: String?
  package let bodyBase64: String?

  /// A cookie would be the user's session with the pod. The others belong to one connection (RFC 9110 section 7.6.1).
  private static let left: Set<String> = [
    "set-cookie", "set-cookie2", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
    "upgrade",
  ]
  /// A message that carries it nests a little deeper, and shall not be deeper than one that we would take.
  private static let limits = JSONLimits(maximumDepth: JSONLimits.standard.maximumDepth - 8)

  /// The same of its length: what has to be escaped grows sixfold, and the headers need room, too.
  private static let maximumTextBytes = 15 << 20

  init(_ response: HTTPResponse) {
    status = response.status
    headers = Self.headers(response.headers)
    let type = MediaType(response.header("content-type"))
    let json = type.isJSON ? try? RawJSON(compacting: response.body, limits: Self.limits) : nil
    let isText = json == nil && type.isText && Self.escapedLength(response.body) <= Self.maximumTextBytes
    let text = isText ? String(validating: response.body, as: UTF8.self) : nil
    body = json
    bodyText = response.body.isEmpty ? nil : text
    let isElse = json == nil && text == nil && !response.body.isEmpty
    bodyBase64 = isElse ? Base64.encode(response.body, as: .standard) : nil
  }

  /// In a string of JSON.
  private static func escapedLength(_ text: [UInt8]) -> Int {
    text.reduce(into: 0) { length, byte in
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): length += 2
      case 0..<0x20: length += 6
      default: length += 1
      }
    }
  }

  private static func headers(_ lines: [(name: String, value: String)]) -> JSONValue {
    var order: [String] = []
    var values: [String: [JSONValue]] = [:]
    for line in lines where !left.contains(line.name) {
      if values[line.name] == nil { order.append(line.name) }
      values[line.name, default: []].append(.string(line.value))
    }
    return .object(order.map { JSONValue.Member($0, .array(values[$0] ?? [])) })
  }
}
