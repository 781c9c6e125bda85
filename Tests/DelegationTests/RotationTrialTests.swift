import Delegation
import Foundation
import TestSupport
import Testing

/// `rotateKey` with step `try`.
struct RotationTrialTests {
  private let bench: RotationBench
  private let domain: Domain

  init() async throws {
    bench = try await RotationBench()
    domain = bench.domain()
    try await bench.start(domain.rotation)
  }

  private func attempt(_ profile: String?, _ subject: String?) async throws {
    _ = try await domain.rotation.attempt("payables", profile: profile, subject: subject, for: bench.caller)
  }

  /// The `kid` of each assertion in a token request.
  private func kids(_ request: HTTPRequest) throws -> [String] {
    let form = String(decoding: try #require(request.body), as: UTF8.self)
    return try form.split(separator: "&").filter { $0.contains("assertion=") }.map { field in
      let text = try #require(field.split(separator: "=").last)
      let header = try #require(text.split(separator: ".").first)
      let decoded = try #require(Base64.decode(header.utf8, as: .url))
      let kid = try #require(String(decoding: decoded, as: UTF8.self).firstMatch(of: #/"kid":"([^"]*)"/#))
      return String(kid.1)
    }
  }

  @Test func aUserIsTriedWithTheSuccessorAlone() async throws {
    bench.bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    try await attempt("dev5", "curtis.feitty")
    #expect(try kids(#require(bench.bench.http.requests.first)) == ["payables-2", "payables-2"])
    #expect(domain.tokens.cache.count == 0)
    #expect(try await bench.picture() == RotationBench.started)
  }

  @Test func theClientIsTriedWithoutAUser() async throws {
    bench.bench.http.plan(200, Samples.grant("client-token"))
    try await attempt("dev5", nil)
    #expect(try kids(#require(bench.bench.http.requests.first)) == ["payables-2"])
  }

  @Test func aTokenOfSomebodyElseIsNoSuccess() async throws {
    bench.bench.http.plan(200, Samples.grant(Samples.userToken("ap.clerk")))
    await #expect(throws: Failure.self) { try await attempt("dev5", "curtis.feitty") }
  }

  @Test func aRefusalNamesTheSuccessor() async throws {
    bench.bench.http.plan(401, #"{"error":"invalid_client"}"#)
    await #expect {
      try await attempt("dev5", "curtis.feitty")
    } throws: { error in
      guard case .key(.successorRefused(successor: "payables-2", let refusal)) = error as? Failure else { return false }
      return refusal.kind == .invalidClient
    }
  }

  @Test func whatPolicyDeniesIsNotSigned() async throws {
    await #expect(throws: Failure.self) { try await attempt("dev5", "Admin") }
    #expect(bench.bench.http.requests.isEmpty)
  }

  @Test func aProfileOfAnotherKeyIsNoTrial() async throws {
    let problem = "must be one that names the key payables; elsewhere does not"
    await #expect(throws: Failure.params(ParamsFailure("profile", problem))) {
      try await attempt("elsewhere", "curtis.feitty")
    }
  }

  @Test func aClientWithASecretIsTriedForAUserOnly() async throws {
    try await bench.save("night") { $0.clientAuthentication = .clientSecretBasic }
    await #expect(throws: Failure.self) { try await attempt("night", nil) }
    #expect(bench.bench.http.requests.isEmpty)
  }

  @Test func whatIsFinishedIsNotTried() async throws {
    _ = try await domain.rotation.finish("payables", for: bench.caller)
    await #expect(throws: Failure.key(.rotation(.isFinished(successor: "payables-2"), alias: "payables"))) {
      try await attempt("dev5", nil)
    }
  }
}
