import JSON

/// The headers that a caller may add to a request.
///
/// Refused is what frames the message or belongs to one connection (RFC 9110 section 7.6.1), what says who calls, from
/// where or to where, and what makes another method or path of the request than policy was asked about. Names are compared
/// as gateways do that take `_` for `-`.
enum APIHeaders {
  static let maximumCount = 100
  static let maximumBytes = 32 << 10

  private static let refused: Set<String> = [
    "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings", "host",
    "content-length", "expect", "max-forwards",
    "authorization", "cookie", "cookie2", "remote-user",
    "forwarded", "x-forwarded", "proxy", "client-cert", "client-cert-chain", "x-client-cert", "via", "x-host",
    "x-real-ip", "x-client-ip", "x-cluster-client-ip", "client-ip", "true-client-ip",
    "x-http-method", "x-http-method-override", "x-method", "x-method-override",
  ]
  /// Those of proxies, of WebLogic's plug-ins and of Oracle Access Manager, which tell a server whom it serves, among them.
  private static let refusedBeginnings = [
    "proxy-", "x-forwarded-", "x-original-", "x-rewrite-", "x-remote-", "x-ssl-", "ssl-", "wl-proxy-", "x-weblogic-",
    "oam-", "osso-", "iv-",
  ]

  static func lines(_ headers: RawJSON?) throws(ParamsFailure) -> [(name: String, value: String)] {
    guard let headers else { return [] }
    guard let members = headers.element.members else { throw ParamsFailure("headers", "must be an object") }
    var lines: [(name: String, value: String)] = []
    var bytes = 0
    for member in members {
      try check(name: member.name)
      for element in member.value.elements.map(Array.init) ?? [member.value] {
        guard let value = element.string else {
          throw ParamsFailure("headers.\(member.name)", "must be a string or an array of strings")
        }
        guard value.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
          throw ParamsFailure("headers.\(member.name)", "must be printable ASCII")
        }
        lines.append((name: member.name, value: value))
        bytes += member.name.utf8.count + value.utf8.count + 4
        guard lines.count <= maximumCount, bytes <= maximumBytes else {
          throw ParamsFailure("headers", "must be at most \(maximumCount) lines and \(maximumBytes) bytes together")
        }
      }
    }
    guard lines.count(where: { $0.name.lowercased() == "content-type" }) <= 1 else {
      throw ParamsFailure("headers", "must hold Content-Type once")
    }
    return lines
  }

  private static func check(name: String) throws(ParamsFailure) {
    guard (1...256).contains(name.utf8.count), name.utf8.allSatisfy(isTokenByte) else {
      throw ParamsFailure("headers", "has a name that is no token of 1 to 256 bytes (RFC 9110 section 5.6.2)")
    }
    let plain = name.lowercased().replacing("_", with: "-")
    // Under another spelling a batch would not be seen as one.
    let isDisguised = plain == "content-type" && name.utf8.contains(UInt8(ascii: "_"))
    guard !isDisguised, !refused.contains(plain), !refusedBeginnings.contains(where: plain.hasPrefix) else {
      throw ParamsFailure(
        "headers.\(name)",
        "may not be set: it would change the connection, the method, the way or the user of the request"
      )
    }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    FieldRules.isAlphanumeric(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
