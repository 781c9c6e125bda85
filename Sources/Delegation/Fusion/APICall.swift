package import JSON

/// One request to a REST resource of the pod, as a caller wants it. Its form has been checked; policy has not been asked.
package struct APICall: Sendable {
  /// What a caller gives as the body, in the one form that they chose.
  package enum Content: Sendable {
    /// Any JSON, its digits as they were written.
    case json(RawJSON)
    case text(String)
    case bytes([UInt8])
  }

  let method: RequestMethod
  /// Path and query as they are to be sent. `RequestPath` says whether they may be.
  let target: String
  /// Without `Authorization`.
  let headers: [(name: String, value: String)]
  let body: [UInt8]?
  /// Nil: what the profile says for the path.
  let scope: String?

  /// JSON first, because the pod's errors are then JSON too; else whatever the resource is.
  private static let accepted = "application/json, */*;q=0.8"
  /// Requests inside of one request (Oracle's REST guides, "Make Batch Requests").
  private static let batchType = "application/vnd.oracle.adf.batch+json"

  /// - Parameters:
  ///   - query: an object of strings, numbers, booleans and arrays of them; added to a path that has no query.
  ///   - headers: an object of strings and arrays of them.
  package init(
    method: RequestMethod,
    path: String,
    query: RawJSON? = nil,
    headers: RawJSON? = nil,
    content: Content? = nil,
    scope: String? = nil
  ) throws(ParamsFailure) {
    guard content == nil || !method.onlyReads else {
      throw ParamsFailure(content?.field ?? "body", "does not go with \(method.rawValue), which has no body")
    }
    self.method = method
    self.scope = scope
    target = try Self.target(path, query)
    var lines = try APIHeaders.lines(headers)
    func add(_ name: String, _ value: String) {
      guard !lines.contains(where: { $0.name.lowercased() == name.lowercased() }) else { return }
      lines.append((name: name, value: value))
    }
    add("Accept", Self.accepted)
    if let content { add("Content-Type", content.mediaType) }
    self.headers = lines
    body = content?.bytes
  }

  private static func target(_ path: String, _ query: RawJSON?) throws(ParamsFailure) -> String {
    guard let query else { return path }
    guard !path.utf8.contains(UInt8(ascii: "?")) else {
      throw ParamsFailure("query", "must not stand beside a path that has a query; put all of it into one of them")
    }
    let text = try APIQuery.text(query)
    let target = text.isEmpty ? path : "\(path)?\(text)"
    guard target.utf8.count <= RequestPath.maximumLength else { throw APIQuery.tooLong }
    return target
  }

  var isBatch: Bool {
    headers.contains { $0.name.lowercased() == "content-type" && MediaType($0.value).name == Self.batchType }
  }
}

extension APICall.Content {
  /// The param that it came in.
  fileprivate var field: String {
    switch self {
    case .json: "body"
    case .text: "bodyText"
    case .bytes: "bodyBase64"
    }
  }

  /// What it is called unless the caller says.
  fileprivate var mediaType: String {
    switch self {
    case .json: "application/json"
    case .text: "text/plain; charset=utf-8"
    case .bytes: "application/octet-stream"
    }
  }

  fileprivate var bytes: [UInt8] {
    switch self {
    case .json(let json): json.bytes
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    }
  }
}
