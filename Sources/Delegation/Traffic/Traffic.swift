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
    let isCounted = begin(request.origin)
    let start = clock.now
    let outcome: Result<HTTPResponse, HTTPFailure>
    do throws(HTTPFailure) { outcome = .success(try await http.send(request)) } catch { outcome = .failure(error) }
    if isCounted {
      let elapsed = start.duration(to: clock.now)
      servers.withLock { $0[request.origin]?.count(outcome, after: elapsed) }
    }
    return try outcome.get()
  }

  private func begin(_ origin: Origin) -> Bool {
    servers.withLock { servers in
      guard servers[origin] != nil || servers.count < Self.maximumServers else { return false }
      servers[origin, default: ServerTraffic()].inFlight += 1
      return true
    }
  }
}
