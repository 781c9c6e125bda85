import Delegation
import Glibc

/// A request that has been checked and says everything a transfer needs.
struct PreparedRequest: Sendable {
  let method: RequestMethod
  let url: String
  let target: String
  let headerLines: [String]
  let userAgent: String
  let body: [UInt8]?
  let deadline: ContinuousClock.Instant
  let connectDeadline: ContinuousClock.Instant
  let idleTimeout: Duration?
  let maximumResponseBytes: Int
  let idleTime: Duration
  let isEncrypted: Bool
  let isLoopback: Bool
  let route: ProxyRoute
  let roots: RootsBundle
  /// Stands for what must be looked up before a socket can be opened; nil for an address.
  let lookupName: String?

  /// - Throws: `.invalidRequest` for what must not go onto the wire, `.tlsFailed` for an unusable `caFile`, `.timedOut`
  ///   when it is too late already.
  init(
    _ request: HTTPRequest,
    configuration: CurlHTTPClient.Configuration,
    roots: TrustedRoots
  ) throws(HTTPFailure) {
    let origin = request.origin
    guard origin.scheme == .https || origin.isLoopback else {
      throw .invalidRequest(found: "plain http to \(printable(origin.host)); only loopback may go without TLS")
    }
    guard request.body == nil || !request.method.onlyReads else {
      throw .invalidRequest(found: "a \(request.method.rawValue) with a body")
    }
    guard request.deadline > .now else { throw .timedOut(phase: .resolve, requestSent: false) }
    method = request.method
    url = try RequestURL.text(of: origin)
    target = try Self.checkedTarget(request.target)
    headerLines = try HeaderLines.make(request.headers)
    userAgent = configuration.userAgent
    body = request.body
    deadline = request.deadline
    connectDeadline = min(request.deadline, .now + request.connectTimeout)
    idleTimeout = request.idleTimeout
    maximumResponseBytes = request.maximumResponseBytes
    idleTime = configuration.idleTime
    isEncrypted = origin.scheme == .https
    isLoopback = origin.isLoopback
    route = try ProxyRoute(request, configuration: configuration)
    self.roots = try roots.bundle(adding: request.caFile)
    // Behind a proxy it is the proxy's name, or the origin's too, which some proxies leave to us.
    lookupName = isAddress(origin.host) || isLoopback ? nil : "\(route.proxy) \(origin.host)"
  }

  private static func checkedTarget(_ target: String) throws(HTTPFailure) -> String {
    let isPlain = target.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
    guard target.utf8.first == UInt8(ascii: "/"), isPlain else {
      throw .invalidRequest(
        found: "a request target that does not start with '/' or holds a space, '#', control or non-ASCII character"
      )
    }
    return target
  }
}

private func isAddress(_ host: String) -> Bool {
  var address = in6_addr()
  return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1
}
