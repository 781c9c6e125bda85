/// What may enter the path of an agent call.
package enum AgentNames {
  package static func checkCode(_ code: String) throws(ParamsFailure) {
    guard isCode(code) else {
      throw ParamsFailure("agent", "must be 1 to 200 of A-Z, 0-9 and _: the agent's code, not its name")
    }
  }

  /// The grammar Oracle's own command line tool holds agent codes to.
  static func isCode(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count)
      && text.utf8.allSatisfy { (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }
  }

  package static func checkIdentifier(_ text: String?, field: String) throws(ParamsFailure) {
    guard let text, !isIdentifier(text) else { return }
    throw ParamsFailure(field, "must be 1 to 200 letters, digits, dots, dashes, underscores or colons")
  }

  static func isIdentifier(_ text: String) -> Bool {
    (1...200).contains(text.utf8.count) && text.utf8.contains { $0 != UInt8(ascii: ".") }
      && text.utf8.allSatisfy { FieldRules.isAlphanumeric($0) || "._:-".utf8.contains($0) }
  }
}
