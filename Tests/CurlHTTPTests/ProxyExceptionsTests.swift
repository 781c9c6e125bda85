import Testing

@testable import CurlHTTP

/// The rules of libcurl's own reading of `no_proxy`.
struct ProxyExceptionsTests {
  static let table: [(list: String, host: String, isException: Bool)] = [
    ("", "pod.example", false),
    ("*", "pod.example", true), ("*", "::1", true), ("*,x", "pod.example", false), ("*.example", "pod.example", false),
    ("pod.example", "pod.example", true), ("POD.Example", "pod.example", true), ("pod.example.", "pod.example", true),
    ("pod.example", "pod.example.", true), (".example", "pod.example", true), ("example", "pod.example", true),
    ("example", "example", true), (".example", "example", true), ("ample", "pod.example", false),
    ("od.example", "pod.example", false), ("pod.example.org", "pod.example", false),
    ("a, b,pod.example", "pod.example", true), ("a b\tpod.example", "pod.example", true),
    (",, ,", "pod.example", false),
    (".", "pod.example", false), ("..", "pod.example", false),
    ("192.0.2.7", "192.0.2.7", true), ("192.0.2.70", "192.0.2.7", false), ("192.0.2.0/24", "192.0.2.7", true),
    ("192.0.3.0/24", "192.0.2.7", false), ("192.0.2.4/30", "192.0.2.7", true), ("192.0.2.0/30", "192.0.2.7", false),
    ("192.0.2.0/33", "192.0.2.7", false), ("192.0.2.0/x", "192.0.2.7", false), ("0.2.7", "192.0.2.7", false),
    ("2001:db8::7", "2001:db8::7", true), ("2001:DB8:0::7", "2001:db8::7", true),
    ("[2001:db8::7]", "2001:db8::7", true),
    ("2001:db8::/32", "2001:db8::7", true), ("2001:db9::/32", "2001:db8::7", false),
    ("192.0.2.7", "2001:db8::7", false),
  ]

  @Test(arguments: table) func isReadAsByLibcurl(_ row: (list: String, host: String, isException: Bool)) {
    #expect(ProxyExceptions(row.list).contain(row.host) == row.isException)
  }
}
