/// What a row tells. protocol/audit.md describes each.
package enum AuditEvent: String, Codable, Sendable, CaseIterable {
  /// An operation is about to sign, send or store.
  case intent
  /// What became of it.
  case outcome
  /// A rule forbade it.
  case denied
  /// Tokens were taken from memory.
  case used
  /// A sidecar begins to use other rules than before.
  case changed
  /// Bytes that are no row stand before this one.
  case recovered
  /// A new file goes on where the last one ends.
  case rotated
  /// Rows could not be written and were dropped.
  case lost
}

/// What is recorded in pairs, under the names that `queryAudit` filters by: those of the methods, where one does nothing
/// else.
package enum AuditOperation: String, Sendable, CaseIterable {
  case mintAssertion
  /// Assertions signed and sent for an access token, whoever needs it.
  case exchange
  case invokeAgent
  case resumeAgent
  case callApi
  case createKey
  case importKey
  case deleteKey
  case saveProfile
  case deleteProfile
  case setClientSecret
  case rotateKey
  case moveKeys
  case changePassphrase
  case lock
}

/// Who, for whom, with what. No secret, no body, no message.
package struct AuditFacts: Sendable, Equatable {
  package enum Grant: String, Sendable {
    /// We assert the user.
    case subject
    /// The user's own ID token does.
    case userToken
  }

  package var profile: String?
  package var subject: String?
  package var grant: Grant?
  package var scope: String?
  package var agent: String?
  /// Method and path of an API call, without its query.
  package var path: String?
  /// The HTTP status that the pod answered it with.
  package var status: Int?
  /// The alias of the key.
  package var key: String?
  /// `x5t#S256` of its certificate.
  package var thumbprint: String?
  /// Of the assertion that names the user.
  package var jti: String?
  /// The run that was started.
  package var jobId: String?
  /// What Oracle's support asks for.
  package var ecid: String?

  package init(profile: String? = nil, subject: String? = nil) {
    self.profile = profile
    self.subject = subject
  }
}

/// One row but for its place in the chain, as the members of a JSON object.
package struct AuditRow: Sendable, Equatable {
  /// `"time":…,"event":…` and what goes on from there.
  package let body: [UInt8]

  private init(_ event: AuditEvent, at time: UnixTime, _ members: (inout AuditText) -> Void) {
    var text = AuditText()
    text.add("time", time.rfc3339Milliseconds)
    text.add("event", event.rawValue)
    members(&text)
    body = text.bytes
  }

  /// `id` joins it with its outcome.
  static func intent(_ operation: AuditOperation, id: String, _ facts: AuditFacts, at time: UnixTime) -> AuditRow {
    AuditRow(.intent, at: time) { text in
      text.add("operation", operation.rawValue)
      text.add("id", id)
      text.add(facts)
    }
  }

  /// - Parameter outcome: `ok`, or the kind of the error.
  static func outcome(
    _ operation: AuditOperation,
    id: String,
    _ facts: AuditFacts,
    outcome: String,
    at time: UnixTime
  ) -> AuditRow {
    AuditRow(.outcome, at: time) { text in
      text.add("operation", operation.rawValue)
      text.add("id", id)
      text.add("outcome", outcome)
      text.add(facts)
    }
  }

  static func denied(method: String, _ facts: AuditFacts, _ denial: AuditDenial, at time: UnixTime) -> AuditRow {
    AuditRow(.denied, at: time) { text in
      text.add("operation", method)
      text.add("outcome", denial.kind)
      text.add("layer", denial.layer)
      text.add("rule", denial.rule)
      text.add(facts)
    }
  }

  /// - Parameter minute: counted from 1970.
  static func used(_ facts: AuditFacts, count: Int, minute: Int64, at time: UnixTime) -> AuditRow {
    AuditRow(.used, at: time) { text in
      text.add("count", count)
      text.add("minute", UnixTime(seconds: minute * 60).rfc3339)
      text.add(facts)
    }
  }

  static func changed(file: String, sha256: [UInt8], at time: UnixTime) -> AuditRow {
    AuditRow(.changed, at: time) { text in
      text.add("file", file, limit: 1024)
      text.add("sha256", String(decoding: Hexadecimal.encode(sha256), as: UTF8.self))
    }
  }

  package static func recovered(_ region: [UInt8], sha256: [UInt8], at time: UnixTime) -> AuditRow {
    AuditRow(.recovered, at: time) { text in
      text.add("bytes", region.count)
      text.add("sha256", String(decoding: Hexadecimal.encode(sha256), as: UTF8.self))
    }
  }

  package static func rotated(from file: AuditFileName, at time: UnixTime) -> AuditRow {
    AuditRow(.rotated, at: time) { $0.add("file", file.text) }
  }

  package static func lost(_ count: Int, at time: UnixTime) -> AuditRow {
    AuditRow(.lost, at: time) { $0.add("count", count) }
  }

  /// The members that every row of this process ends with, with the comma before them.
  package static func origin(_ host: HostProcess) -> [UInt8] {
    var text = AuditText()
    text.add("host") { text in
      text.add(host.process)
      if let parent = host.parent { text.add("parent") { $0.add(parent) } }
    }
    text.add("sidecar", host.sidecar)
    return [UInt8(ascii: ",")] + text.bytes
  }
}

/// Which rule said no.
package struct AuditDenial: Sendable, Equatable {
  /// The kind of the error that was answered.
  package let kind: String
  package let layer: String
  package let rule: String

  package init(kind: String, layer: String, rule: String) {
    self.kind = kind
    self.layer = layer
    self.rule = rule
  }
}

extension AuditText {
  fileprivate mutating func add(_ facts: AuditFacts) {
    add("profile", facts.profile)
    add("subject", facts.subject)
    add("grant", facts.grant?.rawValue)
    add("scope", facts.scope, limit: 1024)
    add("agent", facts.agent)
    // Whole where it may have been sent, or its end, which says what was touched, could be hidden behind padding.
    add("path", facts.path, limit: Self.isPlain(facts.path) ? RequestPath.maximumLength + 8 : 1024)
    if let status = facts.status { add("status", status) }
    add("key", facts.key)
    add("x5t#S256", facts.thumbprint)
    add("jti", facts.jti)
    add("jobId", facts.jobId)
    add("ecid", facts.ecid)
  }

  /// Nothing of it has to be escaped.
  private static func isPlain(_ text: String?) -> Bool {
    text?.utf8.allSatisfy { (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") } ?? true
  }

  fileprivate mutating func add(_ process: HostProcess.Process) {
    add("pid", process.pid)
    add("executable", process.executable, limit: 1024)
  }
}

extension UnixTime {
  /// `2026-01-31T09:30:00.123Z`.
  var rfc3339Milliseconds: String {
    let digits = String(milliseconds - seconds * 1000)
    return rfc3339.dropLast() + "." + String(repeating: "0", count: 3 - digits.utf8.count) + digits + "Z"
  }
}
