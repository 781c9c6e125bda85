/// Scheme, host and port of a server (RFC 6454): the whole of where a request may go.
package struct Origin: Sendable, Hashable {
  package enum Scheme: String, Sendable {
    case https
    case http
  }

  package let scheme: Scheme
  /// Lower case; an IPv6 address without its brackets.
  package let host: String
  package let port: Int

  package init(scheme: Scheme, host: String, port: Int) {
    self.scheme = scheme
    self.host = host
    self.port = port
  }

  /// `https://host` without a default port: the form that is shown and compared.
  package var text: String {
    let shownHost = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    let isDefault = port == (scheme == .https ? 443 : 80)
    return "\(scheme.rawValue)://\(shownHost)" + (isDefault ? "" : ":\(port)")
  }

  /// 127.0.0.0/8, ::1 and `localhost`, which is pinned to them.
  package var isLoopback: Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
