import Delegation
package import JSONRPC

package enum ListKeys: Method {
  package static let name = "listKeys"

  package struct Params: Decodable, Sendable {
    let prompt: Bool?
  }

  package struct Result: Encodable, Sendable {
    let keys: [KeyView]
    /// Absent when every key can be read.
    let unreadable: [Unreadable]?
  }

  struct Unreadable: Encodable, Sendable {
    let alias: String
    let kind: String
    let message: String
    let hint: String

    init(_ key: UnreadableKey) {
      let error = ResponseError(key.failure)
      alias = key.alias
      kind = error.kind
      (message, hint) = error.explanation
    }
  }

  package static func order(_ params: Params) -> Order { .usingAllKeys }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    try await services.answering(name, AuditFacts(), prompt: params.prompt, for: call) { () throws(Failure) in
      let list = try await services.domain.keys.list(deadline: call.deadline) { KeyView($0, in: services) }
      return Result(
        keys: list.keys,
        unreadable: list.unreadable.isEmpty ? nil : list.unreadable.map(Unreadable.init)
      )
    }
  }
}
