import CCurl
import Delegation

/// Which proxy libcurl is told of. Both texts are always set, so that it never looks into the environment.
struct ProxyRoute: Sendable, Equatable {
  /// A URL, or empty for none.
  let proxy: String
  /// Hosts that are reached directly, in the form of `no_proxy`.
  let exceptions: String

  /// Loopback is never proxied; the request's own proxy has no exceptions.
  init(_ request: HTTPRequest, configuration: CurlHTTPClient.Configuration) throws(HTTPFailure) {
    if request.origin.isLoopback {
      (proxy, exceptions) = ("", "")
    } else if let own = request.proxy, !own.isEmpty {
      (proxy, exceptions) = (try Self.checked(own), "")
    } else if let shared = configuration.proxy, !shared.isEmpty {
      (proxy, exceptions) = (try Self.checked(shared), configuration.noProxy ?? "")
    } else {
      (proxy, exceptions) = ("", "")
    }
  }

  /// Checked here because libcurl's own refusal quotes the URL, and a proxy's URL may hold a password.
  private static func checked(_ proxy: String) throws(HTTPFailure) -> String {
    let url = try ParsedURL()
    let text = proxy.contains("://") ? proxy : "http://\(proxy)"
    guard
      url.set(CURLUPART_URL, text),
      let scheme = url.get(CURLUPART_SCHEME),
      ["http", "https", "socks5", "socks5h"].contains(scheme),
      url.get(CURLUPART_HOST)?.isEmpty == false
    else {
      throw .invalidRequest(found: "a proxy that is no URL of the form http://host:port (https, socks5, socks5h)")
    }
    return text
  }
}
