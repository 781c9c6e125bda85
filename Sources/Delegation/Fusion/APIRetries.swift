/// Whether a request is sent again, and when.
///
/// One that may be repeated is, after a failure of the connection and after 502, 503 and 504, one that only reads after
/// 429 too; any other only when nothing of it was sent. At most 3 times, after 0.2 s, 0.6 s and 1.8 s, each ± 20 %, or as
/// late as `Retry-After` says.
struct APIRetries {
  private let onlyReads: Bool
  private let isRepeatable: Bool
  private let random: any Randomness
  private var step: Duration = .milliseconds(200)
  private var left = 3

  init(_ call: APICall, random: any Randomness) {
    onlyReads = call.method.onlyReads
    isRepeatable = call.isRepeatable
    self.random = random
  }

  /// Of a request that changes nothing, whatever its method.
  init(readingWith random: any Randomness) {
    onlyReads = true
    isRepeatable = true
    self.random = random
  }

  /// What comes of it in the end, within the caller's time.
  mutating func answer(
    to what: String,
    on clock: any MonotonicClock,
    for caller: any Caller,
    _ attempt: () async throws(Failure) -> HTTPResponse
  ) async throws(Failure) -> HTTPResponse {
    while true {
      let outcome: Result<HTTPResponse, Failure>
      do throws(Failure) { outcome = .success(try await attempt()) } catch { outcome = .failure(error) }
      guard let pause = pause(after: outcome), clock.now.advanced(by: pause) < caller.deadline else {
        return try outcome.get()
      }
      caller.leaveCommitPoint()
      caller.report("\(what) was not answered; asking again.", detail: nil)
      do { try await clock.sleep(until: clock.now.advanced(by: pause), tolerance: nil) } catch { throw .abandoned }
    }
  }

  /// Nil: what came of it is the answer.
  mutating func pause(after outcome: Result<HTTPResponse, Failure>) -> Duration? {
    guard left > 0, mayHelp(outcome) else { return nil }
    left -= 1
    let pause = random.spread(step, byPercent: 20)
    step *= 3
    guard case .success(let response) = outcome, let milliseconds = RetryAfter.milliseconds(response) else {
      return pause
    }
    return max(pause, .milliseconds(milliseconds))
  }

  private func mayHelp(_ outcome: Result<HTTPResponse, Failure>) -> Bool {
    switch outcome {
    case .success(let response):
      switch response.status {
      case 502, 503, 504: isRepeatable
      case 429: onlyReads
      default: false
      }
    case .failure(.network(let failure)) where failure.party == .pod:
      switch failure.problem {
      case .http(.unreachable): true
      case .http(.broken(_, let isSent)), .http(.timedOut(_, let isSent)): isRepeatable || !isSent
      case .http(.tlsFailed), .http(.responseTooLarge), .http(.invalidRequest), .http(.cancelled), .unexpectedRedirect,
        .malformed:
        false
      }
    case .failure: false
    }
  }
}

extension RequestMethod {
  /// Whether a request that was sent may be sent once more: it is idempotent (RFC 9110 section 9.2.2), and so is its
  /// answer. When the first was carried out, the second meets a condition that holds no more, and 412 would say that
  /// nothing has happened.
  func isRepeatable(with headers: [(name: String, value: String)]) -> Bool {
    onlyReads || isIdempotent && !headers.contains { $0.name.lowercased().hasPrefix("if-") }
  }
}

extension APICall {
  var isRepeatable: Bool { method.isRepeatable(with: headers) }
}
