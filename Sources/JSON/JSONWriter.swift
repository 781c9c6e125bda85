/// Writes `Encodable` types as JSON: compact, members in the order in which they are encoded.
///
/// The text is written as the values come, without a tree in between. So a value must be finished before the next one
/// begins, as synthesized code does; a container written to after that is an error. What encodes nothing is `{}`. A
/// Swift `Dictionary` has no order: where the bytes matter encode a struct or a `JSONValue`.
package enum JSONWriter {
  package static func encode(_ value: some Encodable) throws(JSONEncodingError) -> [UInt8] {
    let output = JSONOutput()
    do {
      try output.encode(value)
      return try output.finish()
    } catch let error as JSONEncodingError {
      throw error
    } catch EncodingError.invalidValue(_, let context) {
      throw JSONEncodingError(path: JSONPath.text(context.codingPath), problem: context.debugDescription)
    } catch {
      throw JSONEncodingError(path: JSONPath.text(output.codingPath), problem: "\(error)")
    }
  }

  /// The place an encoder of ours stands at.
  static func slot(of encoder: any Encoder) throws -> SlotEncoder {
    guard let encoder = encoder as? SlotEncoder else {
      throw EncodingError.invalidValue(
        encoder,
        EncodingError.Context(codingPath: encoder.codingPath, debugDescription: "only JSONWriter can write this type")
      )
    }
    return encoder
  }
}

/// Why a value cannot be written as JSON.
package struct JSONEncodingError: Error, Hashable, CustomStringConvertible {
  /// Where, as `profile.policy.subjects[0]`; empty for the value as a whole.
  package let path: String
  package let problem: String

  package var description: String { path.isEmpty ? problem : "\(path): \(problem)" }
}
