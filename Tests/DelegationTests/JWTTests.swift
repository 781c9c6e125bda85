import TestSupport
import Testing

@testable import Delegation

struct JWTTests {
  @Test(
    arguments: [#"{"sub":"a","sub":"b"}"#, #"{"sub":"a","s\u0075b":"a"}"#]
  )
  func aTokenThatNamesAClaimTwiceIsNone(claims: String) {
    let (header, claims) = (Base64.encode(#"{"alg":"RS256"}"#.utf8, as: .url), Base64.encode(claims.utf8, as: .url))
    #expect(JWT(decoding: "\(header).\(claims).c2ln") == nil)
    #expect(JWT(decoding: "\(claims).\(header).c2ln") == nil)
    #expect(JWT(decoding: "\(header).\(header).c2ln") != nil)
  }
}
