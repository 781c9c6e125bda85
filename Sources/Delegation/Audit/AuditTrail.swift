/// Records what is done in somebody's name: two rows around every operation, one for every denial.
package struct AuditTrail: Sendable {
  let sink: any AuditSink
  let wallClock: any WallClock
  let random: any Randomness
  /// The kind of the error that a failure is answered with.
  private let kind: @Sendable (Failure) -> String
  private let uses: UseCounter

  package init(
    sink: any AuditSink,
    wallClock: any WallClock,
    clock: any MonotonicClock,
    random: any Randomness,
    kind: @escaping @Sendable (Failure) -> String
  ) {
    self.sink = sink
    self.wallClock = wallClock
    self.random = random
    self.kind = kind
    uses = UseCounter(sink: sink, wallClock: wallClock, clock: clock)
  }

  /// Runs `body` between an intent and its outcome.
  ///
  /// Guarantee: when `body` begins, the intent is in the kernel; if it cannot be, `body` does not run. A best-effort
  /// intent is not waited for. `body` may add to the facts what it learns: they stand in the outcome.
  ///
  /// - Throws: `.audit`, or what `body` throws.
  package func recording<Value>(
    _ operation: AuditOperation,
    _ facts: AuditFacts,
    _ mode: AuditMode = .required,
    deadline: ContinuousClock.Instant,
    _ body: (inout AuditFacts) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let id = Base64.encode(random.bytes(9), as: .url)
    let intent = AuditRow.intent(operation, id: id, facts, at: wallClock.now())
    switch mode {
    case .required:
      do { try await sink.write(intent, deadline: deadline) } catch { throw .audit(error, path: sink.path) }
    case .bestEffort: sink.add(intent)
    }
    var facts = facts
    do throws(Failure) {
      let value = try await body(&facts)
      sink.add(.outcome(operation, id: id, facts, outcome: "ok", at: wallClock.now()))
      return value
    } catch {
      facts.ecid = error.ecid ?? facts.ecid
      sink.add(.outcome(operation, id: id, facts, outcome: kind(error), at: wallClock.now()))
      throw error
    }
  }

  /// For what is done at once, whether or not it can be recorded.
  func noting(_ operation: AuditOperation, _ body: () async -> Void) async {
    let id = Base64.encode(random.bytes(9), as: .url)
    sink.add(.intent(operation, id: id, AuditFacts(), at: wallClock.now()))
    await body()
    sink.add(.outcome(operation, id: id, AuditFacts(), outcome: "ok", at: wallClock.now()))
  }

  /// A call that a rule forbade. `method` is what was asked for.
  package func denied(_ method: String, _ facts: AuditFacts, _ failure: PolicyFailure) {
    let rule = failure.rule
    let denial = AuditDenial(kind: kind(.policy(failure)), layer: rule.layer, rule: rule.text)
    sink.add(.denied(method: method, facts, denial, at: wallClock.now()))
  }

  /// The same of a call that failed: nothing when no rule forbade it. A run that had begun is named.
  package func denied(_ method: String, _ facts: AuditFacts, _ failure: Failure) {
    switch failure {
    case .policy(let denial): denied(method, facts, denial)
    case .duringRun(let run, let failure):
      var facts = facts
      facts.jobId = run.jobId
      denied(method, facts, failure)
    case .params, .profile, .store, .file, .key, .token, .fusion, .network, .audit, .startUnknown, .abandoned: break
    }
  }

  /// A token was taken from memory. Counted, and told once a minute.
  func used(_ token: AccessToken, profile: Profile) { uses.count(token, profile: profile.name) }

  /// This process begins to use what a file of rules holds now.
  func changed(file path: String, sha256: [UInt8]) {
    sink.add(.changed(file: path, sha256: sha256, at: wallClock.now()))
  }

  /// For who reads: what has been recorded before is there, if it can be.
  package func settle() async { await sink.settle() }

  /// For the end of the process: what has been counted and not told.
  package func tellUses() { uses.tell() }
}

/// What holds when the intent of a call cannot be written.
package enum AuditMode: String, Codable, Sendable, CaseIterable {
  /// The call is refused.
  case required
  /// The call goes on; the row is written as soon as it can be.
  case bestEffort = "best-effort"
}

extension UserGrant {
  /// How the user is named to the domain.
  var audited: AuditFacts.Grant {
    switch self {
    case .subject: .subject
    case .userToken: .userToken
    }
  }
}

extension Profile {
  var auditMode: AuditMode { audit ?? .required }
}

extension Failure {
  /// What Oracle's support asks for, when the answer carried it.
  var ecid: String? {
    switch self {
    case .token(.refused(let refusal)): refusal.ecid
    case .fusion(.refused(let refusal)): refusal.ecid
    case .duringRun(_, let failure), .startUnknown(_, let failure): failure.ecid
    case .token, .fusion, .params, .profile, .policy, .store, .file, .key, .network, .audit, .abandoned: nil
    }
  }
}
