/// One attempt at an exchange: assertions minted, posted, the answer read and proven to be the user. No cache, no retry.
struct TokenAttempt: Sendable {
  let mint: AssertionMint
  let store: any SecretStore
  let http: any HTTPClient
  let wallClock: any WallClock
  let monotonicClock: any MonotonicClock

  /// An access token that is the user.
  func user(
    _ grant: UserGrant,
    scope: String,
    profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> AccessToken {
    var facts = AuditFacts(profile: profile.name, subject: grant.subject.text)
    facts.grant = grant.audited
    facts.scope = scope
    let user: UserAssertion
    switch grant {
    case .subject(let subject):
      user = .draft(try await mint.draft(profile, subject: subject, deadline: deadline))
    case .userToken(let token, _):
      user = .token(token)
    }
    return try await request(user, facts, scope: scope, profile: profile, deadline: deadline) {
      issued throws(TokenFailure) in
      let end = try TokenFidelity.check(issued.token, is: grant.subject, scope: scope, profile: profile)
      let clocks = [clock(of: profile).shown, issued.date, wallClock.now()].compactMap(\.self)
      let life = try TokenFidelity.life(of: issued, until: end, by: clocks)
      return AccessToken(
        text: issued.token,
        scope: scope,
        subject: grant.subject.text,
        lifeSeconds: life,
        came: ClockSetting(wallClock.now(), at: monotonicClock.now)
      )
    }
  }

  /// Whether the domain knows the client: a token of the client itself is asked for and thrown away.
  func client(_ profile: Profile, deadline: ContinuousClock.Instant) async throws(Failure) {
    var facts = AuditFacts(profile: profile.name)
    facts.scope = profile.scope
    try await request(.none, facts, scope: profile.scope, profile: profile, deadline: deadline) { _ in }
  }

  /// Who the user is, as the domain will be told.
  private enum UserAssertion {
    case draft(AssertionMint.Draft)
    case token(String)
    case none

    var dated: ClockSetting? { if case .draft(let draft) = self { draft.dated } else { nil } }
    var isUsersOwn: Bool { if case .token = self { true } else { false } }
  }

  /// How the client says who it is.
  private enum ClientCredentials {
    case draft(AssertionMint.Draft)
    case basic(String)

    var dated: ClockSetting? { if case .draft(let draft) = self { draft.dated } else { nil } }
  }

  /// Everything up to the first signature is made before the intent, and the answer is accepted before the outcome.
  private func request<Value>(
    _ user: UserAssertion,
    _ facts: AuditFacts,
    scope: String,
    profile: Profile,
    deadline: ContinuousClock.Instant,
    accepting accept: (TokenResponse.Grant) throws(TokenFailure) -> Value
  ) async throws(Failure) -> Value {
    let domain = try profile.identityDomain
    let client: ClientCredentials =
      switch profile.clientAuthentication {
      case .clientAssertion: .draft(try await mint.draft(profile, subject: nil, deadline: deadline))
      case .clientSecretBasic: .basic(try await basicCredentials(profile, deadline: deadline))
      }
    var facts = facts
    if case .draft(let draft) = client { draft.describe(in: &facts, namesUser: false) }
    if case .draft(let draft) = user { draft.describe(in: &facts, namesUser: true) }
    return try await mint.audit.recording(.exchange, facts, profile.auditMode, deadline: deadline) {
      facts throws(Failure) in
      let request = TokenRequest(assertion: try text(of: user), client: try signed(client), scope: scope)
      let asked = clock(of: profile).instant
      let response = try await send(request, to: domain, profile: profile, deadline: deadline)
      facts.ecid = response.ecid
      let answer = clock(of: profile).hear(response.date, asked: asked, minted: user.dated ?? client.dated)
      let issued = try read(response, answer, profile, sentUserToken: user.isUsersOwn)
      guard !request.credentials.areRepeated(in: issued.token) else {
        throw .token(.wrongUser(found: "a token that repeats what was sent for it"))
      }
      do throws(TokenFailure) { return try accept(issued) } catch { throw .token(request.credentials.masked(error)) }
    }
  }

  private func clock(of profile: Profile) -> DomainClock { mint.domains.domain(of: profile).clock }

  private func read(
    _ response: HTTPResponse,
    _ answer: DatedAnswer?,
    _ profile: Profile,
    sentUserToken: Bool
  ) throws(Failure) -> TokenResponse.Grant {
    let context = RefusalContext(
      server: try profile.identityDomain.text,
      clientAuthentication: profile.clientAuthentication,
      sentUserToken: sentUserToken,
      answer: answer
    )
    do throws(Failure) { return try TokenResponse.parse(response, context: context) } catch {
      if let answer, error.isClockSkew { clock(of: profile).believe(answer) }
      throw error
    }
  }

  private func text(of user: UserAssertion) throws(Failure) -> String? {
    switch user {
    case .draft(let draft): try mint.sign(draft).text
    case .token(let token): token
    case .none: nil
    }
  }

  private func signed(_ client: ClientCredentials) throws(Failure) -> TokenRequest.Client {
    switch client {
    case .draft(let draft): .assertion(try mint.sign(draft).text)
    case .basic(let credentials): .basic(credentials)
    }
  }

  private func send(
    _ request: TokenRequest,
    to domain: Origin,
    profile: Profile,
    deadline: ContinuousClock.Instant
  ) async throws(Failure) -> HTTPResponse {
    try mint.ring.lockdown.requireOpen()
    do throws(HTTPFailure) {
      let sent = request.http(to: domain, profile: profile, deadline: deadline)
      return request.credentials.masked(try await http.send(sent))
    } catch .cancelled {
      throw .abandoned
    } catch {
      throw .network(NetworkFailure(.identityDomain, server: domain.text, problem: .http(error)))
    }
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
