/// The sentence of a check, fit to leave the company.
///
/// One that says who a user is, or what a rule says of users, is left out by `Check.isPersonal`; here goes what may stand
/// in any: a path, which often holds somebody's name, and the user of this call.
package enum SupportText {
  /// Shorter names are found in ordinary words.
  private static let shortestUser = 3

  /// - Parameter paths: those that are known, which may hold spaces; others end at one.
  package static func reduce(_ text: String, user: String?, paths: [String] = []) -> String {
    let known = paths.filter { !$0.isEmpty }.reduce(text) { $0.replacing($1, with: "[path]") }
    let words = known.split(separator: " ", omittingEmptySubsequences: false).map { withoutPath(String($0)) }
    return without(user, words.joined(separator: " "))
  }

  /// `/home/ap.clerk/store:` becomes `[path]:`, and `file:/home/x` `file:[path]`.
  private static func withoutPath(_ word: String) -> String {
    let bytes = Array(word.utf8)
    let slash = UInt8(ascii: "/")
    guard let start = bytes.firstIndex(of: slash), start + 1 < bytes.count, bytes[start + 1] != slash else {
      return word
    }
    let before = bytes[..<start]
    // The path of a URL is no file: it has letters before it.
    guard before.isEmpty || before.elementsEqual("file:".utf8) || before.allSatisfy(isPunctuation) else { return word }
    let after = bytes.reversed().prefix(while: isPunctuation).reversed()
    return String(decoding: before, as: UTF8.self) + "[path]" + String(decoding: after, as: UTF8.self)
  }

  private static func isPunctuation(_ byte: UInt8) -> Bool { "\"'(),.:;".utf8.contains(byte) }

  private static func without(_ user: String?, _ text: String) -> String {
    guard let user, user.utf8.count >= shortestUser else { return text }
    let (wanted, bytes) = (user.utf8.map(folded), Array(text.utf8))
    var output: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      if rest.count >= wanted.count, zip(rest, wanted).allSatisfy({ folded($0) == $1 }) {
        output += Array("[user]".utf8)
        rest = rest.dropFirst(wanted.count)
      } else {
        output.append(rest.removeFirst())
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func folded(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
}
