/// The answer to a request that asks for events.
enum EventAnswer {
  /// A success whose body is a stream of events: to be read, and what to look for in it.
  case events(head: HTTPResponse, any HTTPBody, SentCredentials)
  /// Anything else, read whole and masked.
  case whole(HTTPResponse)

  /// As for any other answer.
  private static let maximumBytes = 16 << 20

  var status: Int {
    switch self {
    case .events(let head, _, _): head.status
    case .whole(let response): response.status
    }
  }

  init(_ response: HTTPStreamedResponse, masking credentials: SentCredentials) async throws(HTTPFailure) {
    func masked(_ bytes: [UInt8]) -> HTTPResponse {
      credentials.masked(
        HTTPResponse(status: response.status, headers: response.headers, body: bytes, date: response.date)
      )
    }
    let type = MediaType(response.header("content-type"))
    if (200..<300).contains(response.status), type.name == "text/event-stream" {
      self = .events(head: masked([]), response.body, credentials)
      return
    }
    var bytes: [UInt8] = []
    while let piece = try await response.body.next() {
      bytes += piece
      guard bytes.count <= Self.maximumBytes else {
        response.body.close()
        throw .responseTooLarge(limit: Self.maximumBytes)
      }
    }
    self = .whole(masked(bytes))
  }
}
