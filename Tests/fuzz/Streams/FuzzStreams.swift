import Delegation
import FuzzDriver
import JSON

/// One input of libFuzzer: the first byte says how the rest is cut into pieces, the rest is what a pod streams.
///
/// A trap is a finding. So is a stream whose events depend on the pieces it comes in, that gives other lines of data than
/// one who reads it whole, an event that is too large, and one that is taken and holds what must not enter a URL.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzStreams(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let pieceSize = input.first.map({ Int($0 % 16) + 1 }) else { return 0 }
  let stream = Array(input.dropFirst())
  let pieces = stride(from: 0, to: stream.count, by: pieceSize).map {
    Array(stream[$0..<min($0 + pieceSize, stream.count)])
  }
  let whole = read([stream])
  precondition(whole == read(pieces), "the pieces make a difference")
  precondition(whole.events.allSatisfy { $0.count <= limit }, "an event is too large")
  let lines = whole.events.flatMap { $0.split(separator: lineFeed, omittingEmptySubsequences: false).map(Array.init) }
  precondition(dataLines(of: stream).starts(with: lines), "the lines of data are others")
  for event in whole.events { check(event) }
  return 0
}

private let limit = 256
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")

private struct Reading: Equatable {
  var events: [[UInt8]] = []
  var isTooLarge = false
}

private func read(_ pieces: [[UInt8]]) -> Reading {
  var decoder = EventStreamDecoder(maximumEventBytes: limit)
  var reading = Reading()
  do throws(EventTooLarge) {
    for piece in pieces {
      decoder.push(piece)
      while let event = try decoder.next() { reading.events.append(event) }
    }
    decoder.finish()
    while let event = try decoder.next() { reading.events.append(event) }
  } catch {
    reading.isTooLarge = true
  }
  return reading
}

/// What stands behind `data:` in each line, read as simply as can be.
private func dataLines(of stream: [UInt8]) -> [[UInt8]] {
  var lines: [[UInt8]] = [[]]
  var previous: UInt8 = 0
  for byte in stream.starts(with: [0xEF, 0xBB, 0xBF]) ? stream[3...] : stream[...] {
    switch byte {
    case lineFeed where previous == carriageReturn: break
    case lineFeed, carriageReturn: lines.append([])
    default: lines[lines.count - 1].append(byte)
    }
    previous = byte
  }
  return lines.compactMap { line in
    if line == Array("data".utf8) { return [] }
    guard line.starts(with: "data:".utf8) else { return nil }
    let value = line.dropFirst(5)
    return Array(value.first == UInt8(ascii: " ") ? value.dropFirst() : value)
  }
}

private func check(_ data: [UInt8]) {
  guard let event = try? ChatEvent(parsing: data) else { return }
  for identifier in [event.jobId, event.conversationId].compactMap(\.self) {
    let isSafe = identifier.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"/?#%\\".utf8.contains($0) }
    precondition(isSafe && !identifier.isEmpty && identifier != "..", "an identifier changes a URL")
  }
  precondition(event.finishReason != "", "an empty reason")
  precondition((event.node?.code.utf8.count ?? 1) <= 200, "a long code")
  if event.isLast { precondition(event.delta == nil && event.jobId == nil, "the last word says more") }
  let content = (try? JSONValue(parsing: data))?["message"]?["content"]
  guard case .string(let content)? = content else { return }
  precondition(event.delta.map { Array($0.utf8) } == Array(content.utf8), "the text is another")
}

@main enum Fuzzer {
  static func main() { runFuzzer(fuzzStreams) }
}
