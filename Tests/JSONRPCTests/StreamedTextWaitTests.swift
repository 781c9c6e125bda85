import JSON
import Synchronization
import TestSupport
import Testing

@testable import JSONRPC

/// Streamed text and the outbox it waits for.
@Suite(.timeLimit(.minutes(1))) struct StreamedTextWaitTests {
  /// An outbox that is full, and the progress of one request in it.
  private func fullOutbox() -> (SlowOutput, Outbox, Progress) {
    var limits = Limits()
    limits.maximumOutboundBytes = 1000
    let output = SlowOutput()
    let outbox = Outbox(limits: limits, output: output)
    let stream = Stream(outbox, 1)
    outbox.send([UInt8](repeating: 0x78, count: 1000))
    return (output, outbox, stream.progress)
  }

  private func told(_ output: SlowOutput, _ outbox: Outbox) -> [String] {
    while case .write(let bytes) = outbox.nextStep() { output.take(bytes) }
    return Array(output.lines[token(1), default: []].dropFirst())
  }

  @Test func noReportPassesIt() async {
    let (output, outbox, own) = fullOutbox()
    let task = Task.immediate { await own.stream("1", detail: [:]) }
    for message in ["2", "3"] { own.report(message, detail: nil) }
    while case .write(let bytes) = outbox.nextStep() { output.take(bytes) }
    await task.value
    #expect(
      told(output, outbox) == [
        progress("1", #"{"kind":"report","message":"1"}"#), progress("1", #"{"kind":"report","message":"3"}"#),
      ]
    )
  }

  @Test func nothingFollowsTheEnd() async {
    let (output, outbox, own) = fullOutbox()
    let task = Task.immediate { await own.stream("1", detail: [:]) }
    own.report("2", detail: nil)
    own.end()
    await task.value
    await own.stream("3", detail: [:])
    #expect(
      told(output, outbox) == [progress("1", #"{"kind":"report","message":"2"}"#), progress("1", #"{"kind":"end"}"#)]
    )
  }

  @Test func whoIsCancelledTakesItAlong() async {
    let (output, outbox, own) = fullOutbox()
    let tasks = (0..<100).map { number in Task.immediate { await own.stream("\(number)", detail: [:]) } }
    for (number, task) in tasks.enumerated() where number % 2 == 1 { task.cancel() }
    for (number, task) in tasks.enumerated() where number % 2 == 1 { await task.value }
    let said = told(output, outbox)
    #expect(said == (0..<50).map { progress("1", #"{"kind":"report","message":"\#($0 * 2)"}"#) })
    for task in tasks { await task.value }
  }

  @Test func whoWasCancelledBeforeDoesNotWait() async {
    let (output, outbox, own) = fullOutbox()
    await Task {
      withUnsafeCurrentTask { $0?.cancel() }
      await own.stream("1", detail: [:])
    }.value
    #expect(told(output, outbox) == [])
  }

  // MARK: Many at once

  /// Whoever waits for room holds one piece; what waits in the outbox stays within its limit, and a client that reads at
  /// last gets all of it.
  @Test func tenThousandStreamsAreBounded() async {
    var limits = Limits()
    limits.maximumOutboundBytes = 2 << 20
    let output = SlowOutput()
    let outbox = Outbox(limits: limits, output: output)
    let piece = String(repeating: "x", count: 500)
    let streams = (0..<10_000).map { Stream(outbox, $0) }
    // Up to where it waits, each runs here.
    let tasks = streams.map { stream in
      Task.immediate {
        for number in 0..<3 { await stream.progress.stream("\(stream.number).\(number) \(piece)", detail: [:]) }
      }
    }
    #expect(outbox.isFull)
    #expect(outbox.byteCount <= limits.maximumOutboundBytes + 1000)
    outbox.send(Array("control".utf8))
    // Of every third nothing more is wanted.
    for stream in streams where stream.number % 3 == 0 { stream.progress.end() }
    let writer = output.write(from: outbox, upTo: 64 << 10) { #expect($0 <= 4 << 20) }
    for task in tasks { await task.value }
    output.finish()
    await writer.value
    let said = output.lines
    #expect(said["control", default: []].count == 1)
    for stream in streams {
      let own = said[token(stream.number), default: []]
      if stream.number % 3 == 0 {
        #expect(own.last?.contains(#""kind":"end""#) == true)
      } else {
        #expect(own.count == 4, "its begin and all three pieces")
      }
    }
  }

  /// However reports, text and writing are interleaved: all text arrives in order, and no report passes it.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func anyInterleavingKeepsTheOrder(seed: UInt64) async {
    var random = SeededRandom(seed)
    var limits = Limits()
    limits.maximumOutboundBytes = Int.random(in: 200...4000, using: &random)
    let output = SlowOutput()
    let outbox = Outbox(limits: limits, output: output)
    let streams = (0..<Int.random(in: 1...8, using: &random)).map { Stream(outbox, $0) }
    let sizes = (0..<64).map { _ in Int.random(in: 0...120, using: &random) }
    let kinds = (0..<64).map { _ in Bool.random(using: &random) }
    output.accept((0..<64).map { _ in Int.random(in: -80...200, using: &random) })
    let writer = output.write(from: outbox, upTo: 500)
    await withDiscardingTaskGroup { group in
      for stream in streams {
        group.addTask {
          for number in 0..<200 {
            let message = "\(number) \(String(repeating: "x", count: sizes[(number + stream.number) % 64]))"
            if kinds[(number * 7 + stream.number) % 64] {
              await stream.progress.stream(message, detail: ["isText": true])
            } else {
              stream.progress.report(message, detail: nil)
            }
          }
          stream.progress.end()
        }
      }
    }
    output.finish()
    await writer.value
    let said = output.lines
    for stream in streams {
      let own = said[token(stream.number), default: []]
      #expect(own.last?.contains(#""kind":"end""#) == true)
      let told = own.filter { $0.contains("report") }
      let numbers = told.compactMap(number)
      #expect(numbers == numbers.sorted(), "nothing passes anything")
      let texts = told.filter { $0.contains("isText") }.compactMap(number)
      #expect(texts == (0..<200).filter { kinds[($0 * 7 + stream.number) % 64] })
    }
  }

  private func token(_ number: Int) -> String {
    #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":\#(number)"#
  }

  private func number(_ line: String) -> Int? {
    let mark = #""message":""#
    guard let start = line.firstRange(of: mark)?.upperBound else { return nil }
    return Int(line[start...].prefix { $0.isNumber })
  }
}

/// The progress of one request.
private struct Stream: Sendable {
  let number: Int
  let progress: Progress

  init(_ outbox: Outbox, _ number: Int) {
    self.number = number
    progress = Progress(
      of: Serial(number),
      token: Array("\(number)".utf8),
      title: "t",
      as: WorkDoneProgress.self,
      outbox: outbox
    )
    progress.begin()
  }
}

/// An output whose writer is the test's own. Of what is written at once it takes as many bytes as was said, in turn.
private final class SlowOutput: Output {
  private struct State {
    var bytes: [UInt8] = []
    var counts: [Int] = []
    var next = 0
  }

  private let state = Mutex(State())
  private let bell: AsyncStream<Void>
  private let rope: AsyncStream<Void>.Continuation

  init() { (bell, rope) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func accept(_ counts: [Int]) { state.withLock { $0.counts = counts } }

  /// Nothing more will be sent.
  func finish() { rope.finish() }

  /// The writer: it writes whenever it is told that frames are waiting, and tells how many bytes then wait.
  func write(from outbox: Outbox, upTo count: Int, waiting: @escaping @Sendable (Int) -> Void = { _ in }) -> Task<
    Void, Never
  > {
    Task.detached { [self] in
      for await _ in bell {
        while case .write(let bytes) = outbox.nextStep(upTo: count) {
          take(bytes)
          waiting(outbox.byteCount)
        }
      }
    }
  }

  /// What was written: the lines of progress by what stands before their value, all else by itself.
  var lines: [String: [String]] {
    let lines = String(decoding: state.withLock(\.bytes), as: UTF8.self).split(separator: "\n").map(String.init)
    return Dictionary(grouping: lines) { line in
      line.firstRange(of: #","value""#).map { String(line[..<$0.lowerBound]) } ?? line
    }
  }

  func take(_ bytes: [UInt8]) { state.withLock { $0.bytes += bytes } }

  func writeAtOnce(_ frame: [UInt8]) -> ImmediateWrite {
    state.withLock { state in
      guard !state.counts.isEmpty else { return .wrote(0) }
      let count = max(0, min(frame.count, state.counts[state.next % state.counts.count]))
      state.next += 1
      state.bytes += frame.prefix(count)
      return .wrote(count)
    }
  }

  func framesAreWaiting() { rope.yield() }
  func appetiteChanged() {}
}
