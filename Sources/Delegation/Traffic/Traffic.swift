import Synchronization

/// The HTTP client of the domain, which counts what passes through it for each server.
package final class Traffic: HTTPClient {
  /// Servers that are told apart. Those met when there are so many are not counted.
  package static let maximumServers = 256

  private let http: any HTTPClient
  private let clock: any MonotonicClock
  private let servers = Mutex<[Origin: ServerTraffic]>([:])

  package init(over http: any HTTPClient, clock: any MonotonicClock) {
    self.http = http
    self.clock = clock
  }

  package var snapshot: [Origin: ServerTraffic] { servers.withLock(\.self) }

  package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let count = begin(request.origin)
    do throws(HTTPFailure) {
      let response = try await http.send(request)
      count(.success(response.status), clock.now)
      return response
    } catch {
      count(.failure(error), clock.now)
      throw error
    }
  }

  package func open(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPStreamedResponse {
    let count = begin(request.origin)
    do throws(HTTPFailure) {
      let response = try await http.open(request)
      let headTime = clock.now
      let body = CountedBody(response.body) { failure in
        count(failure.map { .failure($0) } ?? .success(response.status), headTime)
      }
      return HTTPStreamedResponse(status: response.status, headers: response.headers, date: response.date, body: body)
    } catch {
      count(.failure(error), clock.now)
      throw error
    }
  }

  /// What counts the outcome of the attempt that begins now; to be called once, with the moment its latency ends at.
  private func begin(_ origin: Origin) -> @Sendable (Result<Int, HTTPFailure>, ContinuousClock.Instant) -> Void {
    let isCounted = servers.withLock { servers in
      guard servers[origin] != nil || servers.count < Self.maximumServers else { return false }
      servers[origin, default: ServerTraffic()].inFlight += 1
      return true
    }
    guard isCounted else { return { _, _ in } }
    let start = clock.now
    return { outcome, end in
      self.servers.withLock { $0[origin]?.count(outcome, after: start.duration(to: end)) }
    }
  }
}

/// A body that tells once how it ended: whole or closed by its reader, who had enough, or broken.
private final class CountedBody: HTTPBody {
  private let body: any HTTPBody
  private let onEnd: Mutex<(@Sendable (HTTPFailure?) -> Void)?>

  init(_ body: any HTTPBody, onEnd: @escaping @Sendable (HTTPFailure?) -> Void) {
    self.body = body
    self.onEnd = Mutex(onEnd)
  }

  deinit { ended(nil) }

  func next() async throws(HTTPFailure) -> [UInt8]? {
    do throws(HTTPFailure) {
      let bytes = try await body.next()
      if bytes == nil { ended(nil) }
      return bytes
    } catch {
      ended(error)
      throw error
    }
  }

  func close() {
    // Counted first: the reader who is told of it is told that it was cancelled.
    ended(nil)
    body.close()
  }

  private func ended(_ failure: HTTPFailure?) {
    let tell = onEnd.withLock { onEnd in
      defer { onEnd = nil }
      return onEnd
    }
    tell?(failure)
  }
}
