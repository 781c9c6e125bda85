/// The form of a token request, exactly as Oracle's ClientAssertion page shows it (RFC 7523 sections 2.1 and 2.2).
struct TokenRequest {
  static let path = "/oauth2/v1/token"
  static let jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  static let clientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

  enum Client {
    case assertion(String)
    /// The value of the `Authorization` header.
    case basic(String)
  }

  /// The user assertion; nil asks for a token of the client itself, which only `diagnose` does.
  let assertion: String?
  let client: Client
  let scope: String

  /// What the domain may not send back.
  var credentials: SentCredentials {
    switch client {
    case .assertion(let text): return SentCredentials(jwts: [text] + (assertion.map { [$0] } ?? []))
    case .basic(let value):
      var credentials = SentCredentials(jwts: assertion.map { [$0] } ?? [])
      credentials.add(basic: value)
      return credentials
    }
  }

  /// The fields of the form, in the order in which they are sent.
  func fields(of profile: Profile) -> [(name: String, value: String)] {
    var fields = [(name: "grant_type", value: assertion == nil ? "client_credentials" : Self.jwtBearer)]
    if let assertion { fields.append((name: "assertion", value: assertion)) }
    fields.append((name: "scope", value: scope))
    if case .assertion(let text) = client {
      if assertion == nil { fields.append((name: "client_id", value: profile.clientId)) }
      fields.append((name: "client_assertion_type", value: Self.clientAssertionType))
      fields.append((name: "client_assertion", value: text))
    }
    return fields
  }

  func http(to domain: Origin, profile: Profile, deadline: ContinuousClock.Instant) -> HTTPRequest {
    var headers = [
      (name: "Content-Type", value: "application/x-www-form-urlencoded;charset=UTF-8"),
      (name: "Accept", value: "application/json"),
    ]
    if case .basic(let value) = client { headers.append((name: "Authorization", value: value)) }
    var request = HTTPRequest(
      method: .post,
      origin: domain,
      target: Self.path,
      headers: headers,
      body: FormEncoding.encode(fields(of: profile)),
      deadline: deadline
    )
    request.maximumResponseBytes = 1 << 20
    request.caFile = profile.caFile
    request.proxy = profile.proxy
    return request
  }
}
