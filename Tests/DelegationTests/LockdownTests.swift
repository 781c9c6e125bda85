import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Delegation

private final class Steps: Sendable {
  private let steps = Mutex<[String]>([])
  var all: [String] { steps.withLock(\.self) }
  func add(_ step: String) { steps.withLock { $0.append(step) } }
}

struct LockdownTests {
  @Test func waitsForTheSignatureUnderWayAndLetsNoneBegin() async throws {
    let lockdown = Lockdown()
    let begun = Barrier(2)
    let mayEnd = Barrier(2)
    let signer = Thread {
      try? lockdown.signing { () throws(Failure) in
        begun.arriveAndWait()
        mayEnd.arriveAndWait()
      }
    }
    signer.start()
    begun.arriveAndWait()
    let steps = Steps()
    let closing = Task {
      await lockdown.close()
      steps.add("closed")
    }
    while !lockdown.isClosed { await Task.yield() }
    #expect(throws: Failure.policy(.locked)) { try lockdown.signing { () throws(Failure) in Issue.record("signed") } }
    steps.add("let go")
    mayEnd.arrive()
    await closing.value
    #expect(steps.all == ["let go", "closed"])
  }

  @Test func everyUseIsRefusedAndNothingIsKept() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile()
    let subject = try Subject("curtis.feitty", unicode: false)
    let request = TokenService.Request(try bench.permit())
    bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
    _ = try await bench.tokens.token(request, for: RecordingCaller())
    await bench.domain.lock()
    let recorded = try bench.audit.rows.suffix(2).map { try JSONValue(parsing: Array($0.utf8)) }
    #expect(recorded.map { $0["event"] } == ["intent", "outcome"])
    #expect(recorded.allSatisfy { $0["operation"] == "lock" })
    #expect(bench.ring.openCount == 0)
    #expect(bench.tokens.cache.count == 0)
    let locked = Failure.policy(.locked)
    await #expect(throws: locked) { _ = try await bench.tokens.token(request, for: RecordingCaller()) }
    await #expect(throws: locked) { _ = try await bench.mint.mint(profile, subject: subject, deadline: .now) }
    await #expect(throws: locked) { _ = try await bench.keys.get("payables", deadline: .now) }
    await #expect(throws: locked) { _ = try await bench.keys.list(deadline: .now, \.item.alias) }
    let creation = KeyService.Creation(alias: "other")
    await #expect(throws: locked) { _ = try await bench.keys.create(creation, for: RecordingCaller()) }
    let basic = try Samples.profile { $0.clientAuthentication = .clientSecretBasic }
    let ownToken = TokenService.Request(try bench.permit(userToken: Samples.token(["sub": "a"]), profile: basic))
    await #expect(throws: locked) { _ = try await bench.tokens.token(ownToken, for: RecordingCaller()) }
  }

  /// What cannot be answered any more is not begun.
  @Test func noStepOfARotationIsTaken() async throws {
    let bench = try await RotationBench()
    let writes = Writes()
    let domain = bench.domain(writes)
    try await bench.start(domain.rotation)
    let before = writes.count
    await domain.lock()
    let locked = Failure.policy(.locked)
    await #expect(throws: locked) { try await bench.start(domain.rotation) }
    await #expect(throws: locked) { _ = try await domain.rotation.finish("payables", for: bench.caller) }
    await #expect(throws: locked) { _ = try await domain.rotation.abort("payables", for: bench.caller) }
    #expect(writes.count == before)
    #expect(try await bench.picture() == RotationBench.started)
  }

  @Test func droppedSecretsAreHadAnew() async throws {
    let bench = try await Bench()
    let request = TokenService.Request(try bench.permit())
    for _ in 1...2 {
      bench.http.plan(200, Samples.grant(Samples.userToken("curtis.feitty")))
      #expect(try await bench.tokens.token(request, for: RecordingCaller()).source == .exchange)
      bench.domain.dropSecrets()
      #expect(bench.ring.openCount == 0)
      #expect(bench.tokens.cache.count == 0)
    }
  }
}
