import Delegation
import FuzzDriver

/// One input of libFuzzer: what a caller gives as the path of `callApi`.
///
/// A trap is a finding. So is a path that is taken and not sent as it is, that reading its escapes or folding its letters
/// makes another one, or that leads to what is closed and does not say so.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzPaths(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  guard let text = String(validating: input, as: UTF8.self), let path = try? RequestPath(text) else { return 0 }
  precondition(path.bytes + path.query == input, "what is sent is not what was given")
  precondition(path.bytes.first == slash && !path.bytes.contains(UInt8(ascii: "#")), "no path of a request line")
  precondition(input.allSatisfy { (0x21...0x7e).contains($0) }, "a byte that ends or splits a request line")

  let once = decoded(path.bytes)
  precondition(decoded(once) == once, "read twice it is another path")
  precondition(String(validating: once, as: UTF8.self) != nil, "its escapes are no text")
  precondition(slashes(once) == slashes(path.bytes), "an escape is a separator")
  precondition(once.allSatisfy { $0 >= 0x20 && $0 != 0x7f && !"\\;".utf8.contains($0) }, "a reader would cut it")
  let segments = once.dropFirst().split(separator: slash, omittingEmptySubsequences: false)
  precondition(segments.dropLast().allSatisfy { !$0.isEmpty }, "an empty segment")
  precondition(!segments.contains { [1, 2].contains($0.count) && $0.allSatisfy { $0 == dot } }, "a dot segment")

  let folded = once.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }.map(lowered)
  let orchestrator = Array("/api/fusion-ai/orchestrator".utf8)
  precondition(!isBelow(folded, orchestrator) || path.isOrchestrator, "a closed path is open")
  for area in ["/authz", "/credentials"] where isBelow(folded, orchestrator + Array(area.utf8)) {
    precondition(path.isSealed, "a sealed path is open")
  }
  precondition(!path.isSealed || path.isOrchestrator, "sealed, and not below what is closed")
  for end in path.bytes.indices.dropFirst() where path.bytes[end] == slash {
    precondition(path.isAt(orBelow: String(decoding: path.bytes[..<end], as: UTF8.self)), "not below its own beginning")
  }
  return 0
}

private let slash = UInt8(ascii: "/")
private let dot = UInt8(ascii: ".")

/// Every escape read, as a server does that knows no exception.
private func decoded(_ bytes: [UInt8]) -> [UInt8] {
  var decoded: [UInt8] = []
  var rest = bytes[...]
  while let byte = rest.popFirst() {
    let digits = String(decoding: rest.prefix(2), as: UTF8.self)
    if byte == UInt8(ascii: "%"), digits.utf8.count == 2, let value = UInt8(digits, radix: 16) {
      decoded.append(value)
      rest = rest.dropFirst(2)
    } else {
      decoded.append(byte)
    }
  }
  return decoded
}

private func slashes(_ bytes: [UInt8]) -> Int { bytes.count { $0 == slash } }

private func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

private func isBelow(_ path: [UInt8], _ prefix: [UInt8]) -> Bool {
  path.starts(with: prefix) && (path.count == prefix.count || path[prefix.count] == slash)
}

@main enum Fuzzer {
  static func main() { runFuzzer(fuzzPaths) }
}
