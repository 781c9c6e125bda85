import JSON

/// Proof that a token is what was asked for: the user (invariant 5), the scope, and alive. Fails closed.
enum TokenFidelity {
  /// When the token ends, by its `exp`; nil for one that cannot be read and that the profile takes all the same.
  static func check(
    _ token: String,
    is subject: Subject,
    scope: String,
    profile: Profile
  ) throws(TokenFailure) -> UnixTime? {
    guard let jwt = JWT(decoding: token) else {
      if profile.opaqueTokens == .accept { return nil }
      throw .wrongUser(found: "an opaque token, which cannot be shown to be anybody")
    }
    guard jwt.text("tok_type") == "AT" else {
      throw .wrongUser(found: "a token whose tok_type is not AT")
    }
    guard jwt.text("sub_type") == "user" else {
      throw .wrongUser(found: "a token whose sub_type is not user, but perhaps the client")
    }
    let claim = profile.subjectClaim ?? "sub"
    guard let found = jwt.text(claim) else { throw .wrongUser(found: "a token without the claim \(claim)") }
    guard subject.matchesIgnoringASCIICase(found.utf8) else {
      throw .wrongUser(found: "a token whose \(claim) is \(Masking.mask(found)), who was not asked for")
    }
    guard let granted = jwt.text("scope") else { throw .wrongScope(found: "a token without scope") }
    guard GrantedScope(granted, audience: jwt.texts("aud")).covers(scope) else {
      throw .wrongScope(found: "a token whose scope is \(Masking.mask(granted)), which was not asked for")
    }
    guard let end = jwt.time("exp") else { throw .withoutLife(found: "a token without a usable exp") }
    return end
  }

  /// The seconds a token has left: the shorter of what the answer and the token say.
  ///
  /// - Parameters:
  ///   - end: its `exp`; nil when it cannot be read.
  ///   - clocks: that of the domain by all that is known, the best first. Any of them may be wrong, so what counts is
  ///     the first by which the token lives at all.
  /// - Throws: `.withoutLife` for one that has ended by all clocks.
  static func life(
    of grant: TokenResponse.Grant,
    until end: UnixTime?,
    by clocks: [UnixTime]
  ) throws(TokenFailure) -> Int64 {
    guard let end else { return grant.expiresInSeconds }
    guard let life = clocks.lazy.map({ end.seconds - $0.seconds }).first(where: { $0 > 0 }) else {
      throw .withoutLife(found: "a token that ended at \(end.rfc3339), before it came")
    }
    return min(grant.expiresInSeconds, life)
  }
}

/// The scope in a token, which need not be spelled as it was asked for.
struct GrantedScope {
  /// They ask for how the token is given, and are no part of what it opens: a life, a refresh token, several tokens at
  /// once (OCI IAM, Scopes). Whether a token repeats them is not documented.
  private static let manners = ["offline_access", "urn:opc:resource:multiresourcescope"]
  private static let expiry = "urn:opc:resource:expiry="

  private let spellings: Set<[UInt8]>

  /// - Parameter audience: `aud`. A scope may be asked for with the audience of its resource before it, "concatenated
  ///   with no separator" (OCI IAM, Scopes). That a token then has the two apart, as audience and scope, is assumed from
  ///   real tokens of other resources; of one for Fusion no copy is public.
  init(_ scope: String, audience: [String]) {
    let scopes = Self.parts(scope)
    spellings = Set(scopes + audience.flatMap { audience in scopes.map { Array(audience.utf8) + $0 } })
  }

  /// Whether it opens all that was asked for. It may open more: that is between the domain and the application.
  func covers(_ asked: String) -> Bool {
    let resources = Self.parts(asked).filter { part in
      !Self.manners.contains { part.elementsEqual($0.utf8) } && !part.starts(with: Self.expiry.utf8)
    }
    return !resources.isEmpty && spellings.isSuperset(of: resources)
  }

  /// RFC 6749 section 3.3. Bytes, so that no two spellings are one.
  private static func parts(_ scope: String) -> [[UInt8]] {
    Array(scope.utf8).split(separator: UInt8(ascii: " ")).map(Array.init)
  }
}
