import JSON
import TestSupport
import Testing

@testable import Delegation

/// What follows when the pod answers 401.
struct APIRenewalTests {
  private static let path = "/fscmRestApi/resources/11.13.18.05/invoices"

  /// A token that is another each time.
  private func planToken(_ bench: Bench, id: String) {
    let token = Samples.token([
      "tok_type": "AT", "sub_type": "user", "sub": "curtis.feitty", "scope": .string(Samples.scope),
      "iat": 1_700_000_000, "exp": 1_700_003_600, "jti": .string(id),
    ])
    bench.http.plan(200, Samples.grant(token))
  }

  private func call(_ method: RequestMethod = .get) throws -> APICall { try APICall(method: method, path: Self.path) }

  @Test func aRefusedTokenIsRenewedOnce() async throws {
    let bench = try await Bench()
    planToken(bench, id: "1")
    bench.http.plan(401, "")
    planToken(bench, id: "2")
    bench.http.plan(200, "")
    let caller = RecordingCaller()
    let answer = try await bench.domain.api.send(call(.post), permit: bench.permit(), for: caller)
    #expect(answer.status == 200)
    #expect(caller.commits == 2, "it was left in between, for the pod had not acted")
    bench.http.plan(401, "")
    planToken(bench, id: "3")
    bench.http.plan(401, "", headers: [("x-oracle-dms-ecid", "1.2")])
    do {
      _ = try await bench.domain.api.send(call(), permit: bench.permit(), for: RecordingCaller())
      Issue.record("401 twice was taken")
    } catch Failure.fusion(.refused(let refusal)) {
      #expect(refusal.kind == .resourceUnauthorized)
      #expect(refusal.what == "GET \(Self.path)")
      #expect(refusal.ecid == "1.2")
    }
    #expect(bench.http.isExhausted)
  }

  /// The 401s to one token come at different times; who hears it late takes the token that another has got meanwhile.
  @Test func aRefusedTokenIsRenewedOnceForAll() async throws {
    let bench = try await Bench()
    planToken(bench, id: "1")
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    bench.http.plan { _ in
      for await _ in gate {}
      return .success(HTTPResponse(status: 401, headers: [], body: [], date: nil))
    }
    let permit = try bench.permit()
    let (api, call) = (bench.domain.api, try call())
    let late = Task { try await api.send(call, permit: permit, for: RecordingCaller()).status }
    while bench.http.requests.count < 2 { await Task.yield() }
    bench.http.plan(401, "")
    planToken(bench, id: "2")
    bench.http.plan(200, "")
    #expect(try await api.send(call, permit: permit, for: RecordingCaller()).status == 200)
    bench.http.plan(200, "")
    opener.finish()
    #expect(try await late.value == 200)
    #expect(bench.http.requests.count { $0.target == TokenRequest.path } == 2)
    #expect(bench.http.requests.last?.headers.last?.value == bench.http.requests[4].headers.last?.value)
    #expect(bench.http.isExhausted)
  }

  /// Else whoever calls a resource of another scope in a loop takes the turns of all users at the identity domain.
  @Test func aTokenRefusedWhenItWasNewIsNotRenewedForAWhile() async throws {
    let bench = try await Bench()
    planToken(bench, id: "1")
    bench.http.plan(401, "")
    planToken(bench, id: "2")
    for _ in 0..<101 { bench.http.plan(401, "") }
    for _ in 0..<101 {
      do {
        _ = try await bench.domain.api.send(call(), permit: bench.permit(), for: RecordingCaller())
        Issue.record("401 was taken")
      } catch Failure.fusion(.refused(let refusal)) {
        #expect(refusal.kind == .resourceUnauthorized)
      }
    }
    #expect(bench.http.isExhausted)
    bench.clock.advance(by: .seconds(10))
    bench.http.plan(401, "")
    planToken(bench, id: "3")
    bench.http.plan(200, "")
    #expect(try await bench.domain.api.send(call(), permit: bench.permit(), for: RecordingCaller()).status == 200)
  }
}
