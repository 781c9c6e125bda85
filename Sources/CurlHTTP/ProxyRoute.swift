import CCurl
import Delegation

/// Which proxy libcurl is told of. It is always told, so that it never looks into the environment.
struct ProxyRoute: Sendable, Equatable {
  /// A URL, or empty for none.
  let proxy: String
  /// For who may read it: without a user and a password. Nil for none.
  let shown: ConnectionReport.Proxy?

  /// Loopback is never proxied; the request's own proxy has no exceptions.
  init(_ request: HTTPRequest, configuration: CurlHTTPClient.Configuration) throws(HTTPFailure) {
    if request.origin.isLoopback {
      (proxy, shown) = ("", nil)
    } else if let own = request.proxy, !own.isEmpty {
      (proxy, shown) = try Self.checked(own, from: .profile)
    } else if let shared = configuration.proxy, !shared.isEmpty,
      !ProxyExceptions(configuration.noProxy ?? "").contain(request.origin.host)
    {
      (proxy, shown) = try Self.checked(shared, from: .environment)
    } else {
      (proxy, shown) = ("", nil)
    }
  }

  /// Checked here because libcurl's own refusal quotes the URL, and a proxy's URL may hold a password.
  private static func checked(
    _ proxy: String,
    from source: ConnectionReport.Proxy.Source
  ) throws(HTTPFailure) -> (String, ConnectionReport.Proxy) {
    let url = try ParsedURL()
    let text = proxy.contains("://") ? proxy : "http://\(proxy)"
    guard
      // SOCKS is nothing that is fetched, so to libcurl's parser it is another scheme.
      url.set(CURLUPART_URL, text, flags: Int32(CURLU_NON_SUPPORT_SCHEME)),
      let scheme = url.get(CURLUPART_SCHEME),
      ["http", "https", "socks5", "socks5h"].contains(scheme),
      let host = url.get(CURLUPART_HOST), !host.isEmpty
    else {
      throw .invalidRequest(found: "a proxy that is no URL of the form http://host:port (https, socks5, socks5h)")
    }
    // Without one libcurl takes that of SOCKS, also for http: whoever forgot it has to see that.
    let port = url.get(CURLUPART_PORT) ?? (scheme == "https" ? "443" : "1080")
    return (text, ConnectionReport.Proxy(url: printable("\(scheme)://\(host):\(port)"), source: source))
  }
}
