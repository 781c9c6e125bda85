import JSON
import JSONRPC
import Synchronization

/// What the methods of these tests work on: doors at which they wait until the test opens them.
final class Stage: Sendable {
  private struct Door {
    var isOpen = false
    var hasArrived = false
    var inside: CheckedContinuation<Void, Never>?
    var watcher: CheckedContinuation<Void, Never>?
  }

  private let doors = Mutex<[String: Door]>([:])

  /// Waits until the door is opened, or the task is cancelled.
  func wait(at name: String) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (watcher, isOpen) = change(name) { door in
          door.hasArrived = true
          if !door.isOpen { door.inside = continuation }
          defer { door.watcher = nil }
          return (door.watcher, door.isOpen)
        }
        watcher?.resume()
        if isOpen { continuation.resume() }
      }
    } onCancel: {
      open(name)
    }
  }

  func open(_ name: String) {
    let inside = change(name) { door in
      door.isOpen = true
      defer { door.inside = nil }
      return door.inside
    }
    inside?.resume()
  }

  /// Returns when somebody has come to the door.
  func arrival(at name: String) async {
    await withCheckedContinuation { continuation in
      let hasArrived = change(name) { door in
        if !door.hasArrived { door.watcher = continuation }
        return door.hasArrived
      }
      if hasArrived { continuation.resume() }
    }
  }

  func isOpen(_ name: String) -> Bool { change(name) { $0.isOpen } }

  func hasArrival(at name: String) -> Bool { change(name) { $0.hasArrived } }

  private func change<Value: Sendable>(_ name: String, _ body: (inout Door) -> Value) -> Value {
    doors.withLock { body(&$0[name, default: Door()]) }
  }
}

/// Gives back what it is given, at once.
enum Echo: Method {
  struct Params: Decodable, Sendable { let value: RawJSON? }

  static let name = "echo"

  static func answerAtOnce(_ params: Params, in context: Stage) -> Swift.Result<RawJSON?, ResponseError>? {
    .success(params.value)
  }

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> RawJSON? {
    params.value
  }
}

/// Waits at the door of its name. Its results may not be given when the door `objection` is open.
enum Work: Method {
  struct Params: Decodable, Sendable {
    let door: String
    let changes: [String]?
    let uses: [String]?
    let reports: [String]?
    /// Whether it waits behind its commit point.
    let commits: Bool?
    /// Whether it then leaves it, and waits again at the door `<door>, left`.
    let leaves: Bool?
    let detail: RawJSON?
  }

  struct Result: Encodable, Sendable { let done: String }

  static let name = "work"

  static func objection(in context: Stage) -> ResponseError? {
    guard context.isOpen("objection") else { return nil }
    return ResponseError(code: 1, kind: "withdrawn", message: "It may not be given.", hint: "Do without.")
  }

  static func order(_ params: Params) -> Order { Order(changes: params.changes ?? [], uses: params.uses ?? []) }

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> Result {
    for report in params.reports ?? [] { call.report(report, detail: params.detail?.value) }
    do {
      if params.commits == true { try call.passCommitPoint() }
    } catch {
      return Result(done: "nothing")
    }
    if let detail = params.detail { call.onAbandon(detail.value) }
    await context.wait(at: params.door)
    if params.leaves == true {
      call.leaveCommitPoint()
      await context.wait(at: "\(params.door), left")
    }
    return Result(done: params.door)
  }
}

/// Says lines, as plain reports or as streamed text, and then waits at its door.
enum Say: Method {
  struct Params: Decodable, Sendable {
    let door: String
    /// What begins with `+` is streamed.
    let lines: [String]
  }

  static let name = "say"

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String {
    for line in params.lines {
      if line.hasPrefix("+") { await call.stream(line, detail: ["delta": .string(line)]) } else { call.report(line) }
    }
    await context.wait(at: params.door)
    return params.door
  }
}

/// Control: answered where it is read.
enum Ping: Method {
  struct Params: Decodable, Sendable {}

  static let name = "ping"
  static let lane = Lane.control

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String { "pong" }
}

enum Initialize: Method {
  struct Params: Decodable, Sendable { let processId: Int? }

  static let name = "initialize"
  static let lane = Lane.control
  static let unknownParams = JSONReader.UnknownMembers.ignored

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> [String: Int] {
    [:]
  }
}

/// Answers with as many bytes as are asked for, or fails.
enum Fill: Method {
  struct Params: Decodable, Sendable {
    let bytes: Int
    let fails: Bool?
  }

  static let name = "fill"

  static func answerAtOnce(_ params: Params, in context: Stage) -> Swift.Result<String, ResponseError>? {
    guard params.fails != true else {
      return .failure(ResponseError(code: 1, kind: "broken", message: "It broke.", hint: "Mend it."))
    }
    return .success(String(repeating: "x", count: params.bytes))
  }

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String {
    String(repeating: "x", count: params.bytes)
  }
}

/// Uses the resource `a`, and says how it came to its answer.
enum Ordered: Method {
  struct Params: Decodable, Sendable {}

  static let name = "ordered"

  static func order(_ params: Params) -> Order { Order(uses: ["a"]) }

  static func answerAtOnce(_ params: Params, in context: Stage) -> Swift.Result<String, ResponseError>? {
    .success("at once")
  }

  static func call(_ params: Params, _ call: Call, in context: Stage) async throws(ResponseError) -> String { "later" }
}

let testRoutes: [Route<Stage>] = [
  Route(Echo.self), Route(Fill.self), Route(Initialize.self), Route(Ordered.self), Route(Ping.self), Route(Say.self),
  Route(Work.self),
]
