import JSON

struct Request: Sendable {
  let id: RequestID
  let method: String
  /// An object, or an array that is not empty; nil when nothing was given (absent, null or `[]`).
  let params: JSONElement?
}

struct Notification: Sendable {
  let method: String
  let params: JSONElement?
}

/// The client's answer to a request of ours, should there have been one of that id.
struct Response: Sendable {
  let id: RequestID?
  let result: JSONElement?
  /// Of what was refused.
  let error: JSONElement?
}

/// One JSON-RPC message, classified by the members it has (JSON-RPC 2.0, sections 4 and 5).
enum Message: Sendable {
  case request(Request)
  case notification(Notification)
  case response(Response)
  /// To be answered with this error, under the id where one could be read.
  case invalid(RequestID?, ResponseError)

  init(_ element: JSONElement) {
    guard let members = element.members else {
      self = .invalid(nil, .invalidRequest("A message must be an object."))
      return
    }
    var envelope = Envelope()
    for member in members { envelope.take(member) }
    do throws(ResponseError) {
      self = try envelope.message()
    } catch {
      self = .invalid(envelope.isAnswer ? nil : envelope.usableID, error)
    }
  }
}

/// The members of a message before they are judged. Others than these are ignored.
private struct Envelope {
  private var version: JSONElement?
  private var id: JSONElement?
  private var method: JSONElement?
  private var params: JSONElement?
  private var result: JSONElement?
  private var error: JSONElement?
  private var repeated: String?

  /// Nil when an id is absent, of the wrong kind or ambiguous.
  var usableID: RequestID? { repeated == "id" ? nil : id.flatMap(RequestID.init) }

  /// Whether it is an answer, if anything. Its id is one of ours: an error under it would look like the answer to a
  /// request of the client's.
  var isAnswer: Bool { method == nil && (result != nil || error != nil) }

  mutating func take(_ member: JSONElement.Member) {
    switch member.name {
    case "jsonrpc": set(\.version, member)
    case "id": set(\.id, member)
    case "method": set(\.method, member)
    case "params": set(\.params, member)
    case "result": set(\.result, member)
    case "error": set(\.error, member)
    default: break
    }
  }

  func message() throws(ResponseError) -> Message {
    if let repeated { throw .invalidRequest("The member `\(repeated)` occurs more than once.") }
    guard version?.string == "2.0" else { throw .invalidRequest("The member `jsonrpc` must be the string \"2.0\".") }
    guard let method else {
      if isAnswer { return .response(Response(id: usableID, result: result, error: error)) }
      throw .invalidRequest("The member `method` is missing.")
    }
    guard let name = method.string else { throw .invalidRequest("The member `method` must be a string.") }
    let params = try usableParams()
    guard let id else { return .notification(Notification(method: name, params: params)) }
    guard let id = RequestID(id) else { throw .invalidRequest("The member `id` must be a string or a number.") }
    return .request(Request(id: id, method: name, params: params))
  }

  private func usableParams() throws(ResponseError) -> JSONElement? {
    guard let params else { return nil }
    switch params.kind {
    case .null: return nil
    case .array: return params.elements?.count == 0 ? nil : params
    case .object: return params
    case .bool, .number, .string: throw .invalidRequest("The member `params` must be an object.")
    }
  }

  private mutating func set(_ place: WritableKeyPath<Envelope, JSONElement?>, _ member: JSONElement.Member) {
    if self[keyPath: place] != nil { repeated = repeated ?? member.name }
    self[keyPath: place] = member.value
  }
}
