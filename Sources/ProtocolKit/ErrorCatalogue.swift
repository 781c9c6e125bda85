/// `protocol/errors.json`.
package struct ErrorCatalogue: Sendable, Decodable {
  package let families: [Family]
  package let kinds: [Kind]

  package struct Family: Sendable, Decodable {
    package let family: String
    package let meaning: String
  }

  package struct Kind: Sendable, Decodable {
    package let kind: String
    package let family: String
    package let code: Int
    package let retryable: Retryable
    /// Whether every method may answer it. Else the methods list it.
    package let anyMethod: Bool?
    package let meaning: String
    package let hint: String
  }

  package enum Retryable: Sendable, Decodable {
    case always
    case never
    case sometimes

    package init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let bool = try? container.decode(Bool.self) {
        self = bool ? .always : .never
      } else if try container.decode(String.self) == "sometimes" {
        self = .sometimes
      } else {
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "retryable is true, false or \"sometimes\""
        )
      }
    }
  }

  package subscript(_ kind: String) -> Kind? { kinds.first { $0.kind == kind } }
}
