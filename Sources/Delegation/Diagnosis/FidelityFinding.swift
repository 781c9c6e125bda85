/// What stands in a token that was accepted.
enum FidelityFinding {
  static func of(_ token: AccessToken, profile: Profile) -> Finding {
    guard let jwt = JWT(decoding: token.text) else {
      return Finding(
        .warn,
        "The token cannot be read, so whose it is, its scope and its end rest on the identity domain's word.",
        hint: "The profile takes such tokens: opaqueTokens is accept. Remove that if the domain can give JWTs."
      )
    }
    let claim = profile.subjectClaim ?? "sub"
    let end = jwt.integer("exp").map { UnixTime(seconds: $0).rfc3339 } ?? ""
    return Finding(
      .pass,
      "The token is the user's: tok_type AT, sub_type user, \(claim) \(token.subject), scope \(token.scope), exp \(end)."
    ).personal
  }
}
