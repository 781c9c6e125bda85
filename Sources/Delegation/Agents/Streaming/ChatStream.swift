/// The events of one answer of the `chat` endpoint, as they come.
struct ChatStream {
  let body: any HTTPBody
  private let credentials: SentCredentials
  private let server: String
  private var events = EventStreamDecoder()
  private var hasEnded = false

  init(_ body: any HTTPBody, masking credentials: SentCredentials, server: String) {
    self.body = body
    self.credentials = credentials
    self.server = server
  }

  /// The next event, or nil when the body has come to its own end.
  ///
  /// - Throws: `.abandoned`, or `.network` when it broke off or cannot be read.
  mutating func next() async throws(Failure) -> ChatEvent? {
    while true {
      if let data = try whole() { return try event(data) }
      if hasEnded { return nil }
      let bytes: [UInt8]?
      do { bytes = try await body.next() } catch .cancelled { throw .abandoned } catch { throw failure(.http(error)) }
      if let bytes { events.push(bytes) } else { events.finish() }
      hasEnded = bytes == nil
    }
  }

  func close() { body.close() }

  func failure(_ problem: NetworkFailure.Problem) -> Failure {
    .network(NetworkFailure(.pod, server: server, problem: problem))
  }

  private mutating func whole() throws(Failure) -> [UInt8]? {
    do { return try events.next() } catch { throw failure(.http(.responseTooLarge(limit: error.limit))) }
  }

  /// The delta is left as it is: what it repeats of the token may go on in the next one, and is looked for there.
  private func event(_ data: [UInt8]) throws(Failure) -> ChatEvent {
    let masked = credentials.masked(data)
    do {
      var event = try ChatEvent(parsing: masked)
      if masked != data { event.delta = try ChatEvent(parsing: data).delta }
      return event
    } catch {
      throw failure(.malformed(found: error.found))
    }
  }
}
