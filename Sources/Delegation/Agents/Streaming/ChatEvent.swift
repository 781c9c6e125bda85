package import JSON

/// What one event of the `chat` endpoint says, as Oracle's own client reads it. Members that are not known are passed over.
package struct ChatEvent: Sendable, Equatable {
  package var jobId: String?
  package var conversationId: String?
  /// What the agent says next.
  package var delta: String?
  /// All that it said: text, or JSON with its digits.
  package var output: JSONValue?
  /// Why it says no more. `paused` waits for a person, `error` is a failure, any other word is the end.
  package var finishReason: String?
  /// Where a paused run waits.
  package var pausedNode: String?
  /// Assumed: what went wrong, beside the finish reason `error`.
  package var error: JSONValue?
  package var node: Node?
  /// The word `[DONE]`: nothing comes any more.
  package var isLast = false

  /// A node of the workflow that began or ended. What went into it and came out is not read: it may be large, and is
  /// meant for those who build the agent.
  package struct Node: Sendable, Equatable {
    package let code: String
    /// Such as `NODE_START`.
    package let type: String?
  }

  /// - Throws: what is wrong with the event, in a few words.
  package init(parsing data: [UInt8]) throws(NetworkFailure.Malformed) {
    let text = data.trimmingWhiteSpace
    if text.elementsEqual("[DONE]".utf8) { isLast = true }
    if isLast || text.isEmpty { return }
    guard let event = try? JSONDocument(parsing: data).root, event.kind == .object else {
      throw NetworkFailure.Malformed(found: "an event that is not a JSON object")
    }
    let message = event["message"]
    func member(_ name: String) -> JSONElement? { message?.given(name) ?? event.given(name) }
    jobId = try AgentStatus.identifier(event.given("jobId").map(JSONValue.init), "jobId")
    conversationId = try AgentStatus.identifier(event.given("conversationId").map(JSONValue.init), "conversationId")
    delta = try Self.text(message?.given("content"))
    output = message?.given("output").map(JSONValue.init)
    finishReason = try Self.word(member("finishReason"))
    pausedNode = member("pausedNode").flatMap(Self.nodeName)
    error = member("error").map(JSONValue.init)
    let progress = event.given("nodeProgressMessage")
    node = progress?.given("nodeCode").flatMap(Self.nodeName).map { code in
      Node(code: code, type: progress?.given("type").flatMap(Self.nodeName))
    }
  }

  /// A text, or the texts of an array's elements; other elements say nothing.
  private static func text(_ content: JSONElement?) throws(NetworkFailure.Malformed) -> String? {
    guard let content else { return nil }
    if let text = content.string { return text }
    guard let parts = content.elements else { throw NetworkFailure.Malformed(found: "a content that is not text") }
    var whole = ""
    for part in parts {
      guard let element = part.given("text") else { continue }
      guard let text = element.string else { throw NetworkFailure.Malformed(found: "a content whose text is none") }
      whole += text
    }
    return whole
  }

  /// Nil when there is none, or an empty one.
  private static func word(_ reason: JSONElement?) throws(NetworkFailure.Malformed) -> String? {
    guard let reason else { return nil }
    guard let word = reason.string else { throw NetworkFailure.Malformed(found: "a finishReason that is no word") }
    return word.isEmpty ? nil : word
  }

  /// A short word. Assumed: an object names a node by its `nodeCode`.
  private static func nodeName(_ element: JSONElement) -> String? {
    guard let text = element.string ?? element["nodeCode"]?.string, (1...200).contains(text.utf8.count) else {
      return nil
    }
    return text
  }
}

extension JSONElement {
  /// The member of that name, unless it is null.
  fileprivate func given(_ name: String) -> JSONElement? { self[name].flatMap { $0.isNull ? nil : $0 } }
}

extension [UInt8] {
  var trimmingWhiteSpace: ArraySlice<UInt8> {
    func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || (9...13).contains(byte) }
    let start = firstIndex { !isSpace($0) } ?? endIndex
    let end = lastIndex { !isSpace($0) } ?? startIndex
    return start < endIndex ? self[start...end] : []
  }
}
