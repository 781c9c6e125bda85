import JSONRPC
import Testing

/// What became of a stream.
private struct Cut: Equatable, CustomStringConvertible {
  var frames: [String] = []
  var broken: BrokenFrame?

  var description: String { "\(frames)" + (broken.map { ", then \($0)" } ?? "") }

  /// Pushes the pieces one by one, taking what is there after each, and then ends the input.
  init(_ pieces: [[UInt8]], framing: Framing? = nil, limits: Limits = .standard) {
    var decoder = FrameDecoder(framing: framing, limits: limits)
    do throws(BrokenFrame) {
      for piece in pieces {
        decoder.push(piece)
        while let frame = try decoder.next() { frames.append(String(decoding: frame, as: UTF8.self)) }
      }
      if let last = try decoder.finish() { frames.append(String(decoding: last, as: UTF8.self)) }
    } catch {
      broken = error
    }
  }

  init(_ frames: [String], _ broken: BrokenFrame? = nil) {
    self.frames = frames
    self.broken = broken
  }
}

@Suite struct FrameDecoderTests {
  private static let limits: Limits = {
    var limits = Limits()
    limits.maximumMessageBytes = 64
    limits.maximumHeaderBytes = 128
    return limits
  }()

  /// Streams and what they hold, at a message limit of 64 bytes and a header limit of 128.
  private static let streams: [(String, Cut)] = [
    ("", Cut([])),
    (" \r\n\t\n", Cut([])),
    // Lines
    ("{}\n", Cut(["{}"])),
    ("{}", Cut(["{}"])),
    ("\n \n{}\n\n\r\n  \n[1]\n", Cut(["{}", "[1]"])),
    ("{}\r\n[]\r\n", Cut(["{}\r", "[]\r"])),
    ("{}\nnot json\n", Cut(["{}", "not json"])),
    ("{\n}\n", Cut(["{", "}"])),
    ("{}\nContent-Length: 2\n", Cut(["{}", "Content-Length: 2"])),
    ("[" + String(repeating: " ", count: 62) + "]\n", Cut(["[" + String(repeating: " ", count: 62) + "]"])),
    ("{}\n[" + String(repeating: " ", count: 63) + "]\n", Cut(["{}"], .messageTooLarge(limit: 64))),
    ("[" + String(repeating: " ", count: 200), Cut([], .messageTooLarge(limit: 64))),
    // Headers
    ("Content-Length: 2\r\n\r\n{}", Cut(["{}"])),
    ("\r\n Content-Length: 2\r\n\r\n{}", Cut(["{}"])),
    ("content-LENGTH:2\r\n\r\n{}Content-Length:\t 3 \r\n\r\n[1]", Cut(["{}", "[1]"])),
    ("Content-Length: 0\r\n\r\nContent-Length: 002\r\n\r\n{}", Cut(["", "{}"])),
    (
      "Content-Length: 2\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n{}",
      Cut(["{}"])
    ),
    ("X-Other: 1\r\nContent-Length: 3\r\n\r\n{\n}", Cut(["{\n}"])),
    ("Content-Length: 64\r\n\r\n" + String(repeating: "1", count: 64), Cut([String(repeating: "1", count: 64)])),
    ("Content-Length: 65\r\n\r\n", Cut([], .messageTooLarge(limit: 64))),
    ("Content-Length: 99999999999999999999999999\r\n\r\n", Cut([], .messageTooLarge(limit: 64))),
    ("Content-Length: 2\r\n\r\n{}\r\n", Cut(["{}"], .contentLengthMissing)),
    ("Content-Length: 2\n\n{}", Cut([], .headerLineWithoutCarriageReturn)),
    ("Content-Type: text\r\n\r\n{}", Cut([], .contentLengthMissing)),
    ("Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", Cut([], .contentLengthRepeated)),
    ("Content-Length\r\n\r\n", Cut([], .headerWithoutColon)),
    ("a\r\n:2\r\n", Cut([], .headerWithoutColon)),
    ("Content-Length: \r\n\r\n", Cut([], .contentLengthMalformed)),
    ("Content-Length: -2\r\n\r\n", Cut([], .contentLengthMalformed)),
    ("Content-Length: +2\r\n\r\n", Cut([], .contentLengthMalformed)),
    ("Content-Length: 2 2\r\n\r\n", Cut([], .contentLengthMalformed)),
    ("Content-Length: 0x2\r\n\r\n", Cut([], .contentLengthMalformed)),
    ("Content-Length: 2.0\r\n\r\n", Cut([], .contentLengthMalformed)),
    ("Content-Length: ٢\r\n\r\n", Cut([], .contentLengthMalformed)),
    ("X: " + String(repeating: "y", count: 200) + "\r\n", Cut([], .headersTooLarge(limit: 128))),
    (String(repeating: "X: yyyyyyyyyyyyyyyy\r\n", count: 9), Cut([], .headersTooLarge(limit: 128))),
    ("Content-Length: 2\r\n\r\n{}Content-Len", Cut(["{}"], .endOfInput)),
    ("Content-Length: 2\r\n", Cut([], .endOfInput)),
    ("Content-Length: 3\r\n\r\n{}", Cut([], .endOfInput)),
    // Neither
    ("42\n", Cut([], .unknownFraming(found: UInt8(ascii: "4")))),
    ("\u{FEFF}{}\n", Cut([], .unknownFraming(found: 0xEF))),
    ("\"x\"\n", Cut([], .unknownFraming(found: UInt8(ascii: "\"")))),
    ("\0", Cut([], .unknownFraming(found: 0))),
  ]

