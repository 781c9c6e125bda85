import Delegation
import JSON
import TestSupport
import Testing

struct AssertionTests {
  private let thumbprints =
    #""x5t":"AQEBAQEBAQEBAQEBAQEBAQEBAQE","x5t#S256":"AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI""#

  private func parts(_ assertion: Assertion) throws -> [String] {
    try assertion.text.split(separator: ".").map { part in
      String(decoding: try #require(Base64.decode(Array(part.utf8), as: .url)), as: UTF8.self)
    }
  }

  @Test func userAssertionByteForByte() async throws {
    let bench = try await Bench()
    let assertion = try await bench.mint.mint(
      Samples.profile(),
      subject: Subject("curtis.feitty", unicode: false),
      deadline: .now
    )
    let parts = try parts(assertion)
    #expect(parts[0] == #"{"alg":"RS256","typ":"JWT","kid":"payables",\#(thumbprints)}"#)
    #expect(
      parts[1] == #"{"iss":"client-1","sub":"curtis.feitty","aud":"https://identity.oraclecloud.com/","#
        + #""iat":1699999995,"exp":1700000295,"jti":"EBESExQVFhcYGRobHB0eHw"}"#
    )
    let signed = assertion.text.utf8.count - (assertion.text.split(separator: ".").last?.utf8.count ?? 0) - 1
    #expect(parts[2] == "signed:\(signed)")
    #expect(assertion.expiresAt == UnixTime(seconds: 1_700_000_295))
  }

  @Test func clientAssertionNamesTheClientAlone() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile {
      $0.tenantName = "idcs-1"
      $0.kid = "CoE_oAuth"
    }
    let parts = try parts(try await bench.mint.mint(profile, subject: nil, deadline: .now))
    #expect(parts[0] == #"{"alg":"RS256","typ":"JWT","kid":"CoE_oAuth",\#(thumbprints)}"#)
    #expect(parts[1].hasPrefix(#"{"iss":"client-1","sub":"client-1","aud":"#))
    #expect(!parts[1].contains("prn"))
    #expect(!parts[1].contains("tenant"))
  }

  @Test func tenantNameAddsTheClaimsOfTheOlderService() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile {
      $0.tenantName = "idcs-1"
      $0.audience = ["oauth.idm.oracle.com", "https://identity.oraclecloud.com/"]
      $0.assertionLifetimeSeconds = 60
    }
    let subject = try Subject("curtis.feitty", unicode: false)
    let assertion = try await bench.mint.mint(profile, subject: subject, lifetimeSeconds: 300, deadline: .now)
    #expect(
      try parts(assertion)[1]
        == #"{"iss":"client-1","sub":"curtis.feitty","prn":"curtis.feitty","#
        + #""aud":["oauth.idm.oracle.com","https://identity.oraclecloud.com/"],"#
        + #""iat":1699999995,"exp":1700000055,"jti":"EBESExQVFhcYGRobHB0eHw","user.tenant.name":"idcs-1"}"#
    )
  }

  /// `iat` lies back, but never so far that nothing is left of the life that was asked for.
  @Test(arguments: [1, 2, 5, 6, 10, 60, 300]) func aShortLifeIsNotOverBeforeItBegins(_ lifetime: Int) async throws {
    let bench = try await Bench()
    let minted = try await bench.mint.mint(
      try Samples.profile(),
      subject: nil,
      lifetimeSeconds: lifetime,
      deadline: .now
    )
    let (now, life) = (bench.wallClock.now().seconds, Int64(lifetime))
    let issued = minted.expiresAt.seconds - life
    #expect(minted.claims["iat"] == .number(JSONNumber(issued)))
    #expect((now - 5...now).contains(issued))
    #expect(minted.expiresAt.seconds > now && minted.expiresAt.seconds <= now + life)
  }

  @Test func everyAssertionHasAnIdentifierOfItsOwn() async throws {
    let bench = try await Bench()
    let profile = try Samples.profile()
    let one = try await bench.mint.mint(profile, subject: nil, deadline: .now)
    let other = try await bench.mint.mint(profile, subject: nil, deadline: .now)
    #expect(one.claims["jti"] != other.claims["jti"])
  }

  /// Invariant 2: without this a profile that points at somebody's own server would harvest assertions.
  @Test func aBoundKeySignsForItsDomainAndClientOnly() async throws {
    let bench = try await Bench()
    for change in [
      { (profile: inout Profile) in profile.identityDomainUrl = "https://evil.example" },
      { (profile: inout Profile) in profile.clientId = "client-2" },
    ] {
      let asked = try Samples.profile(change)
      let expected = Failure.policy(
        .keyBound(
          alias: "payables",
          to: Samples.binding,
          asked: KeyBinding(identityDomainUrl: asked.identityDomainUrl, clientId: asked.clientId)
        )
      )
      await #expect(throws: expected) { try await bench.mint.mint(asked, subject: nil, deadline: .now) }
    }
  }

  @Test func aKeyThatIsNotBoundSignsForNobody() async throws {
    let bench = try await Bench(binding: nil)
    let expected = Failure.policy(.keyBound(alias: "payables", to: nil, asked: Samples.binding))
    await #expect(throws: expected) { try await bench.mint.mint(Samples.profile(), subject: nil, deadline: .now) }
  }

  @Test func anExpiredCertificateIsRefusedWhereTheProfileSaysSo() async throws {
    let bench = try await Bench()
    bench.wallClock.advance(bySeconds: 200_000_000)
    _ = try await bench.mint.mint(Samples.profile(), subject: nil, deadline: .now)
    let strict = try Samples.profile { $0.requireValidCertificate = true }
    let expected = Failure.key(.certificateExpired(alias: "payables", notAfter: UnixTime(seconds: 1_800_000_000)))
    await #expect(throws: expected) { try await bench.mint.mint(strict, subject: nil, deadline: .now) }
  }
}
