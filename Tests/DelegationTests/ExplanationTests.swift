import JSON
import TestSupport
import Testing

@testable import Delegation

struct ExplanationTests {
  /// With a saved profile, the other is one of `initialize` and the default.
  private func authorization(_ profile: Profile, saved: Profile? = nil, _ file: Policy?) throws -> Authorization {
    let stored = saved ?? profile
    let bytes = try JSONWriter.encode(ProfileFile(profiles: [stored.name: stored]))
    let book = ProfileBook(file: InMemoryGuardedFile("/config.json", bytes: bytes))
    if saved != nil { book.give(ProfileFile(defaultProfile: profile.name, profiles: [profile.name: profile])) }
    let policy = try file.map { InMemoryGuardedFile("/policy.json", bytes: try JSONWriter.encode($0)) }
    return Authorization(profiles: book, policy: PolicyBook(file: policy))
  }

  private func explain(
    _ profile: Profile,
    _ file: Policy? = nil,
    _ ask: (inout Explanation.Question) -> Void
  ) throws -> Explanation {
    var question = Explanation.Question(profile: nil, subject: "curtis.feitty", userToken: nil)
    ask(&question)
    return try authorization(profile, file).explain(question, deadline: .now)
  }

  /// What would be asked of the layers by a call, in so many words.
  private func enforced(_ question: Explanation.Question, _ authorization: Authorization) -> PolicyFailure? {
    do throws(Failure) {
      let permit = try authorization.permit(
        profile: question.profile,
        subject: question.subject,
        userToken: question.userToken,
        deadline: .now
      )
      _ = try permit.scope(question.scope)
      do throws(PolicyFailure) {
        if let agent = question.agent { try permit.layers.permit(agent: agent, invoking: true) }
        if let (method, text) = question.path, let path = try? RequestPath(text) {
          try permit.layers.permit(method, path)
        }
      } catch {
        return error
      }
      return nil
    } catch .policy(let failure) {
      return failure
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  /// What one layer says, with `*`, `a*` and whole words as the only patterns. `own` is nil for the policy file.
  private func reference(_ question: Explanation.Question, _ policy: Policy, own: String?) -> Bool {
    func listed(_ patterns: [Pattern]?, _ text: String) -> Bool {
      patterns?.contains { $0.text == "*" || $0.text == text || ($0.text == "a*" && text.hasPrefix("a")) } ?? true
    }
    let subject = question.subject ?? ""
    let scope = question.scope ?? Samples.scope
    let scopeOK = own.map { scope == $0 || (policy.scopes != nil && listed(policy.scopes, scope)) }
    let agentOK = question.agent.map { policy.readOnly != true && listed(policy.agents, $0) }
    let pathOK = question.path.map { method, path in
      guard policy.readOnly != true || method == .get else { return false }
      return policy.paths?.contains { rule in
        (rule.methods == ["*"] || rule.methods.contains(method.rawValue))
          && (path == rule.prefix || path.hasPrefix(rule.prefix + "/"))
      } ?? true
    }
    return !listed(policy.subjects.deny ?? [], subject.lowercased()) && listed(policy.subjects.allow, subject)
      && (scopeOK ?? listed(policy.scopes, scope)) && agentOK ?? true && pathOK ?? true
  }

  /// Random layers and requests: explain says what enforcement does, and both say what the reference does.
  @Test func agreesWithEnforcement() throws {
    var random = SystemRandomNumberGenerator()
    var outcomes: Set<Bool> = []
    func some<Value>(_ values: [Value]) -> [Value] { values.filter { _ in .random(using: &random) } }
    func maybe<Value>(_ value: @autoclosure () -> Value) -> Value? { Bool.random(using: &random) ? value() : nil }
    func policy() -> Policy {
      let allow = some(["*", "a*", "ab", "b"] as [Pattern])
      var policy = Policy(subjects: .init(allow: allow.isEmpty ? ["a*"] : allow, deny: maybe(some(["ab", "b"]))))
      policy.scopes = maybe(some(["*", "s", "a*"]))
      policy.agents = maybe(some(["*", "A", "B"]))
      policy.readOnly = Int.random(in: 0..<4, using: &random) == 0 ? true : nil
      policy.paths = maybe(
        some([PathRule(methods: ["*"], prefix: "/a"), PathRule(methods: ["GET", "POST"], prefix: "/a/b")])
      )
      return policy
    }
    for _ in 0..<2000 {
      let profile = try Samples.profile { $0.policy = policy() }
      let file = maybe(policy())
      let saved = try maybe(()).map { try Samples.profile { ($0.name, $0.policy) = ("saved", policy()) } }
      var question = Explanation.Question(
        profile: nil,
        subject: ["a", "ab", "AB", "b", "c"].randomElement(),
        userToken: nil
      )
      question.scope = maybe(["s", "as", profile.scope].randomElement() ?? "s")
      question.agent = maybe(["A", "B", "C"].randomElement() ?? "A")
      question.path = maybe(
        ([RequestMethod.get, .post].randomElement() ?? .get, ["/a", "/a/b", "/ab"].randomElement() ?? "/a")
      )
      let authorization = try authorization(profile, saved: saved, file)
      let explanation = try authorization.explain(question, deadline: .now)
      #expect(explanation.refusal == enforced(question, authorization))
      let profiles = [profile, saved].compactMap(\.self)
      let expected =
        profiles.allSatisfy { reference(question, $0.policy, own: $0.scope) }
        && file.map { reference(question, $0, own: nil) } ?? true
      #expect((explanation.refusal == nil) == expected, "\(question) \(explanation)")
      let rawAllowed = (profiles.map(\.policy) + [file].compactMap(\.self)).allSatisfy { policy in
        policy.agents == nil && policy.paths == nil && policy.readOnly != true
      }
      #expect(explanation.givesRawCredentials == (expected && rawAllowed))
      outcomes.insert(expected)
    }
    #expect(outcomes.count == 2)
  }

  @Test func namesTheInnermostRuleOfTheLastQuestion() throws {
    let profile = try Samples.profile { $0.policy.agents = ["PAY*"] }
    var file = Policy(subjects: Policy.Subjects(allow: ["curtis.*"]))
    file.agents = ["*"]
    file.paths = [PathRule(methods: ["GET"], prefix: "/a")]
    func rule(_ ask: (inout Explanation.Question) -> Void) throws -> PolicyFailure.Rule {
      try explain(profile, file, ask).rule
    }
    #expect(try rule { _ in } == .init(layer: "profile dev5", text: #"subjects.allow "*""#))
    #expect(try rule { $0.agent = "PAYABLES" } == .init(layer: "profile dev5", text: #"agents "PAY*""#))
    #expect(try rule { $0.path = (.get, "/a/b") } == .init(layer: "policy file", text: "paths GET /a"))
    #expect(try rule { $0.scope = Samples.scope } == .init(layer: "profile dev5", text: "its own scope"))
  }

  /// `callApi` asks for the scope of its path, an agent for the profile's own.
  @Test func aPathIsAskedWithItsOwnScope() throws {
    let profile = try Samples.profile { $0.apiScopes = [APIScope(pathPrefix: "/a", scope: "api")] }
    var file = Policy(subjects: Policy.Subjects(allow: ["*"]))
    file.scopes = ["api"]
    func refusal(_ ask: (inout Explanation.Question) -> Void) throws -> PolicyFailure? {
      try explain(profile, file, ask).refusal
    }
    let rule = PolicyFailure.Rule(layer: "policy file", text: "no pattern of scopes matches")
    let denied = PolicyFailure.scopeDenied(scope: Samples.scope, rule: rule)
    #expect(try refusal { $0.path = (.get, "/a/b") } == nil)
    #expect(try refusal { $0.path = (.get, "/b") } == denied)
    #expect(try refusal { ($0.path, $0.scope) = ((.get, "/b"), "api") } == nil)
    #expect(try refusal { ($0.path, $0.agent) = ((.get, "/a/b"), "A") } == denied)
    #expect(try refusal { $0.agent = "A" } == denied)
    #expect(try refusal { _ in } == denied)
  }

  @Test func claimsAreThoseOfAnAssertionButForWhatPasses() async throws {
    let profile = try Samples.profile { $0.tenantName = "acme" }
    let claims = try #require(try explain(profile) { _ in }.assertionClaims)
    let bench = try await Bench()
    let subject = try Subject("curtis.feitty", unicode: false)
    let minted = try await bench.mint.mint(profile, subject: subject, deadline: .now.advanced(by: .seconds(30)))
    guard case .object(let members) = minted.claims else { throw ParamsFailure("claims", "are no object") }
    #expect(claims == .object(members.filter { !["iat", "exp", "jti"].contains($0.name) }))
    #expect(
      try explain(profile) { ($0.subject, $0.userToken) = (nil, Samples.token(["sub": "curtis.feitty"])) }
        .assertionClaims == nil
    )
    #expect(try explain(profile) { $0.subject = "admin" }.assertionClaims == nil)
  }

  @Test func aRefusalIsAnAnswerAndAWrongQuestionIsNot() throws {
    let disabled = try Samples.profile { $0.disabled = true }
    #expect(try explain(disabled) { _ in }.rule == .init(layer: "profile dev5", text: "disabled"))
    let broken = Authorization(
      profiles: ProfileBook(file: InMemoryGuardedFile("/config.json")),
      policy: PolicyBook(file: InMemoryGuardedFile("/policy.json"))
    )
    broken.profiles.give(ProfileFile(profiles: ["dev5": try Samples.profile()]))
    let question = Explanation.Question(profile: nil, subject: "curtis.feitty", userToken: nil)
    #expect(try broken.explain(question, deadline: .now).refusal == .unusable(found: "no such file"))
    #expect(throws: Failure.self) { try explain(Samples.profile()) { $0.profile = "absent" } }
    #expect(throws: Failure.self) { try explain(Samples.profile()) { $0.subject = nil } }
    let malformed = try explain(Samples.profile()) { $0.path = (.get, "/a/../b") }
    #expect(malformed.rule == .init(layer: "OnBehalf", text: "a path must hold no segment . or .."))
  }
}
