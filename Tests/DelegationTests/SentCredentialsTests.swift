import JSON
import TestSupport
import Testing

@testable import Delegation

struct SentCredentialsTests {
  private static let signature = "c2lnbmF0dXJlLW9mLW5vYm9keS1pbi1wYXJ0aWN1bGFy"
  private static let jwt = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJjdXJ0aXMuZmVpdHR5In0.\(signature)"
  /// `client:a secret "with" everything\in it`
  private static let basic = "Basic Y2xpZW50OmEgc2VjcmV0ICJ3aXRoIiBldmVyeXRoaW5nXGluIGl0"

  private var sent: SentCredentials {
    var sent = SentCredentials(jwts: [Self.jwt])
    sent.add(basic: Self.basic)
    return sent
  }

  @Test(arguments: [
    (signature, "[masked]"),
    ("<\(signature)>", "<[masked]>"),
    ("before \(signature.prefix(16)) after", "before [masked] after"),
    (String(signature.suffix(20)), "[masked]"),
    ("\(signature)-\(signature)", "[masked]-[masked]"),
    (jwt, "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJjdXJ0aXMuZmVpdHR5In0.[masked]"),
    (basic, "[masked]"),
    (#"a secret "with" everything\in it"#, "[masked]"),
    (#"{"e":"a secret \"with\" everything\\in it"}"#, #"{"e":"[masked]"}"#),
  ])
  func masksEveryPiece(answer: String, masked: String) {
    #expect(text(of: answer) == masked)
  }

  @Test(arguments: ["", "client", String(signature.prefix(15)), "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIi.other"])
  func leavesTheRest(answer: String) {
    #expect(text(of: answer) == answer)
  }

  @Test func looksIntoHeaders() {
    let headers = [(name: "location", value: "/?\(Self.signature)"), (name: "retry-after", value: "7")]
    let answer = sent.masked(HTTPResponse(status: 302, headers: headers, body: [], date: nil))
    #expect(answer.header("location") == "/?[masked]")
    #expect(answer.header("retry-after") == "7")
    #expect(answer.status == 302)
  }

  @Test(arguments: [signature, #"a secret "with" everything\in it"#])
  func looksIntoWhatIsQuotedOfAToken(credential: String) {
    let found = "a token whose sub is \(credential), who was not asked for"
    #expect(
      sent.masked(.wrongUser(found: found)) == .wrongUser(found: "a token whose sub is [masked], who was not asked for")
    )
    #expect(sent.masked(.wrongScope(found: credential)) == .wrongScope(found: "[masked]"))
  }

  @Test(
    arguments: [
      (["sub": "curtis.feitty"], false), (["note": .string(signature)], true), (["a": ["b": .string(signature)]], true),
      (["note": #"a secret "with" everything\in it"#], true), (["note": .string(basic)], true),
      (.object([.init("x\(signature)", 1)]), true), (["note": .string(String(signature.prefix(15)))], false),
    ] as [(JSONValue, Bool)]
  )
  func looksIntoAToken(claims: JSONValue, areRepeated: Bool) {
    #expect(sent.areRepeated(in: Samples.token(claims)) == areRepeated)
    #expect(sent.areRepeated(in: "opaque") == false)
  }

  private func text(of body: String) -> String {
    let answer = sent.masked(HTTPResponse(status: 200, headers: [], body: Array(body.utf8), date: nil))
    return String(decoding: answer.body, as: UTF8.self)
  }
}
