import Delegation
import JSON
import TestSupport
import Testing

struct PolicyTests {
  private func layers(_ file: Policy? = nil, _ change: (inout Profile) -> Void = { _ in }) throws -> PolicyLayers {
    PolicyLayers(policyFile: file, profile: try Samples.profile(change))
  }

  private func policy(allow: [Pattern], deny: [Pattern]? = nil) -> Policy {
    Policy(subjects: Policy.Subjects(allow: allow, deny: deny))
  }

  @Test func denyWinsAndFoldsCase() throws {
    let layers = try layers()
    try layers.permit(subject: Subject("curtis.feitty", unicode: false))
    for name in ["admin", "Admin", "ADMIN"] {
      #expect(throws: PolicyFailure.self) { try layers.permit(subject: Subject(name, unicode: false)) }
    }
  }

  @Test func allowMatchesExactly() throws {
    let layers = try layers { $0.policy.subjects.allow = ["curtis.feitty"] }
    #expect(throws: PolicyFailure.self) { try layers.permit(subject: Subject("Curtis.Feitty", unicode: false)) }
  }

  @Test func everyLayerMustAllow() throws {
    let subject = try Subject("curtis.feitty", unicode: false)
    try layers(policy(allow: ["curtis.*"])).permit(subject: subject)
    let expected = PolicyFailure.subjectDenied(
      rule: PolicyFailure.Rule(layer: "policy file", text: "no pattern of subjects.allow matches")
    )
    #expect(throws: expected) { try layers(policy(allow: ["ap.*"])).permit(subject: subject) }
  }

  @Test func onlyTheOwnScopeWithoutAList() throws {
    try layers().permit(scope: Samples.scope)
    #expect(throws: PolicyFailure.self) { try layers().permit(scope: "other") }
    try layers { $0.policy.scopes = ["oth*"] }.permit(scope: "other")
    try layers { $0.policy.scopes = ["oth*"] }.permit(scope: Samples.scope)
    for list in ["oth urn:opc:idm:__myscopes__", "oth ", "\(Samples.scope) more"] {
      #expect(throws: PolicyFailure.self) { try layers { $0.policy.scopes = ["oth*"] }.permit(scope: list) }
    }
    try layers { $0.policy.scopes = ["oth*"] }.permit(scope: "\(Samples.scope) other")
    var file = policy(allow: ["*"])
    file.scopes = ["oth*"]
    #expect(throws: PolicyFailure.self) { try layers(file).permit(scope: Samples.scope) }
  }

  @Test func theScopesOfPathsAreItsOwn() throws {
    let own = try layers { $0.apiScopes = [APIScope(pathPrefix: "/a", scope: "api more")] }
    for scope in ["api more", "api", "more \(Samples.scope)", Samples.scope] { try own.permit(scope: scope) }
    #expect(throws: PolicyFailure.self) { try own.permit(scope: "api other") }
    var file = policy(allow: ["*"])
    file.scopes = [Pattern(Samples.scope)]
    let narrowed = try layers(file) { $0.apiScopes = [APIScope(pathPrefix: "/a", scope: "api")] }
    #expect(throws: PolicyFailure.self) { try narrowed.permit(scope: "api") }
  }

  @Test func readOnlyRunsNoAgentAndShowsRuns() throws {
    let layers = try layers { $0.policy.readOnly = true }
    try layers.permit(agent: "A", invoking: false)
    let expected = PolicyFailure.agentDenied(agent: "A", rule: .init(layer: "profile dev5", text: "readOnly"))
    #expect(throws: expected) { try layers.permit(agent: "A", invoking: true) }
    try layers.permit(.get, RequestPath("/x"))
    try layers.permit(.head, RequestPath("/x"))
    for method in [RequestMethod.post, .put, .patch, .delete] {
      #expect(throws: PolicyFailure.self) { try layers.permit(method, RequestPath("/x")) }
    }
  }

