import Delegation
import TestSupport

/// All checks over fakes, and what they ask for when all is well.
extension Bench {
  /// The document that an identity domain of Oracle's shows: its issuer is not where it was found.
  static let discovery = """
    {"issuer":"https://identity.oraclecloud.com/",
    "token_endpoint":"https://idcs-1.identity.oraclecloud.com:443/oauth2/v1/token"}
    """
  static let card = #"{"name":"Payables"}"#

  func diagnosis(
    profiles: ProfileBook,
    policy: (any GuardedFile)? = nil,
    store: (any SecretStore)? = nil
  ) -> Diagnosis {
    var ports = ports
    if let store { ports.store = store }
    return Diagnosis(
      authorization: Authorization(profiles: profiles, policy: PolicyBook(file: policy)),
      mint: mint,
      exchange: tokens.exchange,
      domains: domain.identityDomains,
      ports: ports,
      kind: Samples.kind,
      explain: { ("failed: \($0)", "mend it") }
    )
  }

  /// What is asked when all is well, in its order.
  func planAll(clockOffset: Int64 = 0) {
    let date = wallClock.now().advanced(bySeconds: clockOffset)
    http.plan(200, Self.discovery, headers: [("ecid", "1.discovery")], date: date)
    http.plan(200, Samples.grant("client-token"))
    http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    http.plan(302, "")
    http.plan(200, Self.card, headers: [("ecid", "1.card")])
  }

  func diagnose(
    _ request: Diagnosis.Request = .all,
    policy: String? = nil,
    profile change: (inout Profile) -> Void = { _ in }
  ) async throws -> [Check] {
    let book = try await ProfileBook.holding(Samples.profile(change))
    let file = policy.map { InMemoryGuardedFile("/policy.json", bytes: Array($0.utf8)) }
    return await diagnosis(profiles: book, policy: file).run(request, deadline: .now + .seconds(9)).checks
  }
}

extension Diagnosis.Request {
  static let all = Diagnosis.Request(
    profile: nil,
    subject: "curtis.feitty",
    userToken: nil,
    agent: "PAYABLES_TEAM",
    online: true
  )
}

extension ProfileBook {
  static func holding(_ profile: Profile?) async throws -> ProfileBook {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    if let profile { try await book.save(profile, for: RecordingCaller()) }
    return book
  }
}

extension [Check] {
  /// As `clock pass`.
  var statuses: [String] { map { "\($0.id.rawValue) \($0.status.rawValue)" } }

  subscript(id: Check.ID) -> Check? { first { $0.id == id } }
}
