/// A JSON text that has been checked as a whole and indexed; strings and numbers are decoded when they are asked for.
///
/// Member names may repeat here; `JSONReader` refuses that.
package struct JSONDocument: Sendable {
  private let tape: JSONTape

  package init(parsing bytes: [UInt8], limits: JSONLimits = .standard) throws(JSONError) {
    tape = JSONTape(bytes: bytes, nodes: try JSONScanner.scan(bytes, limits: limits))
  }

  package var root: JSONElement { JSONElement(tape: tape, node: 0) }
}
