import CCurl
package import Delegation
import Synchronization

/// `HTTPClient` over libcurl: one loop on one thread, which starts with the first request.
///
/// Guarantees beyond the port: TLS 1.2 or newer, always verified against the system's roots and `caFile`; plain `http`
/// only to loopback addresses, checked at the socket; a request is never sent twice, not even where libcurl would
/// try again after a kept connection has died; nothing is read from the environment. OpenSSL must have been started
/// without its configuration file before the first request, since libcurl would load it. Bodies that are read while they
/// come may outlive the client: with it they end.
package final class CurlHTTPClient: HTTPClient {
  package struct Configuration: Sendable {
    /// `onbehalf/VERSION`.
    package var userAgent: String
    /// What `https_proxy` and `no_proxy` said.
    package var proxy: String?
    package var noProxy: String?
    /// The system's roots, a PEM bundle; nil is the one libcurl was built for.
    package var systemRoots: String?
    /// How long a connection is kept without a request.
    package var idleTime = Duration.seconds(60)

    package init(userAgent: String, proxy: String? = nil, noProxy: String? = nil) {
      self.userAgent = userAgent
      self.proxy = proxy
      self.noProxy = noProxy
    }
  }

  /// Of the libcurl that is loaded, as `7.88.1`.
  package static var libraryVersion: String { String(cString: onbehalf_curl_version()) }

  private let configuration: Configuration
  private let roots: TrustedRoots
  private let loop: TransferLoop
  private let lastID = Atomic<UInt64>(0)

  package init(_ configuration: Configuration) {
    self.configuration = configuration
    roots = TrustedRoots(system: configuration.systemRoots)
    loop = TransferLoop(idleTime: configuration.idleTime)
  }

  deinit { loop.stop() }

  package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    let prepared = try PreparedRequest(request, configuration: configuration, roots: roots)
    let id = lastID.add(1, ordering: .relaxed).newValue
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.start(Job(id: id, request: prepared, purpose: .request(continuation)))
        // A task cancelled before this line had its handler run when there was nothing to cancel yet.
        if Task.isCancelled { loop.cancel(id) }
      }
    } onCancel: {
      loop.cancel(id)
    }
    return try outcome.get()
  }

  package func open(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPStreamedResponse {
    let prepared = try PreparedRequest(request, configuration: configuration, roots: roots)
    let id = lastID.add(1, ordering: .relaxed).newValue
    let channel = BodyChannel()
    let body = CurlBody(id, channel, loop)
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { opened in
        loop.start(Job(id: id, request: prepared, purpose: .stream(opened, channel)))
        if Task.isCancelled { loop.cancel(id) }
      }
    } onCancel: {
      loop.cancel(id)
    }
    let head = try outcome.get()
    return HTTPStreamedResponse(status: head.status, headers: head.headers, date: head.date, body: body)
  }
}
