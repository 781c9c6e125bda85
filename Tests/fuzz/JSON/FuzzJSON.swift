import FuzzDriver
import JSON

/// One input of libFuzzer. A trap is a finding; so is a text that is accepted and does not survive a round trip.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let document = try? JSONDocument(parsing: bytes) else { return 0 }
  precondition(String(validating: bytes, as: UTF8.self) != nil, "accepted what is not UTF-8")

  let value = JSONValue(document.root)
  let written = value.serialized()
  precondition((try? JSONValue(parsing: written))?.serialized() == written, "the written text reads differently")
  precondition((try? JSONWriter.encode(value)) == written, "the two writers disagree")
  precondition(
    (try? JSONWriter.encode(RawJSON(document.root))) == Array(document.root.rawBytes),
    "raw text was touched"
  )

  _ = try? JSONReader.decode(Shape.self, from: document.root, unknownMembers: .refused)
  _ = try? JSONReader.decode([String: Shape].self, from: document.root)
  return 0
}

@main enum Fuzzer {
  static func main() { runFuzzer(fuzzJSON) }
}

/// Takes every road through the `Decodable` bridge.
private struct Shape: Decodable {
  enum Choice: String, Decodable, CaseIterable {
    case a
    case b
  }

  var a: Int8?
  var b: [Double]?
  var c: Choice?
  var d: [String: Bool?]?
  var e: [Shape]?
  var f: RawJSON?
}
