import JSON

/// The params of one request: the method's own, and those that every request may carry.
struct RequestParams<Params: Decodable & Sendable>: Decodable, Sendable {
  let params: Params
  let timeout: Duration?
  /// The client's `workDoneToken`, as written.
  let progressToken: [UInt8]?

  private enum CodingKeys: CodingKey {
    case timeoutMs
    case workDoneToken
  }

  /// Throws what names the field.
  init(from decoder: any Decoder) throws {
    params = try Params(from: decoder)
    // The same object is read twice, so that each reader's names are known to it.
    let container = try decoder.container(keyedBy: CodingKeys.self)
    timeout = try container.decodeIfPresent(Int.self, forKey: .timeoutMs).map(Self.timeout)
    progressToken = try container.decodeIfPresent(RawJSON.self, forKey: .workDoneToken).map(Self.token)
  }

  private static func timeout(milliseconds: Int) throws(JSONDecodingError) -> Duration {
    // A day: beyond it a client means no deadline, which there is not.
    guard (1...86_400_000).contains(milliseconds) else {
      throw JSONDecodingError(.outOfRange, path: "timeoutMs", problem: "expected 1 to 86,400,000 milliseconds")
    }
    return .milliseconds(milliseconds)
  }

  private static func token(_ raw: RawJSON) throws(JSONDecodingError) -> [UInt8] {
    switch raw.element.kind {
    case .string, .number: return raw.bytes
    case .null, .bool, .array, .object:
      throw JSONDecodingError(.mistyped, path: "workDoneToken", problem: "expected a string or a number")
    }
  }
}
