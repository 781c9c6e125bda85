import JSON

/// What answers where an identity domain has its discovery document.
///
/// Its `issuer` is not compared: at Oracle it is the same for all domains, and never the host it was found at.
enum DiscoveryFinding {
  private static let whereItStands =
    "Copy the Domain URL from the domain's page in the OCI console to identityDomainUrl."

  static func of(_ response: HTTPResponse, from domain: Origin) -> Finding {
    let host = domain.text
    switch response.status {
    case 200..<300: return of(response.body, response.header("content-type"), from: domain)
    case 300..<400:
      return Finding(
        .fail,
        "\(host) answers with a redirect (\(response.status)) in place of its discovery document.",
        hint: "\(whereItStands) A captive portal or a proxy may also answer in its place."
      )
    case 500...:
      return Finding(
        .warn,
        "\(host) failed when it was asked for its discovery document (\(response.status)).",
        hint: "The document is not needed. Where the check client fails too, the domain is down: look at Oracle's "
          + "status page."
      )
    default:
      return Finding(
        .warn,
        "\(host) does not show its discovery document (\(response.status)).",
        hint: "The document is not needed. Where the check client fails too, the URL may be wrong: \(whereItStands)"
      )
    }
  }

  private static func of(_ body: [UInt8], _ type: String?, from domain: Origin) -> Finding {
    guard let document = try? JSONValue(parsing: body), case .object = document else {
      let isPage = type?.lowercased().hasPrefix("text/html") == true || body.first { $0 > 0x20 } == UInt8(ascii: "<")
      return Finding(
        .fail,
        "\(domain.text) answers with \(isPage ? "a web page" : "something else") in place of its discovery document.",
        hint: "\(whereItStands) A captive portal or a proxy may also answer in its place."
      )
    }
    guard case .string(let endpoint) = document["token_endpoint"] else {
      return Finding(
        .warn,
        "The discovery document of \(domain.text) names no token endpoint.",
        hint: "The document is not needed. Where the check client fails too, the URL may be wrong: \(whereItStands)"
      )
    }
    guard isOurs(endpoint, domain) else {
      return Finding(
        .warn,
        "The discovery document of \(domain.text) names a token endpoint elsewhere, which is not used.",
        hint: "This may be an alias of the domain, or another domain. \(whereItStands)"
      )
    }
    return Finding(.pass, "\(domain.text) is an identity domain, and its token endpoint is the one that is used.")
  }

  /// Oracle writes the port out: `https://idcs-….identity.oraclecloud.com:443/oauth2/v1/token`.
  private static func isOurs(_ endpoint: String, _ domain: Origin) -> Bool {
    guard endpoint.utf8.count <= 1000, endpoint.hasSuffix(TokenRequest.path) else { return false }
    return (try? Origin(parsing: String(endpoint.dropLast(TokenRequest.path.utf8.count)))) == domain
  }
}
