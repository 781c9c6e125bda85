import TestSupport
import Testing

@testable import Delegation

/// What servers answer, and what is said of it to somebody at night.
struct ServerFindingsTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    var body = ""
    var type: String?
    let expected: Check.Status
    let summary: String
    /// The beginning of it.
    var hint: String?

    var response: HTTPResponse {
      let headers = type.map { [(name: "content-type", value: $0)] } ?? []
      return HTTPResponse(status: status, headers: headers, body: Array(body.utf8), date: nil)
    }

    func check(_ finding: Finding) {
      #expect(finding.status == expected)
      #expect(finding.summary == summary)
      #expect((finding.hint == nil) == (hint == nil))
      if let hint { #expect(finding.hint?.hasPrefix(hint) == true, "\(finding.hint ?? "")") }
    }
  }

  private static let domain = Origin(scheme: .https, host: "idcs.example", port: 443)
  private static let copy = "Copy the Domain URL from the domain's page in the OCI console"

  static let documents = [
    Row(
      testDescription: "Oracle's own",
      status: 200,
      body:
        #"{"issuer":"https://identity.oraclecloud.com/","token_endpoint":"https://idcs.example:443/oauth2/v1/token"}"#,
      expected: .pass,
      summary: "https://idcs.example is an identity domain, and its token endpoint is the one that is used."
    ),
    Row(
      testDescription: "another token endpoint",
      status: 200,
      body: #"{"token_endpoint":"https://evil.example/oauth2/v1/token"}"#,
      expected: .warn,
      summary: "The discovery document of https://idcs.example names a token endpoint elsewhere, which is not used.",
      hint: "This may be an alias of the domain"
    ),
    Row(
      testDescription: "another path",
      status: 200,
      body: #"{"token_endpoint":"https://idcs.example/other"}"#,
      expected: .warn,
      summary: "The discovery document of https://idcs.example names a token endpoint elsewhere, which is not used.",
      hint: "This may be an alias of the domain"
    ),
    Row(
      testDescription: "no token endpoint",
      status: 200,
      body: #"{"token_endpoint":17}"#,
      expected: .warn,
      summary: "The discovery document of https://idcs.example names no token endpoint.",
      hint: "The document is not needed."
    ),
    Row(
      testDescription: "a login page",
      status: 200,
      body: "<!doctype html>",
      type: "text/html",
      expected: .fail,
      summary: "https://idcs.example answers with a web page in place of its discovery document.",
      hint: copy
    ),
    Row(
      testDescription: "a login page that does not say so",
      status: 200,
      body: "\n <html>",
      expected: .fail,
      summary: "https://idcs.example answers with a web page in place of its discovery document.",
      hint: copy
    ),
    Row(
      testDescription: "a list",
      status: 200,
      body: "[]",
      expected: .fail,
      summary: "https://idcs.example answers with something else in place of its discovery document.",
      hint: copy
    ),
    Row(
      testDescription: "a redirect",
      status: 302,
      expected: .fail,
      summary: "https://idcs.example answers with a redirect (302) in place of its discovery document.",
      hint: copy
    ),
    Row(
      testDescription: "none",
      status: 404,
      expected: .warn,
      summary: "https://idcs.example does not show its discovery document (404).",
      hint: "The document is not needed."
    ),
    Row(
      testDescription: "down",
      status: 503,
      expected: .warn,
      summary: "https://idcs.example failed when it was asked for its discovery document (503).",
      hint: "The document is not needed."
    ),
  ]

  @Test(arguments: documents) func theDiscoveryDocument(_ row: Row) {
    row.check(DiscoveryFinding.of(row.response, from: Self.domain))
  }

  static let cards = [
    Row(
      testDescription: "a card",
      status: 200,
      body: #"{"name":"Payables"}"#,
      expected: .pass,
      summary: "The pod shows ap.clerk the card of the agent PAYABLES_TEAM; that the user may then run it is assumed."
    ),
    Row(
      testDescription: "no card",
      status: 200,
      body: "<html>",
      expected: .warn,
      summary: "The pod answers with something that is no agent card.",
      hint: "Is fusionUrl that of the pod"
    ),
    Row(
      testDescription: "the token",
      status: 401,
      expected: .fail,
      summary: "The pod does not accept the token (401).",
      hint: "Do scope and fusionUrl in the profile name the same pod"
    ),
    Row(
      testDescription: "the role",
      status: 403,
      expected: .fail,
      summary: "The pod does not let ap.clerk use the agent PAYABLES_TEAM (403).",
      hint: "In Fusion, give the user a role that is assigned to the agent team"
    ),
    Row(
      testDescription: "unknown",
      status: 404,
      expected: .warn,
      summary: "The pod has no card of an agent PAYABLES_TEAM (404).",
      hint: "Compare the code with AI Agent Studio."
    ),
    Row(
      testDescription: "a redirect",
      status: 302,
      expected: .fail,
      summary: "The pod answers with a redirect (302), which is not followed.",
      hint: "Put the pod's final origin into fusionUrl"
    ),
    Row(
      testDescription: "down",
      status: 503,
      expected: .fail,
      summary: "The pod failed with status 503.",
      hint: "Try again later"
    ),
  ]

  @Test(arguments: cards) func theCardOfAnAgent(_ row: Row) {
    row.check(CardFinding.of(row.response, agent: "PAYABLES_TEAM", user: "ap.clerk"))
  }

  static let silences: [(problem: NetworkFailure.Problem, summary: String?)] = [
    (
      .http(.broken(found: "reset", requestSent: true)),
      "https://pod.example took the request and closed the connection before its answer was whole: reset."
    ),
    (
      .http(.timedOut(phase: .response, requestSent: true)),
      "https://pod.example took the request and did not answer in time."
    ),
    (.http(.responseTooLarge(limit: 1)), "https://pod.example answers with far more than was asked for."),
    (.http(.timedOut(phase: .connect, requestSent: false)), nil),
    (.unexpectedRedirect(status: 302), nil),
  ]

  @Test(arguments: silences) func noAnswer(_ row: (problem: NetworkFailure.Problem, summary: String?)) {
    let finding = NetworkFinding.of(NetworkFailure(.pod, server: "https://pod.example", problem: row.problem))
    #expect(finding?.summary == row.summary)
    #expect(finding?.status ?? .fail == .fail && (finding == nil || finding?.hint != nil))
  }

  // MARK: The clock

  static let clocks: [(ahead: Int64?, used: Int64, status: Check.Status, summary: String, hint: String?)] = [
    (nil, 0, .warn, "https://idcs.example answered without a date, so the clocks cannot be compared.", nil),
    (0, 0, .pass, "This machine's clock and that of https://idcs.example agree within 1 s.", nil),
    (
      20, 20_000, .pass,
      "This machine's clock and that of https://idcs.example agree within 21 s. Assertions are corrected by 20 s.", nil
    ),
    (61, 0, .warn, "This machine's clock is 61 s behind that of https://idcs.example.", "Set this machine's clock"),
    (
      -900, -900_000, .warn, "This machine's clock is 15 min ahead of that of https://idcs.example.",
      "Set this machine's clock (timedatectl, NTP). Until then assertions are corrected by -900 s."
    ),
    (
      10_860, 0, .fail, "This machine's clock is 3 h 1 min behind that of https://idcs.example.",
      "Set this machine's clock (timedatectl, NTP). So far off nothing is signed: the domain would refuse it."
    ),
  ]

  @Test(arguments: clocks)
  func theClock(_ row: (ahead: Int64?, used: Int64, status: Check.Status, summary: String, hint: String?)) {
    let now = UnixTime(seconds: 1_700_000_000)
    let used = DomainClock.Status(state: .unknown, offsetMs: row.used, lastOffsetMs: nil, lastAge: nil)
    let finding = ClockFinding.of(row.ahead.map(now.advanced), at: Self.domain, now: now, used: used)
    #expect(finding.status == row.status)
    #expect(finding.summary == row.summary)
    if let hint = row.hint { #expect(finding.hint?.hasPrefix(hint) == true) } else { #expect(finding.hint == nil) }
  }

  // MARK: The token

  @Test func whatTheTokenSays() throws {
    let token = AccessToken(
      text: Samples.userToken("ap.clerk"),
      scope: "s",
      subject: "ap.clerk",
      lifeSeconds: 1,
      came: ClockSetting(UnixTime(seconds: 0), at: .now)
    )
    let finding = FidelityFinding.of(token, profile: try Samples.profile())
    #expect(finding.isPersonal && finding.status == .pass)
    #expect(
      finding.summary
        == "The token is the user's: tok_type AT, sub_type user, sub ap.clerk, scope s, exp 2023-11-14T23:13:20Z."
    )
  }
}
