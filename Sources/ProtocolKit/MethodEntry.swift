package import JSON

/// One file of `protocol/methods`.
package struct MethodEntry: Sendable, Decodable {
  /// The order in which methods are listed.
  package enum Group: String, Sendable, Decodable, CaseIterable {
    case session
    case keys
    case profiles
    case tokens
    case agents
    case api
    case diagnosis
    case audit
  }

  package let name: String
  package let group: Group
  package let summary: String
  package let description: String
  /// Whether the sidecar must have been started with `--admin`.
  package let admin: Bool
  /// Whether it takes `profile` and exactly one of `subject` and `userToken`.
  package let actsForUser: Bool
  /// Default deadline; nil for what is answered at once.
  package let timeoutMs: Int?
  /// As written in the file, without what is common to many methods.
  let params: JSONValue
  package let result: JSONValue
  /// Kinds that can occur besides those of any method.
  package let errors: [String]
  package let transcripts: [Transcript]

  /// What the method takes to do its work.
  var ownParams: ObjectSchema {
    var schema = ObjectSchema(params)
    guard actsForUser else { return schema }
    schema.properties.insert(contentsOf: ObjectSchema.userProperties, at: 0)
    schema.rules.append(ObjectSchema.userRule)
    return schema
  }

  /// Everything that may stand in its params.
  package var completeParams: ObjectSchema {
    var schema = ownParams
    if let timeoutMs { schema.properties += ObjectSchema.workProperties(timeoutMs: timeoutMs) }
    return schema
  }
}

/// One file of `protocol/notifications`.
package struct NotificationEntry: Sendable, Decodable {
  package let name: String
  package let direction: String
  package let summary: String
  package let params: JSONValue
  package let example: JSONValue
}
