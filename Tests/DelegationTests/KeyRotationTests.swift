import Delegation
import JSON
import TestSupport
import Testing

struct KeyRotationTests {
  private func conflict(_ conflict: RotationConflict, _ alias: String = "payables") -> Failure {
    .key(.rotation(conflict, alias: alias))
  }

  @Test func goesThereAndBackOneStepAtATime() async throws {
    let bench = try await RotationBench()
    #expect(try await bench.picture() == RotationBench.atRest)
    try await bench.start(bench.rotation)
    #expect(try await bench.picture() == RotationBench.started)
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    #expect(try await bench.picture() == RotationBench.finished)
    _ = try await bench.rotation.abort("payables", for: bench.caller)
    #expect(try await bench.picture() == RotationBench.started)
    _ = try await bench.rotation.abort("payables", for: bench.caller)
    #expect(try await bench.picture() == RotationBench.atRest)
  }

  @Test func stepsThatAreSentAgainChangeNothing() async throws {
    let bench = try await RotationBench()
    let writes = Writes()
    let domain = bench.domain(writes)
    for _ in 0..<2 { try await bench.start(domain.rotation) }
    #expect(writes.count == 1)
    for _ in 0..<2 { _ = try await domain.rotation.finish("payables", for: bench.caller) }
    #expect(writes.count == 4)
    #expect(try await bench.picture() == RotationBench.finished)
  }

  @Test func theSuccessorIsAsTheKeyWas() async throws {
    let bench = try await RotationBench()
    let pair = try await bench.rotation.start(KeyRotation.Plan(alias: "payables"), for: bench.caller)
    let next = try #require(pair.next)
    #expect(next.item.binding == pair.key.item.binding)
    #expect(String(decoding: next.item.certificateDER, as: UTF8.self) == "certificate of payables-2")
  }

  @Test(arguments: [
    ("payables", [], "payables-2"), ("payables", ["payables-2", "payables-3"], "payables-4"),
    ("payables-2", [], "payables-3"), ("payables-9", ["payables-10"], "payables-11"),
    ("payables-1", [], "payables-1-2"),
    ("payables-02", [], "payables-02-2"), ("payables-x", [], "payables-x-2"),
    ("invoices-99999999999999999999", [], "invoices-99999999999999999999-2"),
  ])
  func theNextAliasCounts(_ alias: String, _ others: [String], _ expected: String) async throws {
    let bench = try await RotationBench()
    for name in [alias] + others where name != "payables" {
      _ = try await bench.domain().keys.create(
        KeyService.Creation(alias: name, binding: Samples.binding),
        for: bench.caller
      )
    }
    let pair = try await bench.rotation.start(KeyRotation.Plan(alias: alias), for: bench.caller)
    #expect(pair.next?.item.alias == expected)
  }

  @Test func aStartThatIsOvertakenAnswersWhatIsThere() async throws {
    let bench = try await RotationBench()
    let writes = Writes()
    writes.intrude { try await bench.start(bench.rotation) }
    let pair = try await bench.domain(writes).rotation.start(KeyRotation.Plan(alias: "payables"), for: bench.caller)
    #expect(writes.count == 1)
    #expect(pair.next?.item.alias == "payables-2")
    #expect(try await bench.picture() == RotationBench.started)
  }

  @Test func aStartWhoseAliasWasTakenMeanwhileTakesTheNext() async throws {
    let bench = try await RotationBench()
    let writes = Writes()
    writes.intrude {
      _ = try await bench.domain().keys.create(KeyService.Creation(alias: "payables-2"), for: bench.caller)
    }
    let pair = try await bench.domain(writes).rotation.start(KeyRotation.Plan(alias: "payables"), for: bench.caller)
    #expect(pair.next?.item.alias == "payables-3")
  }

