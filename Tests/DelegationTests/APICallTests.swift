import JSON
import Testing

@testable import Delegation

/// What becomes of the params of a call, before policy is asked.
struct APICallTests {
  private func raw(_ text: String) throws -> RawJSON { try RawJSON(parsing: Array(text.utf8)) }

  @Test(arguments: [
    (#"{}"#, ""),
    (#"{"limit":5,"onlyData":true,"q":"a"}"#, "limit=5&onlyData=true&q=a"),
    (#"{"z":1,"a":2}"#, "z=1&a=2"),
    (#"{"id":[300000001234567890123,"b",false,[]]}"#, nil),
    (#"{"id":[300000001234567890123,"b",false],"none":[]}"#, "id=300000001234567890123&id=b&id=false"),
    (#"{"n":12345678901234567.890,"e":1E+5}"#, "n=12345678901234567.890&e=1E%2B5"),
    (#"{"q":"Name='O''Neil & Co';Amount>5"}"#, "q=Name%3D%27O%27%27Neil%20%26%20Co%27%3BAmount%3E5"),
    (#"{"a b&c=d":"/?#%+é\n"}"#, "a%20b%26c%3Dd=%2F%3F%23%25%2B%C3%A9%0A"),
    (#"{"a":null}"#, nil), (#"{"a":{}}"#, nil), (#"{"a":[null]}"#, nil), (#"{"":"x"}"#, nil),
    (#"{"a":1,"a":2}"#, nil), (#"[]"#, nil), (#""a=b""#, nil),
  ])
  func theQueryIsEscaped(_ query: String, _ expected: String?) throws {
    let call = try? APICall(method: .get, path: "/a", query: raw(query))
    #expect(call?.target == expected.map { $0.isEmpty ? "/a" : "/a?\($0)" })
    // What is escaped here is what policy takes.
    if let call { _ = try RequestPath(call.target) }
  }

  @Test func aPathWithAQueryTakesNoOther() throws {
    #expect(throws: ParamsFailure.self) { try APICall(method: .get, path: "/a?b", query: raw("{}")) }
    #expect(try APICall(method: .get, path: "/a?b").target == "/a?b")
  }

  @Test func theQueryIsBounded() throws {
    let room = RequestPath.maximumLength - "/a?q=".utf8.count
    let fits = try raw(#"{"q":"\#(String(repeating: "x", count: room))"}"#)
    #expect(try APICall(method: .get, path: "/a", query: fits).target.utf8.count == RequestPath.maximumLength)
    for text in [
      #"{"q":"\#(String(repeating: "x", count: room + 1))"}"#, #"{"q":"\#(String(repeating: "é", count: 9000))"}"#,
    ] {
      #expect(throws: APIQuery.tooLong) { try APICall(method: .get, path: "/a", query: raw(text)) }
    }
  }

  @Test(arguments: [
    "Accept", "accept-language", "If-Match", "If-None-Match", "If-Modified-Since", "Range", "Prefer", "Effective-Of",
    "REST-Framework-Version", "Metadata-Context", "Upsert-Mode", "X-ORACLE-DMS-ECID", "!#$%&'*+-.^_`|~09azAZ",
  ])
  func headersPass(_ name: String) throws {
    let call = try APICall(method: .get, path: "/a", headers: raw(#"{"\#(name)":["\"1\"","b"]}"#))
    #expect(call.headers.filter { $0.name == name }.map(\.value) == [#""1""#, "b"])
  }

  @Test(arguments: [
    "Connection", "KEEP-ALIVE", "Proxy-Authorization", "Proxy-Connection", "proxy-anything", "TE", "Trailer",
    "Transfer-Encoding", "Transfer_Encoding", "Upgrade", "HTTP2-Settings", "Host", "Content-Length", "Content_Length",
    "Expect", "Max-Forwards", "Authorization", "authorization", "Cookie", "Cookie2", "X-HTTP-Method-Override",
    "X_HTTP_Method_Override", "X-Http-Method", "X-Method-Override", "Forwarded", "Via", "X-Forwarded-For",
    "X-Forwarded-Host", "X_Forwarded_Prefix", "X-Original-URL", "X-Rewrite-URL", "X-Real-IP", "X-Host",
    "True-Client-IP", "Remote-User", "Remote_User", "X-Remote-User", "WL-Proxy-Client-IP", "WL-Proxy-Client-Cert",
    "X-WebLogic-Request-ClusterInfo", "OAM_REMOTE_USER", "OSSO-User-Dn", "iv-user", "SSL-Client-Cert", "",
    "Proxy", "X-Forwarded", "Client-Cert", "Client-Cert-Chain", "Client_Cert", "X-Client-Cert", "Content_Type",
    "A B", "A:", "A\\r\\nB", "Ä", "(A)",
  ])
  func headersAreRefused(_ name: String) throws {
    #expect(throws: ParamsFailure.self) {
      try APICall(method: .post, path: "/a", headers: raw(#"{"\#(name)":"x"}"#))
    }
  }

  @Test(arguments: [
    #"{"A":"a\r\nB: b"}"#, #"{"A":"a\u0000"}"#, #"{"A":"a\tb"}"#, #"{"A":"\u007f"}"#, #"{"A":"é"}"#, #"{"A":1}"#,
    #"{"A":null}"#, #"{"A":[["a"]]}"#, #"{"A":["a",1]}"#, #"[]"#, #"{"Content-Type":["a","b"]}"#,
    #"{"Content-Type":"a","content-type":"b"}"#,
  ])
  func headerValuesAreRefused(_ headers: String) throws {
    #expect(throws: ParamsFailure.self) { try APICall(method: .post, path: "/a", headers: raw(headers)) }
  }

  @Test func headersAreBounded() throws {
    let line = #""\#(String(repeating: "x", count: 1000))""#
    let many = try raw(#"{"A":[\#(Array(repeating: #""x""#, count: 101).joined(separator: ","))]}"#)
    let long = try raw(#"{"A":[\#(Array(repeating: line, count: 33).joined(separator: ","))]}"#)
    for headers in [many, long] {
      #expect(throws: ParamsFailure.self) { try APICall(method: .get, path: "/a", headers: headers) }
    }
    let fits = try raw(#"{"A":[\#(Array(repeating: line, count: 32).joined(separator: ","))]}"#)
    #expect(try APICall(method: .get, path: "/a", headers: fits).headers.count == 33)
  }

  @Test func aBodyHasItsTypeUnlessTheCallerNamesAnother() throws {
    let json = try raw(#"{"Amount": 12345678901234567.890}"#)
    let cases: [(APICall.Content, String, String)] = [
      (.json(json), "application/json", #"{"Amount": 12345678901234567.890}"#),
      (.text("é"), "text/plain; charset=utf-8", "é"),
      (.bytes(Array("raw".utf8)), "application/octet-stream", "raw"),
    ]
    for (content, type, bytes) in cases {
      let call = try APICall(method: .patch, path: "/a", content: content)
      #expect(
        call.headers.map { "\($0.name): \($0.value)" } == [
          "Accept: application/json, */*;q=0.8", "Content-Type: \(type)",
        ]
      )
      #expect(call.body == Array(bytes.utf8))
      let named = try APICall(
        method: .put,
        path: "/a",
        headers: raw(#"{"content-type":"text/csv","ACCEPT":"x/y"}"#),
        content: content
      )
      #expect(named.headers.map { "\($0.name): \($0.value)" } == ["content-type: text/csv", "ACCEPT: x/y"])
    }
    let bare = try APICall(method: .post, path: "/a")
    #expect(bare.body == nil)
    #expect(bare.headers.map(\.name) == ["Accept"])
  }

  @Test(arguments: [RequestMethod.get, .head]) func whatOnlyReadsHasNoBody(_ method: RequestMethod) throws {
    let contents: [(APICall.Content, String)] = [
      (.json(try raw("{}")), "body"), (.text(""), "bodyText"), (.bytes([]), "bodyBase64"),
    ]
    for (content, field) in contents {
      do {
        _ = try APICall(method: method, path: "/a", content: content)
        Issue.record("\(method) took a body")
      } catch {
        #expect(error.field == field)
      }
    }
  }
}
