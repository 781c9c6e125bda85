package import JSON

/// What a protocol that travels as JSON-RPC has of its own: the messages that steer a session, and how progress looks.
///
/// A session speaks one. Framing, order, deadlines, backpressure and the end of a session are the same in all.
package struct Dialect: Sendable {
  /// The notification that cancels a request, and the member of its params that names the request.
  package struct Cancellation: Sendable {
    package let method: String
    package let member: String

    package init(method: String, member: String) {
      self.method = method
      self.member = member
    }
  }

  /// Whether there are `initialize` as the first request, `shutdown` and `exit`, as LSP has them.
  let hasLifecycle: Bool
  let takesBatches: Bool
  /// Whether an id may be any number; else a whole one, without fraction and exponent.
  let takesAnyNumberAsID: Bool
  /// Whether an error for a request whose id could not be read has `"id":null`; else it has no id.
  let writesNullID: Bool
  let cancellation: Cancellation
  /// Whether a request that was cancelled is answered all the same.
  let answersCancelled: Bool
  let progress: any ProgressNotation.Type
  /// What to do about a method that does not exist.
  let hintForMethods: String

  package init(
    hasLifecycle: Bool,
    takesBatches: Bool,
    takesAnyNumberAsID: Bool,
    writesNullID: Bool,
    cancellation: Cancellation,
    answersCancelled: Bool,
    progress: any ProgressNotation.Type,
    hintForMethods: String
  ) {
    self.hasLifecycle = hasLifecycle
    self.takesBatches = takesBatches
    self.takesAnyNumberAsID = takesAnyNumberAsID
    self.writesNullID = writesNullID
    self.cancellation = cancellation
    self.answersCancelled = answersCancelled
    self.progress = progress
    self.hintForMethods = hintForMethods
  }

  /// That of protocol/README.md.
  package static let standard = Dialect(
    hasLifecycle: true,
    takesBatches: true,
    takesAnyNumberAsID: true,
    writesNullID: true,
    cancellation: Cancellation(method: LifecycleMethod.cancelRequest, member: "id"),
    answersCancelled: true,
    progress: WorkDoneProgress.self,
    hintForMethods: "Ask rpc.discover for the methods there are."
  )

  /// Refuses an array of messages that this dialect does not take as a batch.
  func checkBatch(count: Int, _ framing: Framing, _ limits: Limits) throws(ResponseError) {
    guard takesBatches else {
      throw .invalidRequest("A message must be an object; there are no batches.", hint: "Send each message by itself.")
    }
    try Batch.check(count: count, framing, limits)
  }

  func takes(_ id: RequestID) -> Bool { takesAnyNumberAsID || id.isStringOrInteger }
}

/// How the progress of a request is written as notifications.
package protocol ProgressNotation: Sendable {
  /// What is sent when the work begins; nil for nothing.
  static func begin(token: [UInt8], title: String) -> [UInt8]?

  /// - Parameter number: 1 for the first report, and growing.
  static func report(token: [UInt8], _ message: String, detail: JSONValue?, number: Int) -> [UInt8]

  /// What is sent when the work has ended; nil for nothing.
  static func end(token: [UInt8], _ message: String?) -> [UInt8]?
}
