import Delegation

/// What the loop is asked for, with the one who waits for it.
struct Job: Sendable {
  /// Whoever waits is resumed exactly once, by the loop.
  enum Purpose: Sendable {
    case request(CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>)
    /// The head goes to who waits, the body through the channel.
    case stream(CheckedContinuation<Result<ResponseHead, HTTPFailure>, Never>, BodyChannel)
    case look(Look, CheckedContinuation<ConnectionReport, Never>)
  }

  let id: UInt64
  let request: PreparedRequest
  let purpose: Purpose

  /// It has ended before anything was tried.
  func fail(_ failure: HTTPFailure) {
    switch purpose {
    case .request(let continuation): continuation.resume(returning: .failure(failure))
    case .stream(let opened, let channel):
      channel.end(failure)
      opened.resume(returning: .failure(failure))
    case .look(_, let continuation):
      var report = ConnectionReport()
      report.proxy = request.route.shown
      report.problem = ConnectionReport.Problem(beforeTheWay: failure)
      continuation.resume(returning: report)
    }
  }
}

/// How a look takes the server's certificate.
enum Look: Sendable {
  /// As a request does.
  case verifying
  /// To read a certificate that was not accepted. Nothing else comes of it.
  case reading
}

extension ConnectionReport.Problem {
  /// What kept a look from setting out.
  init(beforeTheWay failure: HTTPFailure) {
    switch failure {
    case .cancelled: self.init(.lookup, .cancelled)
    case .timedOut: self.init(.lookup, .timedOut)
    case .unreachable(let found), .broken(let found, _): self.init(.lookup, .failed(found: found))
    case .tlsFailed(let found): self.init(.tls, .failed(found: found))
    case .invalidRequest(let found): self.init(.settings, .failed(found: found))
    case .responseTooLarge: self.init(.settings, .failed(found: "too large"))
    }
  }
}
