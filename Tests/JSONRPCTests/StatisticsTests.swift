import JSONRPC
import Metrics
import TestSupport
import Testing

/// What a session counts, on a clock that stands still unless a test moves it.
struct StatisticsTests {
  private func session(limits: Limits = .standard) -> Loopback<Stage> {
    Loopback(routes: testRoutes, context: Stage(), limits: limits)
  }

  @Test func everyAnswerOfAMethodIsCounted() {
    let loopback = session()
    loopback.send(request("1", "ping"))
    loopback.send(request("2", "fill", #"{"bytes":1}"#))
    loopback.send(request("3", "fill", #"{"bytes":1,"fails":true}"#))
    loopback.send(request("4", "work", #"{"door":"a"}"#))
    let statistics = loopback.server.statistics.snapshot
    #expect(statistics.inFlight == 1)
    #expect(statistics.methods["fill"]?.latency.count == 2)
    #expect(statistics.methods["fill"]?.errors == ["broken": 1])
    #expect(statistics.methods["ping"]?.errors == [:])
    #expect(statistics.methods.keys.sorted() == ["fill", "ping"])
  }

  @Test func timeIsThatFromArrivalToAnswer() async {
    let loopback = session()
    loopback.send(request("1", "work", #"{"door":"a","changes":["k"]}"#))
    loopback.clock.advance(by: .milliseconds(200))
    // Half a second in the queue behind the first.
    loopback.send(request("2", "work", #"{"door":"b","changes":["k"]}"#))
    loopback.clock.advance(by: .milliseconds(300))
    loopback.send(cancel("1"))
    _ = await loopback.next()
    loopback.clock.advance(by: .milliseconds(200))
    loopback.send(cancel("2"))
    _ = await loopback.next()
    let latency = loopback.server.statistics.snapshot.methods["work"]?.latency
    #expect(latency?.sum == .milliseconds(1000))
    #expect(latency?.maximum == .milliseconds(500))
  }

  @Test func anAnswerIsCountedBeforeItIsRead() async {
    let loopback = session()
    loopback.send(request("1", "work", #"{"door":"a"}"#))
    loopback.send(cancel("1"))
    _ = await loopback.next()
    #expect(loopback.server.statistics.snapshot.methods["work"]?.errors == ["cancelled": 1])
    #expect(loopback.server.statistics.snapshot.inFlight == 0)
  }

  @Test func whatNoMethodSawIsCountedByKind() async {
    var limits = Limits()
    limits.maximumInFlight = 1
    let loopback = session(limits: limits)
    loopback.send("{")
    loopback.send(#"{"jsonrpc":"2.0","id":1}"#)
    loopback.send(request("2", "nothing"))
    loopback.send(request("3", "fill", #"{"bytes":"one"}"#))
    loopback.send(request("4", "work", #"{"door":"a"}"#))
    loopback.send(request("5", "work", #"{"door":"b"}"#))
    loopback.send(request("6", "ping"))
    loopback.send("[]")
    #expect(
      loopback.server.statistics.snapshot.refused == [
        "parse_error": 1, "invalid_request": 2, "method_not_found": 1, "invalid_params": 1, "too_many_requests": 1,
      ]
    )
    #expect(loopback.server.statistics.snapshot.methods.keys.elementsEqual(["ping"]), "control is never too many")
  }
}
