import JSON
import Testing

@testable import Delegation

/// What may leave the company in a bundle for support.
struct SupportReductionTests {
  static let texts: [(text: String, user: String?, reduced: String)] = [
    (
      "The store file:/home/ap.clerk/store was written, read and cleaned up.", nil,
      "The store file:[path] was written, read and cleaned up."
    ),
    ("caFile /home/x/ca.pem: No such file or directory.", nil, "caFile [path]: No such file or directory."),
    ("it cannot be used (/etc/onbehalf/policy.json).", nil, "it cannot be used ([path])."),
    ("https://idcs.example/x is reached", nil, "https://idcs.example/x is reached"),
    ("and/or // / a/b", nil, "and/or // / a/b"),
    ("Curtis.Feitty and curtis.feitty", "curtis.feitty", "[user] and [user]"),
    ("curtis.feittycurtis.feitty", "curtis.feitty", "[user][user]"),
    ("an ordinary word", "an", "an ordinary word"),
    ("", "curtis.feitty", ""),
  ]

  @Test(arguments: texts) func aSentenceIsReduced(_ row: (text: String, user: String?, reduced: String)) {
    #expect(SupportText.reduce(row.text, user: row.user) == row.reduced)
  }

  @Test func aKnownPathGoesWholeWithItsSpaces() {
    let paths = ["/home/An Officer/a ca.pem", "/home/An Officer/store", ""]
    #expect(
      SupportText.reduce("caFile /home/An Officer/a ca.pem: No such file.", user: nil, paths: paths)
        == "caFile [path]: No such file."
    )
    #expect(
      SupportText.reduce("The store file:/home/An Officer/store is read.", user: nil, paths: paths)
        == "The store file:[path] is read."
    )
  }

  /// Every field there is, each with something to find.
  private func full() throws -> Profile {
    let policy = try JSONReader.decode(
      Policy.self,
      from: [
        "subjects": ["allow": ["planted.allow", "x"], "deny": ["planted.deny"]], "scopes": ["planted.scope"],
        "agents": ["PLANTED_AGENT"], "paths": [["methods": ["GET"], "prefix": "/planted"]], "readOnly": true,
        "extraClaims": ["planted_claim"], "rawCredentials": true,
      ],
      unknownMembers: .refused
    )
    return try Samples.profile { profile in
      profile.kid = "kid-1"
      profile.apiScopes = [APIScope(pathPrefix: "/fscmRestApi", scope: "urn:api")]
      profile.audience = ["https://identity.oraclecloud.com/"]
      profile.tenantName = "idcs-1"
      profile.assertionLifetimeSeconds = 60
      profile.subjectClaim = "sub"
      profile.opaqueTokens = .refuse
      profile.unicodeSubjects = false
      profile.caFile = "/home/planted/ca.pem"
      profile.proxy = "http://planted-user:planted-password@proxy.example:3128"
      profile.rateLimit = RateLimit(perSecond: 1, perMinute: 2)
      profile.maxStaleSeconds = 3
      profile.keyIdleSeconds = 4
      profile.requireValidCertificate = true
      profile.audit = .bestEffort
      profile.disabled = false
      profile.policy = policy
    }
  }

  /// Those that are not shown as they are written.
  private static let counted: [String: JSONValue] = ["caFile": true, "proxy": true]

  @Test func everyFieldOfAProfileIsKeptOrReducedOnPurpose() throws {
    let profile = try full()
    let written = try JSONValue(parsing: JSONWriter.encode(profile))
    guard case .object(let fields) = written, case .object(let reduced) = profile.reduced else { return }
    #expect(Set(fields.map(\.name)) == Set(reduced.map(\.name)))
    #expect(Mirror(reflecting: profile).children.count == fields.count, "every field is set")
    for field in fields where field.name != "policy" {
      #expect(profile.reduced[field.name] == Self.counted[field.name] ?? field.value, "\(field.name)")
    }
    #expect(
      profile.reduced["policy"] == [
        "subjects": ["allow": 2, "deny": 1], "scopes": 1, "agents": 1, "paths": 1, "readOnly": true, "extraClaims": 1,
        "rawCredentials": true,
      ]
    )
    #expect(!String(decoding: profile.reduced.serialized(), as: UTF8.self).lowercased().contains("planted"))
  }
}
