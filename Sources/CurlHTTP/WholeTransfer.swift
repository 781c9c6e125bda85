import CCurl
import Delegation

/// A request whose answer is told when it is all there.
final class WholeTransfer: RequestTransfer {
  private let continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
  private var body: [UInt8] = []

  init(
    _ job: Job,
    _ continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
  ) throws(HTTPFailure) {
    self.continuation = continuation
    try super.init(job)
  }

  override func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard body.count + bytes.count <= job.request.maximumResponseBytes else {
      exceededLimit = job.request.maximumResponseBytes
      return 0
    }
    body.append(contentsOf: bytes)
    return bytes.count
  }

  override func conclusion(_ code: CURLcode) -> Conclusion {
    if let failure = failure(code) { return concluding(.failure(failure)) }
    let head = head
    return concluding(
      .success(HTTPResponse(status: head.status, headers: head.headers, body: body, date: head.date))
    )
  }

  override var cancelled: Conclusion { concluding(.failure(.cancelled(requestSent: isSent))) }

  private func concluding(_ outcome: Result<HTTPResponse, HTTPFailure>) -> Conclusion {
    let continuation = continuation
    var failure: HTTPFailure?
    if case .failure(let found) = outcome { failure = found }
    return Conclusion(failure: failure) { continuation.resume(returning: outcome) }
  }
}
