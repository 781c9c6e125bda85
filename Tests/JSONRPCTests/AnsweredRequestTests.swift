import JSONRPC
import Synchronization
import TestSupport
import Testing

/// What a log is told of requests.
struct AnsweredRequestTests {
  @Test func everyAnswerIsToldAndNothingOfItsContent() async throws {
    let told = Mutex<[String]>([])
    let loopback = Loopback(
      routes: testRoutes,
      context: Stage(),
      onAnswer: { record in
        told.withLock { $0.append("\(record.method) \(record.errorKind ?? "result")") }
      }
    )
    loopback.send(request("1", "ping"))
    loopback.send(request("2", "fill", #"{"bytes":1,"fails":true}"#))
    loopback.send(request("3", "work", #"{"door":"a"}"#))
    loopback.send(cancel("3"))
    for _ in 1...3 { _ = await loopback.next() }
    #expect(told.withLock(\.self) == ["ping result", "fill broken", "work cancelled"])
  }
}
