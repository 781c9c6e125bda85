/// One exchange: assertions minted, posted, the answer read and proven to be the user. No cache, no retry.
package struct TokenExchange: Sendable {
  let mint: AssertionMint
  let store: any SecretStore
  let http: any HTTPClient
  let wallClock: any WallClock

  package init(mint: AssertionMint, store: any SecretStore, http: any HTTPClient, wallClock: any WallClock) {
    self.mint = mint
    self.store = store
    self.http = http
    self.wallClock = wallClock
  }

  /// An access token that is the user.
  package func exchange(
    _ grant: UserGrant,
    scope: String,
    profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> AccessToken {
    let assertion: String
    switch grant {
    case .subject(let subject):
      assertion = try await mint.mint(profile, subject: subject, deadline: deadline).text
    case .userToken(let token, _): assertion = token
    }
    let issued = try await request(assertion: assertion, scope: scope, profile: profile, deadline: deadline)
    do { try TokenFidelity.check(issued.token, is: grant.subject, profile: profile) } catch { throw .token(error) }
    return AccessToken(
      text: issued.token,
      scope: scope,
      subject: grant.subject.text,
      expiresAt: wallClock.now().advanced(bySeconds: issued.expiresInSeconds)
    )
  }

  /// Whether the domain knows the client: a token of the client itself is asked for and thrown away.
  package func tryClient(_ profile: Profile, deadline: ContinuousClock.Instant) async throws(Failure) {
    _ = try await request(assertion: nil, scope: profile.scope, profile: profile, deadline: deadline)
  }

  private func request(
    assertion: String?,
    scope: String,
    profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> TokenResponse.Grant {
    let domain = try profile.identityDomain
    let client: TokenRequest.Client =
      switch profile.clientAuthentication {
      case .clientAssertion: .assertion(try await mint.mint(profile, subject: nil, deadline: deadline).text)
      case .clientSecretBasic: .basic(try await basicCredentials(profile, deadline: deadline))
      }
    let request = TokenRequest(assertion: assertion, client: client, scope: scope)
    try mint.ring.lockdown.requireOpen()
    let response: HTTPResponse
    do throws(HTTPFailure) {
      response = try await http.send(request.http(to: domain, profile: profile, deadline: deadline))
    } catch .cancelled {
      throw .abandoned
    } catch {
      throw .network(NetworkFailure(.identityDomain, server: domain.text, problem: .http(error)))
    }
    let context = RefusalContext(
      server: domain.text,
      clientAuthentication: profile.clientAuthentication,
      answeredAt: wallClock.now()
    )
    return try TokenResponse.parse(response, context: context)
  }

  /// RFC 7617, as Oracle's page has it: the id and the secret as they are.
  private func basicCredentials(_ profile: Profile, deadline: ContinuousClock.Instant) async throws(Failure) -> String {
    guard let secret = try await clientSecret(of: profile, deadline: deadline) else {
      throw .token(.noClientSecret(profile: profile.name))
    }
    let prefix = Array("\(profile.clientId):".utf8)
    return secret.withUnsafeBytes { "Basic " + Base64.encode(prefix + $0, as: .standard) }
  }

  private func clientSecret(
    of profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> SecretBytes? {
    do { return try await store.read(.clientSecret(of: profile), deadline: deadline) } catch {
      throw .store(error, store: store.name)
    }
  }
}

extension Profile {
  /// Where tokens come from. A profile of the book is validated, so a failure here is one of ours.
  var identityDomain: Origin {
    get throws(Failure) { try Self.origin(identityDomainUrl, of: self, field: "identityDomainUrl") }
  }

  /// Where tokens are used, and nowhere else (invariant 5).
  var fusion: Origin {
    get throws(Failure) { try Self.origin(fusionUrl, of: self, field: "fusionUrl") }
  }

  private static func origin(_ text: String, of profile: Profile, field: String) throws(Failure) -> Origin {
    do { return try Origin(parsing: text) } catch {
      throw .profile(.invalid(profile: profile.name, field: field, problem: error.text))
    }
  }
}
