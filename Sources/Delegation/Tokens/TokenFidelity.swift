/// Proof that a token is the user who was asked for (invariant 5); fails closed.
enum TokenFidelity {
  static func check(_ token: String, is subject: Subject, profile: Profile) throws(TokenFailure) {
    guard let jwt = JWT(decoding: token) else {
      if profile.opaqueTokens == .accept { return }
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
  }
}
