import JSON
import JSONRPC
import TestSupport
import Testing

/// One step of a conversation, played against a server in this process.
enum Step: Sendable {
  /// The client sends a message.
  case send(String)
  /// The client sends bytes without framing them.
  case write(String)
  /// The server says exactly this next.
  case expect(String)
  /// The server answers with an error of that id, code and kind next, and with the shape all errors have.
  case fails(id: String, Int, String, detail: String? = nil)
  /// A handler has come to its door.
  case arrives(String)
  /// A handler has not come to its door, which is asked when a ping sent after it has been answered.
  case isHeldBack(String)
  case opens(String)
  case passes(Duration)
  /// The server has gone to sleep until some deadline.
  case somethingIsAwaited
  /// The client stops reading, and reads again.
  case stopReading
  case readAgain
  case close
  case hangUp
  case endWithin(Duration)
  case ends(Ending)
}

/// Plays the steps, and then checks that the server has said nothing else.
func play(
  in framing: Framing = .lines,
  limits: Limits = .standard,
  dialect: Dialect = .standard,
  _ first: Step...,
  steps: [Step] = [],
  sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let stage = Stage()
  let loopback = Loopback(routes: testRoutes, context: stage, limits: limits, dialect: dialect, framing: framing)
  for (index, step) in (first + steps).enumerated() {
    let comment = Comment(rawValue: "step \(index + 1): \(step)")
    switch step {
    case .send(let message): loopback.send(message)
    case .write(let text): loopback.write(text)
    case .expect(let message):
      #expect(await loopback.next() == message, comment, sourceLocation: sourceLocation)
    case .fails(let id, let code, let kind, let detail):
      try expectError(await loopback.next(), id, code, kind, detail, comment, sourceLocation)
    case .arrives(let door): await stage.arrival(at: door)
    case .isHeldBack(let door): #expect(!stage.hasArrival(at: door), comment, sourceLocation: sourceLocation)
    case .opens(let door): stage.open(door)
    case .passes(let duration): loopback.clock.advance(by: duration)
    case .somethingIsAwaited: await loopback.clock.sleepers(atLeast: 1)
    case .stopReading: loopback.stopReading()
    case .readAgain: loopback.readAgain()
    case .close: loopback.close()
    case .hangUp: loopback.hangUp()
    case .endWithin(let duration): loopback.server.end(within: duration)
    case .ends(let ending): #expect(await loopback.ending() == ending, comment, sourceLocation: sourceLocation)
    }
  }
  #expect(loopback.unread == [], sourceLocation: sourceLocation)
}

private func expectError(
  _ text: String,
  _ id: String,
  _ code: Int,
  _ kind: String,
  _ detail: String?,
  _ comment: Comment,
  _ sourceLocation: SourceLocation
) throws {
  #expect(
    text.hasPrefix(#"{"jsonrpc":"2.0","id":\#(id),"error":{"code":\#(code),"message":"#),
    comment,
    sourceLocation: sourceLocation
  )
  let error = try JSONValue(parsing: Array(text.utf8))["error"]
  let data = error?["data"]
  #expect(data?["kind"] == .string(kind), comment, sourceLocation: sourceLocation)
  #expect(
    data?["detail"].map { String(decoding: $0.serialized(), as: UTF8.self) } == detail,
    comment,
    sourceLocation: sourceLocation
  )
  for sentence in [error?["message"], data?["hint"]] {
    guard case .string(let sentence) = sentence, !sentence.isEmpty else {
      Issue.record("no message or no hint: \(text)", sourceLocation: sourceLocation)
      continue
    }
  }
  if case .bool = data?["retryable"] { return }
  Issue.record("no retryable: \(text)", sourceLocation: sourceLocation)
}

func request(_ id: String, _ method: String, _ params: String? = nil) -> String {
  let params = params.map { #","params":\#($0)"# } ?? ""
  return #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)"\#(params)}"#
}

func notification(_ method: String, _ params: String? = nil) -> String {
  let params = params.map { #","params":\#($0)"# } ?? ""
  return #"{"jsonrpc":"2.0","method":"\#(method)"\#(params)}"#
}

func cancel(_ id: String) -> String { notification("$/cancelRequest", #"{"id":\#(id)}"#) }

func result(_ id: String, _ result: String) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":\#(result)}"# }

func done(_ id: String, _ door: String) -> String { result(id, #"{"done":"\#(door)"}"#) }

func progress(_ token: String, _ value: String) -> String {
  #"{"jsonrpc":"2.0","method":"$/progress","params":{"token":\#(token),"value":\#(value)}}"#
}
