/// Sends one HTTP request once: no retry, no redirect, no cookie, no cache.
package protocol HTTPClient: Sendable {
  /// The answer, whatever its status.
  ///
  /// Cancelling the task closes the transfer and throws `.cancelled`.
  func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse

  /// The head of the answer, as soon as it is there; its body follows piece by piece, as the reader asks.
  ///
  /// Cancelling the task closes the transfer and throws `.cancelled`.
  func open(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPStreamedResponse
}

package struct HTTPRequest: Sendable {
  package var method: RequestMethod
  package var origin: Origin
  /// Path and query exactly as they go onto the wire; starts with `/`.
  package var target: String
  /// Sent as given. A value with a control character is refused.
  package var headers: [(name: String, value: String)]
  /// Nil for GET and HEAD, to which a body has no meaning (RFC 9110 section 9.3.1).
  package var body: [UInt8]?
  /// The whole attempt ends by here.
  package var deadline: ContinuousClock.Instant
  /// How long DNS, TCP and TLS may take together.
  package var connectTimeout: Duration = .seconds(10)
  /// How long the server may be silent between two bytes of a body that `open` reads; nil is until the deadline. The time
  /// in which nobody asks for more is not its silence.
  package var idleTimeout: Duration?
  /// A longer body, or the whole of one that comes piece by piece, is `.responseTooLarge`.
  package var maximumResponseBytes: Int = 16 << 20
  /// A PEM bundle added to the system's roots.
  package var caFile: String?
  /// Overrides `https_proxy`/`no_proxy` when set. Never used for loopback.
  package var proxy: String?

  package init(
    method: RequestMethod,
    origin: Origin,
    target: String,
    headers: [(name: String, value: String)] = [],
    body: [UInt8]? = nil,
    deadline: ContinuousClock.Instant
  ) {
    self.method = method
    self.origin = origin
    self.target = target
    self.headers = headers
    self.body = body
    self.deadline = deadline
  }
}

package struct HTTPResponse: Sendable {
  package let status: Int
  /// In order of arrival, names in lower case.
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]
  /// The `Date` header, when it could be read (RFC 9110 section 5.6.7).
  package let date: UnixTime?

  package init(status: Int, headers: [(name: String, value: String)], body: [UInt8], date: UnixTime?) {
    self.status = status
    self.headers = headers
    self.body = body
    self.date = date
  }

  /// The first value of a header, by its lower-case name.
  package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// An answer whose body is still to come.
package struct HTTPStreamedResponse: Sendable {
  package let status: Int
  /// In order of arrival, names in lower case.
  package let headers: [(name: String, value: String)]
  /// The `Date` header, when it could be read (RFC 9110 section 5.6.7).
  package let date: UnixTime?
  package let body: any HTTPBody

  package init(status: Int, headers: [(name: String, value: String)], date: UnixTime?, body: any HTTPBody) {
    self.status = status
    self.headers = headers
    self.date = date
    self.body = body
  }

  /// The first value of a header, by its lower-case name.
  package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// The body of an answer, as it comes. Read by one reader; whoever drops it closes it.
package protocol HTTPBody: Sendable {
  /// The next bytes, never empty; nil at the end of the body. Bounded: while nobody asks, the connection is not read on.
  ///
  /// Cancelling the task closes the transfer and throws `.cancelled`. What ended the body is thrown again when asked again.
  func next() async throws(HTTPFailure) -> [UInt8]?

  /// Ends the transfer. May be called at any time and more than once; a reader who waits is told `.cancelled`.
  func close()
}

/// Why there is no answer.
package enum HTTPFailure: Error, Sendable, Equatable {
  /// No connection: DNS, refused, reset before anything was sent. `found` is the transport's own text.
  case unreachable(found: String)
  /// The certificate was not accepted or TLS could not be agreed.
  case tlsFailed(found: String)
  /// Nothing by the deadline. `phase` is the last thing waited for.
  case timedOut(phase: Phase, requestSent: Bool)
  /// The connection ended before the answer was whole.
  case broken(found: String, requestSent: Bool)
  case responseTooLarge(limit: Int)
  /// The request itself cannot be sent: a control character in a header, a URL that does not parse to its origin.
  case invalidRequest(found: String)
  case cancelled(requestSent: Bool)

  package enum Phase: String, Sendable {
    case resolve
    case connect
    case response
  }
}
