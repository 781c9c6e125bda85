import JSON
import JSONRPC
import TestSupport
import Testing

/// Asks the client, and tells what came of it.
private enum Ask: Method {
  struct Params: Decodable, Sendable {}

  static let name = "ask"

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String {
    do throws(QuestionFailure) {
      let answer = try await call.ask("question", ["what": "now?"], within: .seconds(10))
      return String(decoding: answer.rawBytes, as: UTF8.self)
    } catch {
      return "\(error)"
    }
  }
}

/// Requests of ours to the client: each ends once.
@Suite struct QuestionTests {
  private let loopback = Loopback(routes: [Route(Ask.self)], context: Stage())

  private func asked(_ id: String) -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"question","params":{"what":"now?"}}"#
  }

  @Test(arguments: [
    (#""result":{"a":1}"#, #""{\"a\":1}""#),
    (#""result":null"#, #""null""#),
    (#""error":{"code":1,"message":"no"}"#, #""refused(\"no\")""#),
    (#""error":7"#, #""refused(\"no reason given\")""#),
    (#""error":{"code":1,"message":"no"},"result":1"#, #""refused(\"no\")""#),
  ]) func isAnswered(answer: String, told: String) async {
    loopback.send(request("1", "ask"))
    #expect(await loopback.next() == asked("1"))
    // What answers nobody is passed over.
    for other in ["2", "\"1\"", "null", "1.0"] { loopback.send(#"{"jsonrpc":"2.0","id":\#(other),"result":"x"}"#) }
    loopback.send(#"{"jsonrpc":"2.0","id":1,\#(answer)}"#)
    #expect(await loopback.next() == result("1", told))
    loopback.send(#"{"jsonrpc":"2.0","id":1,"result":"again"}"#)
    #expect(loopback.unread == [])
  }

  /// An answer that cannot be read bears an id of ours: an error under it would answer a request of the client's.
  @Test(arguments: [
    #"{"id":1,"result":{}}"#, #"{"jsonrpc":"1.0","id":1,"result":{}}"#, #"{"id":1,"error":{"code":1,"message":""}}"#,
    #"{"jsonrpc":"2.0","id":1,"result":1,"result":2}"#,
  ]) func aBrokenAnswerIsRefusedUnderNoID(answer: String) async {
    loopback.send(request("1", "ask"))
    #expect(await loopback.next() == asked("1"))
    loopback.send(answer)
    #expect(await loopback.next().hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"#))
    loopback.send(#"{"jsonrpc":"2.0","id":1,"result":"x"}"#)
    #expect(await loopback.next() == result("1", #""\"x\"""#))
  }

  @Test func twoAtOnceAreToldApart() async {
    loopback.send(request("1", "ask"))
    #expect(await loopback.next() == asked("1"))
    loopback.send(request("2", "ask"))
    #expect(await loopback.next() == asked("2"))
    loopback.send(#"{"jsonrpc":"2.0","id":2,"result":"two"}"#)
    #expect(await loopback.next() == result("2", #""\"two\"""#))
    loopback.send(#"{"jsonrpc":"2.0","id":1,"result":"one"}"#)
    #expect(await loopback.next() == result("1", #""\"one\"""#))
  }

  @Test func isWithdrawnWithItsRequest() async {
    loopback.send(request("1", "ask"))
    #expect(await loopback.next() == asked("1"))
    loopback.send(cancel("1"))
    let messages = [await loopback.next(), await loopback.next()]
    #expect(messages.contains(notification("$/cancelRequest", #"{"id":1}"#)))
    #expect(messages.contains { $0.contains("-32800") })
  }

  @Test func isNotWaitedForForEver() async {
    loopback.send(request("1", "ask"))
    #expect(await loopback.next() == asked("1"))
    loopback.clock.advance(by: .seconds(11))
    #expect(await loopback.next() == notification("$/cancelRequest", #"{"id":1}"#))
    #expect(await loopback.next() == result("1", #""notInTime""#))
  }

  @Test func nobodyAnswersBehindTheEndOfTheInput() async {
    loopback.send(request("1", "ask"))
    #expect(await loopback.next() == asked("1"))
    loopback.close()
    #expect(await loopback.next() == result("1", #""nobodyThere""#))
    #expect(await loopback.ending() == .endOfInput)
  }
}
