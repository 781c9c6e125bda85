import Delegation
import Testing

struct OriginParsingTests {
  @Test(arguments: [
    ("https://idcs-1.identity.oraclecloud.com", "https://idcs-1.identity.oraclecloud.com"),
    ("https://idcs-1.identity.oraclecloud.com/", "https://idcs-1.identity.oraclecloud.com"),
    ("https://idcs-1.identity.oraclecloud.com:443/", "https://idcs-1.identity.oraclecloud.com"),
    ("HTTPS://IDCS-1.Identity.OracleCloud.com", "https://idcs-1.identity.oraclecloud.com"),
    ("https://pod.example:8443", "https://pod.example:8443"),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("http://localhost:80", "http://localhost"),
    ("http://[::1]:9000/", "http://[::1]:9000"),
  ])
  func takesWhatPeoplePaste(_ text: String, _ canonical: String) throws {
    #expect(try Origin(parsing: text).text == canonical)
  }

  @Test(arguments: [
    ("https://pod.example/fscmRestApi", "paste https://pod.example"),
    ("https://pod.example?x=1", "paste https://pod.example"),
    ("https://pod.example#x", "paste https://pod.example"),
    ("https://pod.example\\@evil.example", "paste https://pod.example"),
    ("https://user@pod.example", "user name"),
    ("https://127.0.0.1@pod.example", "user name"),
    ("http://pod.example", "https"),
    ("http://127.0.0.1.example.com", "https"),
    ("http://127.evil", "https"),
    ("ftp://pod.example", "https://"),
    ("pod.example", "https://"),
    ("https://", "host name"),
    ("https://pod..example", "host name"),
    ("https://-pod.example", "host name"),
    ("https://pod_example", "host name"),
    ("https://pod.example:0", "port"),
    ("https://pod.example:65536", "port"),
    ("https://pod.example:+443", "port"),
    ("https://pod.example:", "port"),
    ("https://[::1", "IPv6"),
    ("https://[example]", "IPv6"),
    ("https://pod example", "printable"),
    ("https://p\u{f6}d.example", "printable"),
    ("https://pod.example\r\nHost: x", "printable"),
    ("", "https://"),
  ])
  func refusesTheRestAndSaysWhy(_ text: String, _ reason: String) {
    do {
      let origin = try Origin(parsing: text)
      Issue.record("taken as \(origin.text)")
    } catch {
      #expect(error.text.contains(reason), "\(error.text)")
    }
  }
}