  @Test(
    arguments: [
      { $0.policy.paths = [PathRule(methods: ["*"], prefix: "/")] }, { $0.policy.paths = [] },
      { $0.policy.readOnly = true }, { $0.policy.agents = [] },
    ] as [@Sendable (inout Profile) -> Void]
  )
  func everyLimitMeansNoRawCredentials(_ limit: @Sendable (inout Profile) -> Void) throws {
    #expect(throws: PolicyFailure.self) { try layers(nil, limit).permitRawCredentials(profile: "dev5") }
    try layers {
      limit(&$0)
      $0.policy.rawCredentials = true
    }.permitRawCredentials(profile: "dev5")
    var file = policy(allow: ["*"])
    file.readOnly = true
    #expect(throws: PolicyFailure.self) {
      try layers(file) {
        limit(&$0)
        $0.policy.rawCredentials = true
      }.permitRawCredentials(profile: "dev5")
    }
  }

  @Test func limitedAgentsMeanNoRawCredentials() throws {
    try layers().permitRawCredentials(profile: "dev5")
    #expect(throws: PolicyFailure.self) {
      try layers { $0.policy.agents = ["*"] }.permitRawCredentials(profile: "dev5")
    }
    try layers {
      $0.policy.agents = ["*"]
      $0.policy.rawCredentials = true
    }.permitRawCredentials(profile: "dev5")
    var file = policy(allow: ["*"])
    file.agents = ["A"]
    #expect(throws: PolicyFailure.self) {
      try layers(file) { $0.policy.rawCredentials = true }.permitRawCredentials(profile: "dev5")
    }
  }

  @Test(arguments: ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "prn", "user.tenant.name", "department"])
  func claimsAreForbiddenUnlessNamed(_ claim: String) throws {
    #expect(try layers().firstForbiddenClaim([claim]) == claim)
    let open = try layers { $0.policy.extraClaims = ["department", "sub"] }
    #expect(open.firstForbiddenClaim([claim]) == (claim == "department" ? nil : claim))
  }

  @Test(arguments: ["", "{", "[]", #"{"subjects":{"allow":[]}}"#, #"{"subjects":{"allow":["*"]},"x":1}"#])
  func aPolicyFileThatCannotBeUsedDeniesEverything(_ text: String) {
    let book = PolicyBook(file: InMemoryGuardedFile("/policy.json", bytes: Array(text.utf8)))
    #expect(throws: Failure.self) { try book.current(deadline: .now) }
  }

  @Test func aPolicyFileThatIsAbsentOrUnsafeDeniesEverything() {
    let file = InMemoryGuardedFile("/policy.json")
    let book = PolicyBook(file: file)
    #expect(throws: Failure.policy(.unusable(found: "no such file"))) { try book.current(deadline: .now) }
    file.failure = .unsafe(found: "/policy.json is writable by others")
    #expect(throws: Failure.self) { try book.current(deadline: .now) }
  }

  @Test func aChangedPolicyFileCountsAtOnce() throws {
    let file = InMemoryGuardedFile("/policy.json", bytes: Array(#"{"subjects":{"allow":["a"]}}"#.utf8))
    let book = PolicyBook(file: file)
    #expect(try book.current(deadline: .now).policy?.subjects.allow == ["a"])
    file.bytes = Array(#"{"subjects":{"allow":["b"]}}"#.utf8)
    #expect(try book.current(deadline: .now).policy?.subjects.allow == ["b"])
    file.bytes = nil
    #expect(throws: Failure.self) { try book.current(deadline: .now) }
  }

  /// Whoever may give a profile does not get around the saved ones of the same client, whose key it uses.
  @Test func aGivenProfileIsHeldToTheSavedOnesOfItsClient() async throws {
    let file = InMemoryGuardedFile("/config.json")
    let book = ProfileBook(file: file)
    let authorization = Authorization(profiles: book, policy: PolicyBook(file: nil))
    let given = try Samples.profile {
      ($0.name, $0.policy) = ("mine", Policy(subjects: .init(allow: ["*"])))
      $0.policy.scopes = ["*"]
    }
    book.give(ProfileFile(profiles: ["mine": given]))
    func save(_ change: (inout Profile) -> Void) async throws {
      try await book.save(Samples.profile(change), for: RecordingCaller())
    }
    func permit(_ subject: String = "curtis.feitty") throws -> Authorization.Permit {
      try authorization.permit(profile: "mine", subject: subject, userToken: nil, deadline: .now)
    }
    _ = try permit("admin").permitRawCredentials()
    try await save { $0.policy.subjects.deny = ["admin"] }
    #expect(throws: Failure.policy(.subjectDenied(rule: .init(layer: "profile dev5", text: #"subjects.deny "admin""#))))
    {
      try permit("admin")
    }
    _ = try permit().permitRawCredentials()
    #expect(throws: Failure.self) { try permit().scope("other") }
    try await save { $0.policy.agents = ["HR_*"] }
    #expect(throws: Failure.self) { try permit().permitRawCredentials() }
    #expect(throws: PolicyFailure.self) { try permit().layers.permit(agent: "PAY", invoking: true) }
    try await save { ($0.name, $0.scope) = ("second", "other") }
    #expect(try permit().scope("other") == "other")
    #expect(try permit().scope(nil) == Samples.scope)
    #expect(throws: Failure.self) { try permit().scope("third") }
    try await save { $0.disabled = true }
    _ = try permit()
    try await save { ($0.name, $0.disabled) = ("second", true) }
    #expect(throws: Failure.policy(.profileDisabled("dev5"))) { try permit() }
    try await save { $0.clientId = "client-2" }
    try await save { ($0.name, $0.clientId) = ("second", "client-3") }
    _ = try permit("admin").permitRawCredentials()
  }

  /// Where a saved profile withholds tokens, they are not brought to a server that a given one names.
  @Test func aSavedProfileThatWithholdsHoldsTheGivenOneToItsOrigin() async throws {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    try await book.save(Samples.profile { $0.policy.readOnly = true }, for: RecordingCaller())
    let given = try Samples.profile { ($0.name, $0.fusionUrl) = ("mine", "https://somebody.example") }
    book.give(ProfileFile(profiles: ["mine": given]))
    let rule = PolicyFailure.Rule(layer: "profile dev5", text: "readOnly")
    #expect(throws: Failure.policy(.originDenied(profile: "mine", origin: given.fusionUrl, rule: rule))) {
      try Authorization(profiles: book, policy: PolicyBook(file: nil)).layers(profile: "mine", deadline: .now)
    }
  }

  /// A policy that gives out no token must not have it brought to a server of the caller's own.
  @Test(
    arguments: [
      { $0.fusionUrl = "https://somebody.example" }, { $0.proxy = "https://somebody.example" },
      { $0.caFile = "/tmp/ca.pem" },
    ] as [@Sendable (inout Profile) -> Void]
  )
  func aGivenProfileLeadsWhereASavedOneDoes(_ point: @Sendable (inout Profile) -> Void) async throws {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    try await book.save(Samples.profile(), for: RecordingCaller())
    var given = try Samples.profile { $0.name = "mine" }
    func permit(_ rules: String) throws {
      book.give(ProfileFile(profiles: ["mine": given]))
      let policy = PolicyBook(file: InMemoryGuardedFile("/policy.json", bytes: Array(rules.utf8)))
      _ = try Authorization(profiles: book, policy: policy)
        .permit(profile: "mine", subject: "curtis.feitty", userToken: nil, deadline: .now)
    }
    let limited = #"{"subjects":{"allow":["*"]},"scopes":["*"],"agents":["HR_*"]}"#
    try permit(limited)
    point(&given)
    let rule = PolicyFailure.Rule(layer: "policy file", text: "agents")
    #expect(throws: Failure.policy(.originDenied(profile: "mine", origin: given.fusionUrl, rule: rule))) {
      try permit(limited)
    }
    try permit(#"{"subjects":{"allow":["*"]},"scopes":["*"],"agents":["HR_*"],"rawCredentials":true}"#)
    try permit(#"{"subjects":{"allow":["*"]},"scopes":["*"]}"#)
  }

  @Test func exactlyOneOfSubjectAndUserToken() async throws {
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json"))
    try await book.save(Samples.profile(), for: RecordingCaller())
    let authorization = Authorization(profiles: book, policy: PolicyBook(file: nil))
    let token = Samples.token(["sub": "curtis.feitty"])
    for (subject, userToken) in [(nil, nil), ("curtis.feitty", token), (nil, "no token")] as [(String?, String?)] {
      #expect(throws: Failure.self) {
        try authorization.permit(profile: nil, subject: subject, userToken: userToken, deadline: .now)
      }
    }
    let permit = try authorization.permit(profile: nil, subject: nil, userToken: token, deadline: .now)
    #expect(permit.grant.subject.text == "curtis.feitty")
    let admin = Samples.token(["sub": "Admin"])
    #expect(throws: Failure.self) {
      try authorization.permit(profile: nil, subject: nil, userToken: admin, deadline: .now)
    }
    for client in ["client-1", "Client-1"] {
      #expect(throws: Failure.self) {
        try authorization.permit(profile: nil, subject: client, userToken: nil, deadline: .now)
      }
    }
  }
}