  @Test(arguments: streams)
  private func cutsStreams(stream: String, expected: Cut) {
    #expect(Cut([Array(stream.utf8)], limits: Self.limits) == expected)
  }

  @Test(arguments: streams)
  private func oneByteAtATimeGivesTheSame(stream: String, expected: Cut) {
    #expect(Cut(stream.utf8.map { [$0] }, limits: Self.limits) == expected)
  }

  @Test(arguments: streams)
  private func anySplitGivesTheSame(stream: String, expected: Cut) {
    var generator = SplitMix(seed: 1)
    for _ in 0..<50 {
      #expect(Cut(split(Array(stream.utf8), using: &generator), limits: Self.limits) == expected)
    }
  }

  @Test func aGivenFramingIsNotLookedFor() {
    #expect(Cut([Array("Content-Length: 2\n{}\n".utf8)], framing: .lines) == Cut(["Content-Length: 2", "{}"]))
    #expect(Cut([Array("{}\r\n\r\n".utf8)], framing: .headers) == Cut([], .headerWithoutColon))
  }

  @Test func largeMessagesPassInPieces() {
    let message = "[\"" + String(repeating: "x", count: 1 << 20) + "\"]"
    let headers = "Content-Length: \(message.utf8.count)\r\n\r\n\(message)"
    for stream in [headers + headers, message + "\n" + message + "\n"] {
      let bytes = Array(stream.utf8)
      let pieces = stride(from: 0, to: bytes.count, by: 4096).map { Array(bytes[$0..<min($0 + 4096, bytes.count)]) }
      #expect(Cut(pieces) == Cut([message, message]))
    }
  }

  @Test func nothingComesAfterABrokenFrame() throws {
    var decoder = FrameDecoder()
    decoder.push("?{}\n".utf8)
    #expect(throws: BrokenFrame.unknownFraming(found: UInt8(ascii: "?"))) { try decoder.next() }
    decoder.push("{}\n".utf8)
    #expect(try decoder.next() == nil)
    #expect(try decoder.finish() == nil)
  }
}

private func split(_ bytes: [UInt8], using generator: inout SplitMix) -> [[UInt8]] {
  var pieces: [[UInt8]] = [[]]
  for byte in bytes {
    if Int.random(in: 0..<6, using: &generator) == 0 { pieces.append([]) }
    pieces[pieces.count - 1].append(byte)
  }
  return pieces
}

/// The same numbers in every run (SplitMix64).
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
