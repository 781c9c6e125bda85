import TestSupport
import Testing

@testable import JSONRPC

/// What waits for the writer: in order, reports merged, streamed text as it was sent.
@Suite struct FrameQueueTests {
  struct Case: Sendable, CustomTestStringConvertible {
    /// `r` is a plain report of its request, `t` streamed text, `o` something else; all that can be merged is.
    let sent: String
    let taken: String

    var testDescription: String { sent }
  }

  @Test(arguments: [
    Case(sent: "r1 r2 r3", taken: "r3"),
    Case(sent: "t1 t2 t3", taken: "t1 t2 t3"),
    Case(sent: "r1 t2 r3", taken: "r1 t2 r3"),
    Case(sent: "t1 r2 r3 t4 r5 r6", taken: "t1 r3 t4 r6"),
    Case(sent: "r1 o2 r3", taken: "r3 o2"),
    Case(sent: "r1 o2 t3 r4", taken: "r1 o2 t3 r4"),
  ])
  func reportsAreMergedUpToTheNextText(_ row: Case) {
    var queue = FrameQueue()
    for word in row.sent.split(separator: " ") { add(Array(word.utf8) + [0x20], String(word), to: &queue) }
    let taken = String(decoding: queue.take(upTo: .max), as: UTF8.self)
    #expect(taken.split(separator: " ").joined(separator: " ") == row.taken)
  }

  @Test func aReportOfAnotherRequestIsNotReplaced() {
    var queue = FrameQueue()
    queue.append([1], .report(of: 1))
    queue.append([2], .text(of: 2))
    let isReplaced = [queue.replaceReport(of: 2, with: [3]), queue.replaceReport(of: 1, with: [4])]
    #expect(isReplaced == [false, true])
    let taken = queue.take(upTo: .max)
    #expect(taken == [4, 2])
  }

  private func add(_ bytes: [UInt8], _ word: String, to queue: inout FrameQueue) {
    switch word.first {
    case "r": if !queue.replaceReport(of: 1, with: bytes) { queue.append(bytes, .report(of: 1)) }
    case "t": queue.append(bytes, .text(of: 1))
    default: queue.append(bytes, .other)
    }
  }
}
