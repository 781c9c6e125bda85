import JSON

/// A query given as an object, in the text of a URL: `{"limit": 5, "q": "a;b=c"}` is `limit=5&q=a%3Bb%3Dc`.
///
/// Every byte but RFC 3986's unreserved ones is escaped, so that no value ends another. Numbers keep their digits, the
/// members their order, and an array is its name repeated.
enum APIQuery {
  static let tooLong = ParamsFailure("query", "makes path and query longer than \(RequestPath.maximumLength) bytes")

  static func text(_ query: RawJSON) throws(ParamsFailure) -> String {
    guard let members = query.element.members else { throw ParamsFailure("query", "must be an object") }
    var text: [UInt8] = []
    var names: Set<String> = []
    for member in members {
      guard !member.name.isEmpty else { throw ParamsFailure("query", "has a member without a name") }
      guard names.insert(member.name).inserted else { throw ParamsFailure("query", "names a member twice") }
      for value in member.value.elements.map(Array.init) ?? [member.value] {
        guard let value = plainText(value) else {
          throw ParamsFailure(
            "query",
            "must hold strings, numbers, booleans and arrays of them; leave out what has no value"
          )
        }
        if !text.isEmpty { text.append(UInt8(ascii: "&")) }
        FormEncoding.percentEncode(member.name, into: &text)
        text.append(UInt8(ascii: "="))
        FormEncoding.percentEncode(value, into: &text)
        guard text.count <= RequestPath.maximumLength else { throw tooLong }
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func plainText(_ value: JSONElement) -> String? {
    value.string ?? value.number?.text ?? value.bool.map { $0 ? "true" : "false" }
  }
}
