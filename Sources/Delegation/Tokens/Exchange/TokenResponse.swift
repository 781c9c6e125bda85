import JSON

/// What the token endpoint answered, read strictly.
enum TokenResponse {
  /// A token, with the life it has from now, and the `Date` of the answer.
  struct Grant {
    let token: String
    let expiresInSeconds: Int64
    let date: UnixTime?
  }

  /// RFC 6749 section 5.1. A 200 that carries `error` is a refusal.
  static func parse(_ response: HTTPResponse, context: RefusalContext) throws(Failure) -> Grant {
    if (300..<400).contains(response.status) {
      throw .network(
        NetworkFailure(.identityDomain, server: context.server, problem: .unexpectedRedirect(status: response.status))
      )
    }
    let value = try? JSONValue(parsing: response.body)
    guard (200..<300).contains(response.status), value?["error"] == nil else {
      throw .token(.refused(context.refusal(response, value)))
    }
    func malformed(_ found: String) -> Failure {
      .network(NetworkFailure(.identityDomain, server: context.server, problem: .malformed(found: found)))
    }
    guard let value else { throw malformed("a token answer that is not JSON") }
    guard case .string(let token) = value["access_token"] else { throw malformed("an answer without access_token") }
    guard case .string(let type) = value["token_type"], type.lowercased() == "bearer" else {
      throw malformed("a token_type other than Bearer")
    }
    guard (1...JWT.maximumBytes).contains(token.utf8.count), token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw malformed("an access_token that cannot stand in a header")
    }
    guard let seconds = lifetime(value["expires_in"], token: token), (1...31_536_000).contains(seconds) else {
      throw malformed("an answer without a usable expires_in")
    }
    return Grant(token: token, expiresInSeconds: seconds, date: response.date)
  }

  /// Some servers send `expires_in` as a string; without it the token's own times say how long it lives.
  private static func lifetime(_ value: JSONValue?, token: String) -> Int64? {
    switch value {
    case .number(let number): return number.integer()
    case .string(let text): return Int64(text)
    case nil, .null:
      guard let jwt = JWT(decoding: token), let issued = jwt.integer("iat"), let expires = jwt.integer("exp") else {
        return nil
      }
      let (life, overflow) = expires.subtractingReportingOverflow(issued)
      return overflow ? nil : life
    default: return nil
    }
  }
}
