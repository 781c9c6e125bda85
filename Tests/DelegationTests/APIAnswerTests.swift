import JSON
import Testing

@testable import Delegation

/// What of an answer the caller gets, and in which of the three forms.
struct APIAnswerTests {
  private func encoded(_ type: String?, _ body: [UInt8], _ headers: [(name: String, value: String)] = []) throws
    -> String
  {
    let lines = headers + (type.map { [(name: "content-type", value: $0)] } ?? [])
    let answer = APIAnswer(HTTPResponse(status: 200, headers: lines, body: body, date: nil))
    return String(decoding: try JSONWriter.encode(answer), as: UTF8.self)
  }

  private func expectBody(_ type: String?, _ body: [UInt8], _ expected: String) throws {
    let text = try encoded(type, body)
    let headers = type.map { #"{"content-type":["\#($0)"]}"# } ?? "{}"
    #expect(text == #"{"status":200,"headers":\#(headers)\#(expected)}"#)
  }

  @Test(arguments: [
    ("application/json", #"{"a":1}"#, #","body":{"a":1}"#),
    (
      "application/json", " { \"a\" : [ 12345678901234567.890 ,\r\n\t1E+5 , -0 ] } \n",
      #","body":{"a":[12345678901234567.890,1E+5,-0]}"#
    ),
    ("Application/JSON; charset=UTF-8", #""a \" b \\""#, #","body":"a \" b \\""#),
    ("application/vnd.oracle.adf.resourceitem+json", "null", #","body":null"#),
    ("application/problem+json;charset=utf-8", #"{"a b":" c "}"#, #","body":{"a b":" c "}"#),
    ("application/json", #"{"a":1"#, #","bodyText":"{\"a\":1""#),
    ("application/json", "1 2", #","bodyText":"1 2""#),
    ("application/json", "", ""),
    ("text/plain", "", ""),
    ("text/plain", "a\nb", #","bodyText":"a\nb""#),
    ("text/html; charset=utf-8", "<p>é", #","bodyText":"<p>é""#),
    ("text/csv;charset=\"us-ascii\"", "a,b", #","bodyText":"a,b""#),
    ("application/xml", "<a/>", #","bodyText":"<a/>""#),
    ("application/soap+xml", "<a/>", #","bodyText":"<a/>""#),
    ("text/plain; charset=iso-8859-1", "abc", #","bodyBase64":"YWJj""#),
    ("application/pdf", "abc", #","bodyBase64":"YWJj""#),
    ("", "abc", #","bodyBase64":"YWJj""#),
    ("application/jsonx", "{}", #","bodyBase64":"e30=""#),
  ])
  func theBodyComesInItsForm(_ type: String, _ body: String, _ expected: String) throws {
    try expectBody(type.replacing("\"", with: ""), Array(body.utf8), expected)
  }

  /// Escaped it would be 18 MiB: the answer to a request that was carried out would be lost to `message_too_large`.
  @Test func textThatWouldNotFitIntoAMessageIsBytes() {
    let body = [UInt8](repeating: 1, count: 3 << 20)
    let answer = APIAnswer(HTTPResponse(status: 200, headers: [("content-type", "text/plain")], body: body, date: nil))
    #expect(answer.bodyText == nil)
    #expect(answer.bodyBase64?.utf8.count == 4 << 20)
  }

  @Test func whatIsNoUTF8IsBytes() throws {
    try expectBody("text/plain", [0xff, 0x00], #","bodyBase64":"/wA=""#)
    try expectBody("application/json", [0x22, 0xff, 0x22], #","bodyBase64":"Iv8i""#)
    try expectBody(nil, Array("abc".utf8), #","bodyBase64":"YWJj""#)
  }

  /// Deeper than a message may be, once it stands inside of one.
  @Test func jsonIsBoundedInDepth() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(try encoded("application/json", nested(120)).contains(#""body":[["#))
    #expect(try encoded("application/json", nested(121)).contains(#""bodyText":"[["#))
  }

  @Test func headersAreThoseOfTheResource() throws {
    let text = try encoded(
      nil,
      [],
      [
        ("etag", #""1""#), ("set-cookie", "JSESSIONID=1"), ("link", "<a>"), ("set-cookie2", "x"),
        ("connection", "close"),
        ("transfer-encoding", "chunked"), ("link", "<b>"), ("keep-alive", "timeout=5"), ("x-oracle-dms-ecid", "e"),
      ]
    )
    #expect(text == #"{"status":200,"headers":{"etag":["\"1\""],"link":["<a>","<b>"],"x-oracle-dms-ecid":["e"]}}"#)
  }
}
