import Delegation
import Testing

@testable import CurlHTTP

/// Requests that are refused before anything is sent.
@Suite struct RequestCheckTests {
  private let client = CurlHTTPClient(.init(userAgent: "onbehalf/0.0.0"))
  /// Nobody is there; a request that is not refused fails with another error.
  private let nowhere = Origin(scheme: .https, host: "127.0.0.1", port: 1)

  private func refusal(_ request: HTTPRequest) async -> String? {
    do throws(HTTPFailure) { _ = try await client.send(request) } catch {
      if case .invalidRequest(let found) = error { return found }
    }
    return nil
  }

  @Test(arguments: ["", "x", "http://other/", "/a b", "/a\r\nX: y", "/#f", "/é", "/\u{0}", "/\u{7F}"])
  func targets(_ target: String) async {
    #expect(await refusal(get(nowhere, target))?.contains("request target") == true)
  }

  @Test(arguments: [
    ("X-A", "a\r\nX-B: b", "a control character in the header X-A"),
    ("X-A", "a\nb", "a control character in the header X-A"),
    ("X-A", "a\u{0}b", "a control character in the header X-A"),
    ("X-A", "a\tb", "a control character in the header X-A"),
    ("X A", "a", "a header name that is not a token (RFC 9110 section 5.6.2)"),
    ("", "a", "a header name that is not a token (RFC 9110 section 5.6.2)"),
    ("X:", "a", "a header name that is not a token (RFC 9110 section 5.6.2)"),
    ("Host", "other", "the header Host, which only the client itself may set"),
    ("content-length", "0", "the header content-length, which only the client itself may set"),
    ("Transfer-Encoding", "chunked", "the header Transfer-Encoding, which only the client itself may set"),
  ])
  func headers(name: String, value: String, found: String) async {
    var request = get(nowhere)
    request.headers = [(name, value)]
    #expect(await refusal(request) == found)
  }

  @Test(arguments: [
    "", "a b", "a/b", "user@other", "a:1", "a?b", "a#b", "a\\b", "a\r\nb", "%61", "127.1", "0x7f000001", "[::1]",
    "fe80::1%eth0", "A.example",
  ])
  func hosts(_ host: String) async {
    #expect(await refusal(get(Origin(scheme: .https, host: host, port: 443))) != nil)
  }

  @Test(arguments: [0, -1, 65_536]) func ports(_ port: Int) async {
    #expect(await refusal(get(Origin(scheme: .https, host: "a.example", port: port))) != nil)
  }

  @Test(arguments: [
    ("https://a.example/", Origin(scheme: .https, host: "a.example", port: 443)),
    ("https://a.example:8443/", Origin(scheme: .https, host: "a.example", port: 8443)),
    ("http://[::1]:80/", Origin(scheme: .http, host: "::1", port: 80)),
  ]) func originsBecomeURLs(text: String, origin: Origin) throws {
    let url = try RequestURL.text(of: origin)
    #expect(
      url == text || url == text.replacing(":80/", with: "/")
        || url == text.replacing(".example/", with: ".example:443/")
    )
  }

  @Test(arguments: ["example.com", "10.0.0.1", "127.0.0.1.example", "localhost.example", "128.0.0.1", "::2"])
  func plainHTTPStaysOnThisMachine(_ host: String) async {
    let found = await refusal(get(Origin(scheme: .http, host: host, port: 80)))
    #expect(found == "plain http to \(host); only loopback may go without TLS")
  }

  @Test(arguments: [RequestMethod.get, .head]) func whatOnlyReadsHasNoBody(_ method: RequestMethod) async {
    var request = get(nowhere)
    request.method = method
    request.body = []
    #expect(await refusal(request) == "a \(method.rawValue) with a body")
  }

  @Test(arguments: ["ftp://proxy:1", "http://", "http://user:secret@", "file:///secret", "http://a b"])
  func proxies(_ proxy: String) async {
    var request = get(Origin(scheme: .https, host: "a.example", port: 443))
    request.proxy = proxy
    let found = await refusal(request)
    #expect(found?.contains("proxy") == true)
    #expect(found?.contains("secret") == false)
  }
}
