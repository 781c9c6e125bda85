import FuzzDriver
import JSON
import JSONRPC

/// One input of libFuzzer: the first byte says how the rest is cut into pieces, the rest is what a client sends.
///
/// A trap is a finding. So is a stream whose frames depend on the pieces it comes in, an answer that is no JSON, and a
/// session that neither reads on nor ends.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzFraming(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = UnsafeBufferPointer(start: start, count: count)
  guard let pieceSize = input.first.map({ Int($0 % 16) + 1 }) else { return 0 }
  let stream = Array(input.dropFirst())
  let pieces = stride(from: 0, to: stream.count, by: pieceSize).map {
    stream[$0..<min($0 + pieceSize, stream.count)]
  }
  precondition(frames(of: [stream[...]]) == frames(of: pieces), "the pieces make a difference")
  answer(pieces)
  return 0
}

private struct Cut: Equatable {
  var frames: [[UInt8]] = []
  var broken: BrokenFrame?
}

private func frames(of pieces: [ArraySlice<UInt8>]) -> Cut {
  var decoder = FrameDecoder(limits: limits)
  var cut = Cut()
  do throws(BrokenFrame) {
    for piece in pieces {
      decoder.push(piece)
      while let frame = try decoder.next() { cut.frames.append(frame) }
    }
    if let last = try decoder.finish() { cut.frames.append(last) }
  } catch {
    cut.broken = error
  }
  return cut
}

private func answer(_ pieces: [ArraySlice<UInt8>]) {
  let server = Server(routes: [Route(Echo.self)], context: (), limits: limits, output: Sink())
  for piece in pieces { server.receive(piece) }
  precondition(server.appetite != .full, "a client that reads is not read from")
  server.endOfInput()
  precondition(server.hasEnded, "the session goes on without input")
}

/// Small, so that short inputs reach them.
private let limits: Limits = {
  var limits = Limits()
  limits.maximumMessageBytes = 1024
  limits.maximumHeaderBytes = 96
  limits.maximumNesting = 16
  limits.maximumBatch = 4
  return limits
}()

/// Reads what the server says as its client would.
private struct Sink: Output {
  func writeAtOnce(_ frame: [UInt8]) -> ImmediateWrite {
    var decoder = FrameDecoder()
    decoder.push(frame)
    guard let message = try? decoder.next(), (try? JSONDocument(parsing: message)) != nil else {
      preconditionFailure("an answer is no message")
    }
    return .wrote(frame.count)
  }

  func framesAreWaiting() {}
  func appetiteChanged() {}
}

private enum Echo: Method {
  struct Params: Decodable, Sendable { let value: RawJSON? }

  static let name = "echo"

  static func answerAtOnce(_ params: Params, in context: Void) -> Swift.Result<RawJSON?, ResponseError>? {
    .success(params.value)
  }

  static func call(_ params: Params, _ call: Call, in context: Void) async throws(ResponseError) -> RawJSON? {
    params.value
  }
}

@main enum Fuzzer {
  static func main() { runFuzzer(fuzzFraming) }
}
