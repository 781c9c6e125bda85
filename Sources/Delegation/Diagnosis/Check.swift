/// What one check of `diagnose` found.
package struct Check: Sendable, Equatable, Encodable {
  package enum Status: String, Encodable, Sendable {
    case pass
    case warn
    case fail
    /// Not tried: something it needs failed or was not given.
    case skip
  }

  /// Stable names, in the order in which they are made.
  package enum ID: String, Encodable, Sendable, CaseIterable {
    case configuration
    case store
    case key
    case certificate
    case proxy
    case dns
    case tcp
    case tls
    case discovery
    case clock
    case client
    case token
    case fidelity
    case fusion
    case agent
  }

  package let id: ID
  package let status: Status
  package let summary: String
  package let hint: String?
  /// What Oracle's support finds the request by.
  package let ecid: String?
  package let elapsedMs: Int
  /// Of the error that made it fail.
  package let kind: String?
  /// Whether the sentences say who a user is, or what a rule says of users.
  package let isPersonal: Bool

  private enum CodingKeys: CodingKey {
    case id
    case status
    case summary
    case hint
    case ecid
    case elapsedMs
  }

  init(_ id: ID, _ finding: Finding, elapsed: Duration = .zero) {
    self.id = id
    status = finding.status
    summary = finding.summary
    hint = finding.hint
    ecid = finding.ecid
    kind = finding.kind
    isPersonal = finding.isPersonal
    elapsedMs = elapsed.milliseconds
  }
}

/// What a check concludes, in words for a person.
struct Finding: Sendable, Equatable {
  let status: Check.Status
  let summary: String
  let hint: String?
  var ecid: String?
  var kind: String?
  var isPersonal = false

  init(_ status: Check.Status, _ summary: String, hint: String? = nil) {
    self.status = status
    self.summary = summary
    self.hint = hint
  }

  func with(ecid: String?) -> Finding {
    var finding = self
    finding.ecid = ecid
    return finding
  }

  /// It says who a user is.
  var personal: Finding {
    var finding = self
    finding.isPersonal = true
    return finding
  }
}

/// The checks made so far, in their order. One that needs what failed is skipped and says which check that was.
struct CheckList {
  private(set) var checks: [Check] = []
  private var causes: [Check.ID: Check.ID] = [:]

  mutating func add(_ check: Check) { checks.append(check) }

  mutating func add(_ id: Check.ID, _ finding: Finding) { add(Check(id, finding)) }

  mutating func skip(_ id: Check.ID, because reason: String, hint: String? = nil) {
    add(id, Finding(.skip, "Not tried: \(reason).", hint: hint))
  }

  /// True when it was skipped, since one of those it needs failed or was skipped itself for one that did.
  mutating func skip(_ id: Check.ID, ifFailed needed: Check.ID...) -> Bool {
    var cause: Check.ID?
    for need in needed where cause == nil {
      cause = checks.contains { $0.id == need && $0.status == .fail } ? need : causes[need]
    }
    guard let cause else { return false }
    causes[id] = cause
    skip(id, because: "the check \(cause.rawValue) comes first, and it failed")
    return true
  }
}