  @Test func aSuccessorThatIsNotWhatIsAskedForIsRefused() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    for (plan, field) in [
      (KeyRotation.Plan(alias: "payables", nextAlias: "other"), "nextAlias"),
      (KeyRotation.Plan(alias: "payables", bits: 4096), "bits"),
      (KeyRotation.Plan(alias: "payables", validityDays: 1), "validityDays"),
    ] {
      await #expect(throws: conflict(.otherSuccessor("payables-2", differsIn: field))) {
        try await bench.rotation.start(plan, for: bench.caller)
      }
    }
  }

  @Test func whatIsInTheMiddleOfARotationIsNotRotated() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    await #expect(throws: conflict(.isSuccessor(of: "payables"), "payables-2")) {
      try await bench.rotation.start(KeyRotation.Plan(alias: "payables-2"), for: bench.caller)
    }
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    await #expect(throws: conflict(.isRetired(successor: "payables-2"))) { try await bench.start(bench.rotation) }
    _ = try await bench.rotation.start(KeyRotation.Plan(alias: "payables-2"), for: bench.caller)
    await #expect(throws: conflict(.successorMovedOn("payables-2"))) {
      try await bench.rotation.abort("payables", for: bench.caller)
    }
  }

  @Test func twoSuccessorsAreForAPersonToChooseFrom() async throws {
    let bench = try await RotationBench()
    let writes = Writes()
    writes.intrude { try await bench.start(bench.rotation) }
    let plan = KeyRotation.Plan(alias: "payables", nextAlias: "payables.new")
    _ = try? await bench.domain(writes).rotation.start(plan, for: bench.caller)
    await #expect(throws: conflict(.severalSuccessors(["payables-2", "payables.new"]))) {
      try await bench.rotation.finish("payables", for: bench.caller)
    }
    try await bench.domain().keys.delete("payables.new", for: bench.caller)
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    #expect(try await bench.picture() == RotationBench.finished)
  }

  @Test func severalCertificateAliasesAreForAPersonToMend() async throws {
    let bench = try await RotationBench()
    try await bench.save("night") { $0.kid = nil }
    try await bench.start(bench.rotation)
    let before = try await bench.picture()
    await #expect(throws: conflict(.kidsDiffer(["CoE_key", "payables"]))) {
      try await bench.rotation.finish("payables", for: bench.caller)
    }
    #expect(try await bench.picture() == before)
  }

  @Test func aKeyThatProfilesNameIsNotDeleted() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    try await bench.save("night") { $0.key = "payables-2" }
    await #expect(throws: conflict(.successorInUse("payables-2", profiles: ["night"]))) {
      try await bench.rotation.abort("payables", for: bench.caller)
    }
  }

  @Test func aDeletedSuccessorGivesThePlaceBack() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    try await bench.domain().keys.delete("payables-2", for: bench.caller)
    await #expect(throws: conflict(.successorGone("payables-2"))) {
      try await bench.rotation.finish("payables", for: bench.caller)
    }
    _ = try await bench.rotation.abort("payables", for: bench.caller)
    #expect(try await bench.picture() == RotationBench.atRest)
  }

  @Test func aSuccessorWhoseKeyIsGoneIsAKeyLikeOthers() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    await #expect(throws: conflict(.isSuccessor(of: "payables"), "payables-2")) {
      try await bench.rotation.requireCurrent("payables-2", deadline: bench.caller.deadline)
    }
    try await bench.domain().keys.delete("payables", for: bench.caller)
    try await bench.rotation.requireCurrent("payables-2", deadline: bench.caller.deadline)
    let pair = try await bench.rotation.start(KeyRotation.Plan(alias: "payables-2"), for: bench.caller)
    #expect(pair.next?.item.alias == "payables-3")
  }

  @Test func aKeyOfNobodyIsNotRotated() async throws {
    let bench = try await RotationBench()
    _ = try await bench.domain().keys.create(KeyService.Creation(alias: "spare"), for: bench.caller)
    await #expect(throws: conflict(.isUnbound, "spare")) {
      try await bench.rotation.start(KeyRotation.Plan(alias: "spare"), for: bench.caller)
    }
  }

  @Test func aRetiredKeySignsForWhoNamesIt() async throws {
    let bench = try await RotationBench()
    try await bench.start(bench.rotation)
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    _ = try await bench.domain().mint.mint(Samples.profile(), subject: nil, deadline: bench.caller.deadline)
  }

  @Test func otherSidecarsFollowAtOnce() async throws {
    let bench = try await RotationBench()
    let other = bench.domain()
    #expect(try other.authorization.profiles.profile("dev5", deadline: .now).key == "payables")
    try await bench.start(bench.rotation)
    _ = try await bench.rotation.finish("payables", for: bench.caller)
    let profile = try other.authorization.profiles.profile("dev5", deadline: .now)
    let assertion = try await other.mint.mint(profile, subject: nil, deadline: bench.caller.deadline)
    #expect(assertion.header["kid"] == "payables-2")
  }
}
