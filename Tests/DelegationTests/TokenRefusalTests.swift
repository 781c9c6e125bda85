import Delegation
import TestSupport
import Testing

/// What an identity domain answers, and what it means.
struct TokenRefusalTests {
  struct Row: CustomTestStringConvertible, Sendable {
    var status = 400
    var body: String
    var dateOffset: Int64 = 0
    var kind: TokenFailure.Refusal.Kind
    var attempts = 1
    var testDescription: String { "\(status) \(body) \(dateOffset)" }
  }

  @Test(arguments: [
    Row(
      status: 401,
      body: #"{"error":"invalid_client","error_description":"Client authentication failed.","ecid":"e1"}"#,
      kind: .invalidClient
    ),
    Row(
      body: #"{"error":"unauthorized_client","error_description":"Client authorization failed."}"#,
      kind: .unauthorizedClient
    ),
    Row(body: #"{"error":"invalid_scope"}"#, kind: .invalidScope),
    Row(body: #"{"error":"invalid_grant"}"#, kind: .invalidGrant),
    Row(body: #"{"error":"invalid_request","error_description":"signature"}"#, kind: .assertionRejected),
    Row(body: #"{"error":"server_error","error_description":"system error"}"#, kind: .assertionRejected),
    Row(status: 500, body: #"{"error":"x","error_description":"A system error occurred."}"#, kind: .assertionRejected),
    Row(
      body: #"{"error":"invalid_client","error_description":"OAuth Client app is inactive"}"#,
      kind: .clientInactive
    ),
    Row(status: 429, body: "Too many requests", kind: .rateLimited),
    Row(status: 401, body: "", kind: .invalidClient),
    Row(status: 403, body: "", kind: .other),
    Row(status: 503, body: "<html>", kind: .other),
    Row(status: 503, body: #"{"error":"invalid_grant"}"#, kind: .other),
    // What a gateway says for a domain that is down is nothing about the assertion, so it is worth another attempt.
    Row(status: 503, body: #"{"error":"server_error"}"#, kind: .other),
    Row(status: 502, body: #"{"error":"x","error_description":"system error"}"#, kind: .other),
    // The user is inactive, and not the client: that must not be remembered for all of its users.
    Row(body: #"{"error":"invalid_grant","error_description":"User happel is inactive"}"#, kind: .invalidGrant),
    Row(status: 200, body: #"{"error":"invalid_grant"}"#, kind: .invalidGrant),
    Row(body: #"{"error":"invalid_grant"}"#, dateOffset: 900, kind: .invalidGrant, attempts: 2),
    Row(body: #"{"error":"invalid_request"}"#, dateOffset: -900, kind: .assertionRejected, attempts: 2),
    Row(body: #"{"error":"invalid_scope"}"#, dateOffset: 900, kind: .invalidScope),
    Row(body: #"{"error":"invalid_grant"}"#, dateOffset: 30, kind: .invalidGrant),
  ])
  func means(_ row: Row) async throws {
    let bench = try await Bench()
    let date = bench.wallClock.now().advanced(bySeconds: row.dateOffset)
    for _ in 0..<row.attempts {
      bench.http.plan(row.status, row.body, headers: [(name: "retry-after", value: "7")], date: date)
    }
    let refusal = try await refusal(bench)
    #expect(refusal.kind == row.kind)
    #expect(refusal.retryAfterMs == 7000)
    #expect(refusal.status == row.status)
    #expect(refusal.clockOffsetMs == row.dateOffset * 1000 + 500)
    #expect(bench.http.isExhausted)
  }

  @Test func carriesTheEcidOfBodyOrHeader() async throws {
    let bench = try await Bench()
    bench.http.plan(400, #"{"error":"invalid_grant","ecid":"abc^1:2,0"}"#)
    bench.http.plan(400, #"{"error":"invalid_grant"}"#, headers: [(name: "x-oracle-dms-ecid", value: "h1")])
    bench.http.plan(400, #"{"error":"invalid_grant","ecid":"has space"}"#)
    #expect(try await refusal(bench).ecid == "abc^1:2,0")
    #expect(try await refusal(bench).ecid == "h1")
    #expect(try await refusal(bench).ecid == nil)
  }

  /// A server that echoes what it was sent must not make an error leak it.
  @Test func masksWhatCouldBeACredential() async throws {
    let bench = try await Bench()
    bench.http.plan { request in
      let sent = String(decoding: request.body ?? [], as: UTF8.self)
      let body = #"{"error":"invalid_grant","error_description":"bad \#(sent) \u0007 end"}"#
      return .success(HTTPResponse(status: 400, headers: [], body: Array(body.utf8), date: nil))
    }
    let description = try #require(try await refusal(bench).description)
    #expect(description.contains("[masked]"))
    #expect(!description.contains("eyJ"))
    #expect(description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
  }

  private func refusal(_ bench: Bench) async throws -> TokenFailure.Refusal {
    let profile = try Samples.profile()
    let grant = UserGrant.subject(try Subject("curtis.feitty", unicode: false))
    do {
      _ = try await bench.tokens.exchange.exchange(grant, scope: profile.scope, profile: profile, deadline: .now)
    } catch Failure.token(.refused(let refusal)) {
      return refusal
    }
    throw Failure.abandoned
  }
}
